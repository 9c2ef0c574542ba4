import type { Bytes } from "./bytes.ts";

/** Name in lower case, and value. */
export type Header = readonly [name: string, value: Bytes];

/** What one proxy sees of a request: everything that its policies may ask about. */
export interface Exchange {
  readonly direction: "inbound" | "outbound";
  /** Null where the proxy cannot tell, as for a request from outside. */
  readonly caller: string | null;
  readonly callee: string;
  readonly headers: readonly Header[];
  /** Absent: the request has none. */
  readonly body?: Bytes;
  /** Claims of a token that Envoy has verified. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Nanoseconds since 1970. */
  readonly now: bigint;
  /** Which of the proxy's workers has it. */
  readonly worker: number;
}

/** What the service answers. */
export interface Response {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body?: Bytes;
}

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "critical";

/** What the policies made of a request, or of a response. */
export interface Outcome {
  readonly headers: readonly Header[];
  /** An answer instead of the service's. */
  readonly reply?: { readonly status: number; readonly body: Bytes };
  readonly logs: readonly { readonly level: Level; readonly message: Bytes }[];
  readonly tags: ReadonlyMap<string, Bytes>;
  /** What was added to counters. */
  readonly counts: ReadonlyMap<string, bigint>;
  /** Values for histograms, in order. */
  readonly records: readonly (readonly [name: string, value: bigint])[];
}

/** What becomes of a connection that is not let through. */
export const closed: NonNullable<Outcome["reply"]> = { status: 0, body: "" };

/** What outlives a request: the states of policies, by a key of each. */
export type Memory = Map<string, StateValue>;

export type StateValue =
  | { readonly kind: "counter"; readonly count: bigint }
  | { readonly kind: "timer"; readonly since: bigint }
  | { readonly kind: "bucket"; readonly tokens: number; readonly at: bigint }
  | { readonly kind: "limit"; readonly running: bigint };
