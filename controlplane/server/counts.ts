import type { TypeUrl } from "../xds/type-url.ts";

/** What went over the streams of all nodes since the server began, of one type. */
export interface TypeCounts {
  readonly responses: number;
  /** Of the responses, without what gRPC and TLS put around them. */
  readonly bytes: number;
  readonly acks: number;
  /** Responses that a client refused; which resource was at fault may take several. */
  readonly nacks: number;
}

/** Why a stream was not taken, or ended by the server, in gRPC's words; `unauthenticated` is a connection that did not come about. */
export type Refusal = "invalid_argument" | "permission_denied" | "resource_exhausted" | "unauthenticated";

/** How the server does. All figures are kept anyway, so that they cost nobody anything who does not ask. */
export interface XdsCounts {
  readonly types: ReadonlyMap<TypeUrl, TypeCounts>;
  /** Snapshots that were begun to be served: of several that come at once for a node, the latest. */
  readonly pushes: number;
  readonly refusals: ReadonlyMap<Refusal, number>;
  /** Those that have a snapshot or a client, and those of them that have a stream. */
  readonly nodes: number;
  readonly nodesConnected: number;
  readonly streams: number;
  /** Streams on which load is reported, and the reports with some that came on them. */
  readonly loadStreams: number;
  readonly loadReports: number;
  /** Streams on which access logs come, and messages of these that were let go of unread. */
  readonly logStreams: number;
  readonly logsUnread: number;
  /** Streams that wait to be let in. */
  readonly waiting: number;
  /** Resources of which the version that is wanted is held back, since a client refused it. */
  readonly quarantined: ReadonlyMap<TypeUrl, number>;
}

/** Figures of which `XdsCounts` are made. */
export interface Tally {
  readonly types: Map<TypeUrl, { -readonly [Key in keyof TypeCounts]: number }>;
  readonly refusals: Map<Refusal, number>;
  pushes: number;
  loadReports: number;
  logsUnread: number;
}

export function createTally(): Tally {
  return { types: new Map(), refusals: new Map(), pushes: 0, loadReports: 0, logsUnread: 0 };
}

/** The figures of a type, to be added to. */
export function ofType(tally: Tally, type: TypeUrl): { -readonly [Key in keyof TypeCounts]: number } {
  const known = tally.types.get(type);
  if (known !== undefined) return known;
  const counts = { responses: 0, bytes: 0, acks: 0, nacks: 0 };
  tally.types.set(type, counts);
  return counts;
}
