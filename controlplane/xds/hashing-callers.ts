import type { Chain } from "../codegen/module.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { machineryOf } from "./machinery.ts";
import { slotsOf } from "./slots-of.ts";

/** The callers of a service whose policies set hash keys on the way to it: its own proxy has to go by these keys too. */
export function hashingCallers(mesh: Mesh, chains: readonly Chain[], name: string): readonly string[] {
  return mesh.calls
    .flatMap(({ from, to }) => (from !== null && to === name ? [from] : []))
    .filter((caller) => machineryOf(slotsOf(chains, caller, "outbound"), mesh).hashes);
}
