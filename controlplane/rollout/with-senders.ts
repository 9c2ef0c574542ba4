import { alsoFrom } from "../codegen/also-from.ts";
import type { Addresses } from "../codegen/module.ts";
import type { Build } from "../pipeline/build.ts";
import { addressPlan } from "../xds/address-plan.ts";
import type { Senders } from "./senders.ts";

/** A build whose proxies know services by further addresses. Nothing is compiled and nothing has another place. */
export function withSenders(build: Build, further: Senders): Build {
  if (further.size === 0) return build;
  const { sources } = addressPlan(build.mesh);
  const known = (addresses: Addresses): Addresses => ({
    ...addresses,
    // All that a service sends from is refused, or nothing is.
    list: [
      ...addresses.list,
      ...[...further].flatMap(([name, more]) =>
        sources(name).some((address) => addresses.list.includes(address)) ? more : [],
      ),
    ].sort(),
  });
  return {
    ...build,
    chains: build.chains.map((chain) => ({
      ...chain,
      ...(chain.refuses === undefined ? {} : { refuses: known(chain.refuses) }),
      slots: chain.slots.map((slot) => ({ ...slot, configuration: alsoFrom(slot.configuration, further) })),
    })),
  };
}
