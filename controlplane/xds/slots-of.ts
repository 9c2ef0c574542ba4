import type { Chain, Slot } from "../codegen/module.ts";

/** What a service's proxy runs in one direction, in order, but for connections to stores; all that any version has, or what this one has. */
export function slotsOf<S extends Slot>(
  chains: readonly (Omit<Chain, "slots"> & { readonly slots: readonly S[] })[],
  service: string,
  direction: Chain["direction"],
  version?: string,
): readonly S[] {
  return chains
    .filter(
      (chain) => chain.service === service && chain.direction === direction && chain.callee === undefined,
    )
    .filter((chain) => version === undefined || (chain.version ?? version) === version)
    .flatMap((chain) => chain.slots);
}
