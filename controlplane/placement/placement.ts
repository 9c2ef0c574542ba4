import type { Side } from "../language/policy.ts";

/** The proxy that enforces: the caller's or the callee's. */
export type PlacedSide = Exclude<Side, "either">;

/** A least cost: what the best that was found costs, and what nothing costs less than. They are equal where it is proved. */
export interface LeastCost {
  readonly cost: number;
  readonly bound: number;
}

/** Which services get a proxy and which proxy enforces which policy on which calls (design §6). */
export interface Placement {
  /** `optimal` is proved: cost equals bound. `feasible` has a gap. */
  readonly status: "optimal" | "feasible";
  readonly cost: number;
  readonly bound: number;
  /** By service name. */
  readonly proxies: readonly PlacedProxy[];
  /** Policies that are enforced nowhere, since they match no call that could be. */
  readonly unmatched: readonly string[];
}

export interface PlacedProxy {
  readonly service: string;
  readonly dataplane: string;
  readonly stamps: boolean;
  /** In the order of enforcement: priority, higher first, then name. */
  readonly policies: readonly PlacedPolicy[];
}

export interface PlacedPolicy {
  readonly policy: string;
  readonly side: PlacedSide;
  /** The side the author wrote: which section of the policy this is. */
  readonly section: Side;
  readonly calls: readonly PlacedCall[];
}

/** Caller, null for requests from outside; callee; and, at ingress, the versions of the callee that it is for when it is not for all. */
export type PlacedCall = readonly [from: string | null, to: string, versions?: readonly string[]];
