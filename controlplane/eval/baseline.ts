import { strict as assert } from "node:assert";
import type { Chain } from "../codegen/module.ts";
import { type Diagnostic, hasErrors } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput, compiled, type Input } from "../pipeline/build.ts";
import { pathsOf, pathTables } from "../placement/path-tables.ts";
import { place } from "../placement/solve.ts";
import { type AddressMap, addressMap } from "../xds/address-map.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";
import { layOut } from "../xds/lay-out.ts";
import { byName, type Resources } from "../xds/resource.ts";
import { byType, type ProxySnapshot, proxyResources, wayOf } from "../xds/snapshot.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { everywhere, outboundOnly } from "./everywhere.ts";
import type { Baseline } from "./mode.ts";

/** A mesh that does not place proxies but has them where its way is to have them. */
export interface BaselineMesh {
  /** By the node that each Envoy says it is, all that it holds. */
  readonly snapshots: ReadonlyMap<string, ReadonlyMap<TypeUrl, Resources>>;
  /** Where each Envoy has its admin interface. */
  readonly admins: ReadonlyMap<string, string>;
  readonly addresses: AddressMap;
  /** Where a caller without a proxy would find its callees. */
  readonly bare: AddressMap;
}

/** The name of the one Envoy of `node`, which no service can have. */
const sharedNode = "the node";

/**
 * The policies by the same compiler and filters as Wire's own, so that what is compared is where they run. What may be on either side is at the caller's, as
 * in the meshes that are stood for here.
 */
export async function baseline(
  input: Input,
  mode: Baseline,
): Promise<{ readonly baseline?: BaselineMesh; readonly diagnostics: readonly Diagnostic[] }> {
  const { mesh, policies: written, dataplanes, diagnostics } = checkInput(input);
  if (mesh === undefined || hasErrors(diagnostics)) return { diagnostics };
  const policies = written.map(atCaller);
  const placed = await place(policies, mesh, { dataplanes });
  if (placed.placement === undefined || hasErrors(placed.diagnostics))
    return { diagnostics: placed.diagnostics };
  const { placement } = placed;
  const tables = pathTables(placement, policies, { mesh, dataplanes });
  assert(tables === undefined || !("kind" in tables), "the policies of an application ask for few states");
  const made = await compiled({ input, mesh, policies, dataplanes, placement, paths: pathsOf(tables) });
  if (made.build === undefined) return { diagnostics: made.diagnostics };
  const { chains } = made.build;
  const laid = layOut({ mesh, placement, chains: chainsOf(mode, mesh, chains) });
  const plan = mode === "node" ? sharedPlan(mesh) : addressPlan(mesh);
  const resources = proxyResources({ mesh, addresses: plan, ways: [wayOf({ placement, chains: laid })] });
  const held: ReadonlyMap<string, ProxySnapshot> =
    mode === "node" ? new Map([[sharedNode, together([...resources.values()])]]) : resources;
  return {
    diagnostics: [],
    baseline: {
      snapshots: new Map([...held].map(([node, snapshot]) => [node, byType(snapshot)])),
      admins: new Map([...held.keys()].map((node) => [node, adminOf(node, mesh, plan)])),
      addresses: addressMap(mesh, plan, laid),
      bare: addressMap(
        mesh,
        plan,
        laid.filter(({ direction }) => direction === "inbound"),
      ),
    },
  };
}

function chainsOf(mode: Baseline, mesh: Mesh, chains: readonly Chain[]): readonly Chain[] {
  switch (mode) {
    case "sidecars":
      return everywhere(mesh, chains, mesh.services.keys());
    case "selective":
      return everywhere(mesh, chains, new Set(chains.map(({ service }) => service)));
    case "node":
      return outboundOnly(mesh, chains);
    default:
      return mode satisfies never;
  }
}

function atCaller(policy: Policy): Policy {
  if (policy.kind === "filter") return policy;
  const { sections } = policy;
  return {
    ...policy,
    sections: sections.map((section) =>
      section.side === "either" ? { ...section, side: "egress" } : section,
    ),
  };
}

/** One Envoy sends for all. */
function sharedPlan(mesh: Mesh): AddressPlan {
  const plan = addressPlan(mesh);
  const [first = ""] = mesh.services.keys();
  return { ...plan, proxy: () => plan.proxy(first) };
}

function adminOf(node: string, mesh: Mesh, plan: AddressPlan): string {
  const [first = ""] = mesh.services.keys();
  return plan.proxy(node === sharedNode ? first : node);
}

/** Since one Envoy sends for all, what two services' proxies hold by the same name is the same. */
function together(snapshots: readonly ProxySnapshot[]): ProxySnapshot {
  const all = (of: (snapshot: ProxySnapshot) => Resources): Resources => {
    const resources = snapshots.flatMap((snapshot) => [...of(snapshot).values()]);
    const one = byName(resources);
    for (const { name, version } of resources)
      assert(one.get(name)?.version === version, `two proxies hold something else by the name ${name}`);
    return one;
  };
  return {
    listeners: all(({ listeners }) => listeners),
    clusters: all(({ clusters }) => clusters),
    endpoints: all(({ endpoints }) => endpoints),
    routes: all(({ routes }) => routes),
    extensions: all(({ extensions }) => extensions),
  };
}
