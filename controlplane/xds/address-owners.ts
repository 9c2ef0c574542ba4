import type { Mesh } from "../mesh/mesh.ts";
import { addressPlan } from "./address-plan.ts";

const owners = new WeakMap<Mesh, ReadonlyMap<string, string | null>>();

/** The service whose requests come from an address, as Envoy has it in messages; null where several do. */
export function addressOwners(mesh: Mesh): ReadonlyMap<string, string | null> {
  const known = owners.get(mesh);
  if (known !== undefined) return known;
  const plan = addressPlan(mesh);
  const found = new Map<string, string | null>();
  for (const name of mesh.services.keys())
    for (const address of new Set([...plan.instances(name).map((copy) => copy.address), plan.proxy(name)]))
      found.set(address, found.has(address) ? null : name);
  owners.set(mesh, found);
  return found;
}
