import type { Peer } from "./transport.ts";

/** What stands for the node in a pattern. */
export const nodeMark = "{node}";

/**
 * For `XdsServerOptions.refuses`: a node is the one that its certificate names, and no other. The pattern is the SPIFFE id of a node with
 * `{node}` in the place of its name, as `spiffe://mesh/ns/shop/sa/{node}`. A certificate with several ids names nobody.
 */
export function boundToSpiffeId(pattern: string): (peer: Peer, node: string) => string | undefined {
  return ({ identities }, node) => {
    const wanted = pattern.replaceAll(nodeMark, () => node);
    const [identity = "nobody", ...more] = identities;
    if (identity === wanted && more.length === 0) return undefined;
    return `${[identity, ...more].join(" and ")} may not be ${node}: that is ${wanted}`;
  };
}
