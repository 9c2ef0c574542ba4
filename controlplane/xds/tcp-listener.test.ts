import { describe, expect, test } from "vitest";
import type { Chain, Slot } from "../codegen/module.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Placement } from "../placement/placement.ts";
import { addressMap } from "./address-map.ts";
import { addressPlan } from "./address-plan.ts";
import { decodeListener, tcpProxiesOf } from "./decode.ts";
import { inconsistencies } from "./inconsistencies.ts";
import type { LaidChain } from "./laid-chain.ts";
import { layOut } from "./lay-out.ts";
import { byType, type ProxySnapshot, proxyResources, wayOf } from "./snapshot.ts";

const { mesh } = fromYaml({
  path: "mesh.yaml",
  text: `name: stores
identity: address
services:
  web: { entry: true }
  api: {}
  db: { protocol: tcp }
  cache: { protocol: tcp }
calls: { web: [api, db, cache], api: [db] }
`,
});
if (mesh === undefined) throw new Error("the mesh cannot be read");
const addresses = addressPlan(mesh);
const placement: Placement = { status: "optimal", cost: 1, bound: 1, proxies: [], unmatched: [] };
const slot = (name: string): Slot => ({
  name,
  vmId: "vm",
  module: {
    sha256: name,
    bytes: new Uint8Array([1]),
    policies: [name],
    failure: "closed",
    imports: [],
    exports: [],
    actions: [],
    tags: [],
  },
  configuration: "",
});
const ingress: Chain = { service: "db", direction: "inbound", slots: [slot("in")] };
const egress = (callee: string): Chain => ({
  service: "web",
  direction: "outbound",
  callee,
  slots: [slot(`out-${callee}`)],
});

const laid = (...chains: readonly Chain[]): readonly LaidChain[] =>
  layOut({ mesh: mesh as NonNullable<typeof mesh>, placement, chains });

function snapshots(...chains: readonly Chain[]): ReadonlyMap<string, ProxySnapshot> {
  return proxyResources({
    mesh: mesh as NonNullable<typeof mesh>,
    addresses,
    ways: [wayOf({ placement, chains: laid(...chains) })],
  });
}

const clustersOf = (
  snapshot: ProxySnapshot | undefined,
): readonly (readonly [string, string | undefined])[] =>
  [...(snapshot?.listeners.values() ?? [])].flatMap((listener) =>
    tcpProxiesOf(decodeListener(listener)).map(({ clusterSpecifier }) => {
      const name = listener.name.split("/").slice(0, -1).join("/");
      return [
        name,
        clusterSpecifier.case === "cluster" ? clusterSpecifier.value.split("/")[0] : undefined,
      ] as const;
    }),
  );

describe("connections are captured", () => {
  test("inbound for all callers, and outbound at a listener for each store", () => {
    const found = snapshots(ingress, egress("db"), egress("cache"));
    expect([...found.values()].flatMap((each) => inconsistencies(byType(each)))).toEqual([]);
    expect(clustersOf(found.get("db"))).toEqual([["inbound/db", "local"]]);
    expect(clustersOf(found.get("web"))).toEqual([
      ["outbound/web/cache", "cache"],
      ["outbound/web/db", "db"],
    ]);
  });

  test("where callers are told to go", () => {
    if (mesh === undefined) throw new Error("the mesh cannot be read");
    const map = addressMap(mesh, addresses, laid(ingress, egress("cache")));
    expect(map["web"]?.["cache"]?.[0]?.via).toBe("proxy");
    expect(map["web"]?.["cache"]?.[0]?.address).not.toBe(addresses.service("cache").address);
    expect(map["web"]?.["db"]).toEqual(map["api"]?.["db"]);
    expect(map["web"]?.["db"]?.[0]?.address).not.toBe(addresses.service("db").address);
    expect(map["web"]?.["api"]?.[0]).toEqual({ via: "direct", ...addresses.service("api") });
  });

  test("and what is missing is told", () => {
    const db = snapshots(ingress).get("db");
    if (db === undefined) throw new Error("the store has no proxy");
    const without = inconsistencies(
      byType({
        ...db,
        extensions: new Map(),
        clusters: new Map(),
        endpoints: new Map(),
      }),
    );
    expect(without).toEqual([
      expect.stringMatching(/^listener inbound\/db\/.*: no extension in$/),
      expect.stringMatching(/^listener inbound\/db\/.*: no cluster local\/db$/),
    ]);
  });
});
