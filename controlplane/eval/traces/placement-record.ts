import * as z from "zod/mini";

/** The policies that an application is placed with. */
export const setNames = ["p1", "p1p2", "mixed"] as const;
export type SetName = (typeof setNames)[number];

/** A line of `placements.jsonl`: one application with one set of policies. */
export interface PlacementRecord {
  readonly kind: "placement";
  /** Of one that was made up the name says how: `application-N-S` is `wire mesh generate --family application --seed S`. */
  readonly application: string;
  readonly source: "generated" | "traces";
  /** Of the run, from which all follows that was drawn. */
  readonly seed: number;
  readonly services: number;
  /** Of all its services. */
  readonly replicas: number;
  /** Pairs of a caller and a callee; none from outside. */
  readonly calls: number;
  /** Requests from outside that were observed; null where nobody made any. */
  readonly requests: number | null;
  /** How many services have as many replicas as were drawn, since the traces do not say. */
  readonly drawnReplicas: number;
  readonly set: SetName;
  readonly policies: number;
  /** `optimal` is proved; `feasible` is the best that was found in time; `none`: there is no placement, or none was found in time. */
  readonly status: "optimal" | "feasible" | "none";
  /** Wall clock from checked policies to the placement, in milliseconds. */
  readonly ms: number;
  /** Services with a proxy; null, as are the next three, where there is no placement. */
  readonly proxies: number | null;
  /** Those of them whose proxy only passes connections on. */
  readonly tcpProxies: number | null;
  /** Services without a proxy. */
  readonly servicesWithout: number | null;
  /** The replicas of these. */
  readonly replicasWithout: number | null;
  /** Services that call nobody, which a proxy on each caller leaves without. */
  readonly leaves: number;
  readonly leafReplicas: number;
  /** Of Wire, by Git, with `-dirty` where it was changed since; null outside a clone. */
  readonly commit: string | null;
  /** The version of Node. */
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
}

const count = z.int().check(z.nonnegative());

/** What a line of `placements.jsonl` has to be. */
export const placementRecord: z.ZodMiniType<PlacementRecord> = z.object({
  kind: z.literal("placement"),
  application: z.string(),
  source: z.enum(["generated", "traces"]),
  seed: count,
  services: count,
  replicas: count,
  calls: count,
  requests: z.nullable(count),
  drawnReplicas: count,
  set: z.enum(setNames),
  policies: count,
  status: z.enum(["optimal", "feasible", "none"]),
  ms: z.number().check(z.nonnegative()),
  proxies: z.nullable(count),
  tcpProxies: z.nullable(count),
  servicesWithout: z.nullable(count),
  replicasWithout: z.nullable(count),
  leaves: count,
  leafReplicas: count,
  commit: z.nullable(z.string()),
  node: z.string(),
  cpu: z.string(),
  cores: count,
});
