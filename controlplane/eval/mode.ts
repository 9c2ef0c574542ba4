/**
 * How a mesh stands before its services. `none`: no proxies, and no policies. `sidecars`: one before every service and store, which is Istio's injection.
 * `selective`: one before each caller that a policy is about, and before what a heading says. `node`: one for all, through which every HTTP call passes,
 * which is Cilium's way. `wire`: what `wire serve` places and ships.
 */
export type Mode = (typeof modes)[number];

export const modes = ["none", "sidecars", "selective", "node", "wire"] as const;

/** Where a mode has the policies enforced that we compare with. */
export type Baseline = Exclude<Mode, "none" | "wire">;

/** `p1`: headers and versions by context. `p1p2`: also who may open a connection to which store. */
export type Scenario = (typeof scenarios)[number];

export const scenarios = ["p1", "p1p2"] as const;
