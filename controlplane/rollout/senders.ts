import type { Mesh } from "../mesh/mesh.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";

/** Addresses that services send from, by service. */
export type Senders = ReadonlyMap<string, readonly string[]>;

export const noSenders: Senders = new Map();

/** Where the services of a mesh send from. */
export function sendersOf(mesh: Mesh): Senders {
  const { sources } = addressPlan(mesh);
  return new Map([...mesh.services.keys()].map((name) => [name, sources(name)]));
}

/** Those of services of the mesh that the mesh does not have: where they were before, or will be. What is another's there is that one's. */
export function sendersBeside({
  mesh,
  senders,
}: {
  readonly mesh: Mesh;
  readonly senders: Senders;
}): Senders {
  if (senders.size === 0) return senders;
  const owned = new Set([...sendersOf(mesh).values()].flat());
  return new Map(
    [...senders].flatMap(([name, all]) => {
      const beside = all.filter((address) => !owned.has(address));
      return beside.length === 0 || !mesh.services.has(name) ? [] : [[name, beside]];
    }),
  );
}

export function union(all: Iterable<Senders>): Senders {
  const sum = new Map<string, ReadonlySet<string>>();
  for (const senders of all)
    for (const [name, addresses] of senders) sum.set(name, new Set([...(sum.get(name) ?? []), ...addresses]));
  return new Map([...sum].map(([name, addresses]) => [name, [...addresses].sort()]));
}

/** A plan in which services send from further addresses. */
export function alsoSending(plan: AddressPlan, further: Senders): AddressPlan {
  if (further.size === 0) return plan;
  return { ...plan, sources: (name) => [...plan.sources(name), ...(further.get(name) ?? [])] };
}
