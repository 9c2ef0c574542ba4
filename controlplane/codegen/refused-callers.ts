import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Addresses, Chain, Slot } from "./module.ts";

/** An address of nobody's, from the block for documentation. */
const stranger = "203.0.113.1";

/** Who may send connections through a chain for these. */
export function connectionCallers(
  { callee, service }: Pick<Chain, "callee" | "service">,
  mesh: Mesh,
): readonly string[] {
  if (callee !== undefined) return [service];
  return mesh.calls.filter(({ to }) => to === service).flatMap(({ from }) => (from === null ? [] : [from]));
}

/**
 * From where a chain for connections lets none through when they come anew. Asked of the modules themselves, in the in-process host;
 * what they keep is as it is at the beginning.
 */
export function refusedCallers(
  slots: readonly Slot[],
  callers: readonly string[],
  addressesOf: (service: string) => readonly string[],
): Addresses {
  // A host for each of them, so that none meets what another has left behind.
  const admits = (address: string): boolean =>
    slots.every(({ module, configuration }) => {
      const host = createHost(module.bytes, { configuration, failure: module.failure });
      return host.connect({ address }).isOpen;
    });
  const except = !admits(stranger);
  const told = callers.map(addressesOf).filter(([first]) => first !== undefined && admits(first) === except);
  return { except, list: [...new Set(told.flat())].sort() };
}
