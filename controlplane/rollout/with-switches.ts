import { connectionCallers, refusedCallers } from "../codegen/refused-callers.ts";
import { switchedOff } from "../codegen/switched-off.ts";
import type { Build } from "../pipeline/build.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { closing } from "./closing.ts";

/** Names of policies that an operator has switched off, whether there are such policies or not. */
export interface Switches {
  readonly off: readonly string[];
  /** Those that have just been switched on again: open connections that they refuse are closed. */
  readonly back?: readonly string[];
}

/**
 * A build as it is while some of its policies are switched off: nothing is compiled and nothing has another place. The others are enforced
 * where they are enforced beside these, and what an open request or connection began with stays with it.
 */
export function withSwitches(
  build: Build,
  { off, back = [] }: Switches,
  addresses: AddressPlan = addressPlan(build.mesh),
): Build {
  if (off.length === 0 && back.length === 0) return build;
  const switched = (chain: LaidChain): LaidChain => {
    const slots = chain.slots.map((slot) => ({
      ...slot,
      configuration: switchedOff(slot.configuration, off),
    }));
    if (chain.refuses === undefined) return { ...chain, slots };
    const callers = connectionCallers(chain, build.mesh);
    return { ...chain, slots, refuses: refusedCallers(slots, callers, addresses.sources) };
  };
  const chains = build.chains.map((chain) => {
    const next = has(chain, off) ? switched(chain) : chain;
    return has(chain, back) ? closing(next, [next], addresses) : next;
  });
  return { ...build, chains };
}

function has({ slots }: LaidChain, names: readonly string[]): boolean {
  return slots.some(({ module }) => module.policies.some((policy) => names.includes(policy)));
}
