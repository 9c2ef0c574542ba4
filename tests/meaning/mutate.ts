import type { Build } from "../../controlplane/pipeline/build.ts";
import type { LaidChain, LaidSlot } from "../../controlplane/xds/laid-chain.ts";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";

/** A mistake that a code generator could make, done to what ours wrote. Undefined: there is no place for it here. */
export interface Fault {
  readonly name: string;
  /** Actions without which it does not show. Policies of few actions do more with each. */
  readonly about?: readonly string[];
  /** Where it shows most. */
  readonly where?: "connections" | "tuned";
  /** In the AssemblyScript of a module. */
  readonly code?: (text: string) => string;
  /** In the configuration that a module gets. */
  readonly configuration?: (text: string) => string;
  /** In the order of the modules. */
  readonly slots?: (slots: readonly LaidSlot[]) => readonly LaidSlot[];
}

/** The same build with the fault in it; undefined where the fault changes nothing, or nothing that compiles. */
export async function mutate(built: Build, fault: Fault): Promise<Build | undefined> {
  let isChanged = false;
  const chains: LaidChain[] = [];
  for (const chain of built.chains) {
    const slots: LaidSlot[] = [];
    for (const slot of chain.slots) {
      const mutated = await mutateSlot(built, slot, fault);
      isChanged ||= mutated !== slot;
      slots.push(mutated);
    }
    const ordered = fault.slots?.(slots) ?? slots;
    isChanged ||= ordered.some((slot, index) => slot !== slots[index]) || ordered.length !== slots.length;
    chains.push({ ...chain, slots: ordered });
  }
  return isChanged ? { ...built, chains } : undefined;
}

async function mutateSlot(built: Build, slot: LaidSlot, fault: Fault): Promise<LaidSlot> {
  const configuration = fault.configuration?.(slot.configuration) ?? slot.configuration;
  const text = built.generated.get(slot.name.replace(/\/[0-9a-f]{8}(\/\d+)?$/, ""));
  const mutant = text === undefined ? text : (fault.code?.(text) ?? text);
  if (mutant === undefined || mutant === text)
    return configuration === slot.configuration ? slot : { ...slot, configuration };
  const { bytes } = await assemble({ entry: mutant });
  // What does not compile would be found at once, and is no fault of ours.
  return bytes === undefined ? slot : { ...slot, configuration, module: { ...slot.module, bytes } };
}
