import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import type { Chain, Slot } from "../codegen/module.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import { addressPlan } from "./address-plan.ts";
import { decodeRoutes } from "./decode.ts";
import { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { WasmSchema } from "./generated/envoy/extensions/filters/http/wasm/v3/wasm_pb.ts";
import { inconsistencies } from "./inconsistencies.ts";
import type { LaidChain } from "./laid-chain.ts";
import { layOut } from "./lay-out.ts";
import { byType, type ProxySnapshot, proxyResources, wayOf } from "./snapshot.ts";

function service(name: string, more: Partial<Service> = {}): [string, Service] {
  const versions: Service["versions"] = new Map();
  const plain = {
    entry: false,
    origin: false,
    protocol: "http",
    port: 8080,
    replicas: 1,
    proxy: "any",
  } as const;
  return [name, { name, ...plain, versions, endpoints: [], ...more }];
}

const mesh: Mesh = {
  name: "small",
  identity: "address",
  stateHeader: "tracestate",
  services: new Map([
    service("frontend", { entry: true, replicas: 2 }),
    service("rate", {
      protocol: "grpc",
      versions: new Map([
        ["v1", { replicas: 2 }],
        ["v2", { replicas: 1 }],
      ]),
    }),
    service("geo"),
    service("store", { protocol: "tcp", port: 6379 }),
  ]),
  calls: [
    { from: null, to: "frontend", rate: 1 },
    { from: "frontend", to: "rate", rate: 1 },
    { from: "frontend", to: "geo", rate: 1 },
    { from: "frontend", to: "store", rate: 1 },
  ],
};

const placement: Placement = {
  status: "optimal",
  cost: 2,
  bound: 2,
  unmatched: [],
  proxies: [
    {
      service: "frontend",
      dataplane: "envoy",
      stamps: false,
      policies: [{ policy: "mark", side: "egress", section: "either", calls: [["frontend", "rate"]] }],
    },
    {
      service: "rate",
      dataplane: "envoy",
      stamps: false,
      policies: [{ policy: "guard", side: "ingress", section: "either", calls: [["frontend", "rate"]] }],
    },
  ],
};

function slot(name: string, policy: string, failure: "open" | "closed" = "open"): Slot {
  const module = {
    sha256: "00",
    bytes: new Uint8Array([0, 97, 115, 109]),
    policies: [policy],
    failure,
    actions: [],
    tags: [],
    imports: [],
    exports: [],
  };
  return { name, vmId: "wire/vm", module, configuration: "{}" };
}

const guarded: Chain = {
  service: "rate",
  direction: "inbound",
  slots: [slot("wire/rate/in", "guard", "closed")],
};

function laid(chains: readonly Chain[]): readonly LaidChain[] {
  return layOut({ mesh, placement, chains });
}

/** What each proxy holds when it runs `chains` and its calls are led through `reached`. */
function snapshots(
  chains: readonly Chain[],
  reached: readonly Chain[] = chains,
): ReadonlyMap<string, ProxySnapshot> {
  const build = laid(chains);
  const ways = [{ placement, chains: build, build, reached: laid(reached) }];
  return proxyResources({ mesh, addresses: addressPlan(mesh), ways });
}

function outbound(slots: readonly Slot[]): Chain {
  return { service: "frontend", direction: "outbound", slots };
}

function frontend(slots: readonly Slot[], more: readonly Chain[] = []): ProxySnapshot {
  const snapshot = snapshots([outbound(slots), ...more]).get("frontend");
  if (snapshot === undefined) throw new Error("frontend is placed");
  return snapshot;
}

/** Names without the generation that ends them. */
function plain(names: Iterable<string>): readonly string[] {
  return [...names].map((name) => name.replace(/\/[0-9a-f]{8}$/, ""));
}

/** The name of the slot in a place; none where nothing is. */
function policyAt(snapshot: ProxySnapshot, place: string): string {
  const bytes = snapshot.extensions.get(place)?.bytes ?? new Uint8Array();
  const { typedConfig } = fromBinary(TypedExtensionConfigSchema, bytes);
  return (typedConfig && anyUnpack(typedConfig, WasmSchema)?.config?.name) ?? "none";
}

function enabled(snapshot: ProxySnapshot): Readonly<Record<string, readonly string[]>> {
  const hosts = [...snapshot.routes.values()].flatMap((routes) => decodeRoutes(routes).virtualHosts);
  const names = (places: readonly string[]): readonly string[] =>
    places.map((place) => policyAt(snapshot, place));
  return Object.fromEntries(hosts.map((host) => [host.name, names(Object.keys(host.typedPerFilterConfig))]));
}

describe("address plan", () => {
  const plan = addressPlan(mesh);

  test("gives every process its own loopback address", () => {
    const all = [...mesh.services.keys()].flatMap((name) => plan.sources(name));
    expect(new Set(all).size).toBe(all.length);
    expect(plan.service("frontend", undefined, 1)).toEqual({ address: "127.1.0.2", port: 8080 });
    expect(plan.service("rate", "v2")).toMatchObject({ address: "127.1.0.5", version: "v2" });
    expect(plan.proxy("rate")).toBe("127.2.0.2");
  });

  test("a chain listens at one place of its own, away from all others and from what sends", () => {
    const place = plan.listener("rate", "inbound", "0000abcd");
    expect(plan.listener("rate", "inbound", "0000abcd")).toEqual(place);
    const others = [
      plan.listener("rate", "inbound", "0000abcd", 1),
      plan.listener("rate", "outbound", "0000abcd"),
      plan.listener("geo", "inbound", "0000abcd"),
      plan.listener("rate", "inbound", "0000abce"),
    ];
    for (const other of others) expect(other).not.toEqual(place);
    expect(place.port).toBeLessThan(32_768);
    expect(plan.sources("rate")).not.toContain(place.address);
  });

  test("keeps the endpoints that the mesh names", () => {
    const elsewhere = { address: "10.1.0.7", port: 5000, version: "v1" };
    const services = new Map([service("far", { endpoints: [elsewhere] })]);
    expect(addressPlan({ ...mesh, services }).instances("far")).toEqual([elsewhere]);
  });

  test("names an IPv6 peer as Envoy does, in brackets", () => {
    const services = new Map([service("far", { endpoints: [{ address: "fd00::7", port: 5000 }] })]);
    expect(addressPlan({ ...mesh, services }).sources("far")).toEqual(["[fd00::7]", "127.2.0.1"]);
  });
});

describe("snapshot", () => {
  test("captures only directions with slots", () => {
    expect([...frontend([]).listeners.keys()]).toEqual([]);
    expect(plain(frontend([slot("a", "mark")]).listeners.keys())).toEqual(["outbound/frontend"]);
  });

  test("is consistent and the same for the same input", () => {
    const one = frontend([slot("a", "mark")], [guarded]);
    expect(inconsistencies(byType(one))).toEqual([]);
    expect(frontend([slot("a", "mark")], [guarded])).toEqual(one);
  });

  test("switches a filter on only for callees that its policies are placed on, and leaves stores out", () => {
    expect(enabled(frontend([slot("a", "mark"), slot("b", "other")]))).toEqual({ rate: ["a"], geo: [] });
  });

  test("has a cluster for each version, led to the callee's listeners where it has some", () => {
    expect([...frontend([slot("a", "mark")]).clusters.keys()]).toEqual(["geo", "rate", "rate|v1", "rate|v2"]);
    const rate = snapshots([guarded]).get("rate");
    expect(plain(rate?.listeners.keys() ?? [])).toEqual(["inbound/rate@v1", "inbound/rate@v2"]);
    expect([...(rate?.clusters.keys() ?? [])]).toEqual(["local/rate|v1", "local/rate|v2"]);
  });

  test("leads to a callee's proxy only when it may be relied on, and then through clusters of that name", () => {
    const chains = [outbound([slot("a", "mark")]), guarded];
    const clusters = (reached: readonly Chain[]): readonly string[] => [
      ...(snapshots(chains, reached).get("frontend")?.clusters.keys() ?? []),
    ];
    expect(clusters([])).toEqual(["geo", "rate", "rate|v1", "rate|v2"]);
    expect(plain(clusters([guarded]))).toEqual(clusters([]));
    expect(clusters([guarded])).not.toEqual(clusters([]));
  });

  test("two ways are there side by side, each with listener, routes and clusters of its own", () => {
    const old = outbound([slot("a", "mark")]);
    const next = outbound([slot("b", "mark")]);
    const both = proxyResources({
      mesh,
      addresses: addressPlan(mesh),
      ways: [wayOf({ placement, chains: laid([old]) }), wayOf({ placement, chains: laid([next, guarded]) })],
    }).get("frontend");
    if (both === undefined) throw new Error("frontend is placed");
    expect(inconsistencies(byType(both))).toEqual([]);
    expect(plain(both.listeners.keys())).toEqual(["outbound/frontend", "outbound/frontend"]);
    expect(both.routes.size).toBe(2);
    expect([...both.clusters.keys()].filter((name) => name.startsWith("rate")).length).toBe(6);
  });

  test("inconsistencies name what is missing", () => {
    const whole = frontend([slot("a", "mark")]);
    const [routes] = whole.routes.keys();
    const [listener] = whole.listeners.keys();
    const [place] = whole.extensions.keys();
    const missing = (part: Partial<ProxySnapshot>): readonly string[] =>
      inconsistencies(byType({ ...whole, ...part }));
    expect(missing({ extensions: new Map() })).toContain(`listener ${listener}: no extension ${place}`);
    expect(missing({ routes: new Map() })).toContain(`listener ${listener}: no routes ${routes}`);
    expect(missing({ endpoints: new Map() })).toContain("cluster geo: no endpoints");
    expect(missing({ clusters: new Map() })).toContain(`routes ${routes}: no cluster geo`);
  });
});

describe("generations", () => {
  test("another chain of filters has a listener and routes of another name, the same chain the same", () => {
    const names = (slots: readonly Slot[]): readonly string[] => {
      const { listeners, routes } = frontend(slots);
      return [...listeners.keys(), ...routes.keys()];
    };
    expect(names([slot("a", "mark")])).toEqual(names([{ ...slot("a", "other"), configuration: "new" }]));
    expect(names([slot("a", "mark")])).not.toEqual(names([slot("b", "mark")]));
    expect(names([slot("a", "mark"), slot("b", "mark")])).not.toEqual(
      names([slot("b", "mark"), slot("a", "mark")]),
    );
  });
});
