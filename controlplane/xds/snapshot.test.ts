import { describe, expect, test } from "vitest";
import type { Chain, Slot } from "../codegen/module.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import { addressPlan } from "./address-plan.ts";
import { decodeRoutes } from "./decode.ts";
import { inconsistencies } from "./inconsistencies.ts";
import { type ProxySnapshot, proxyResources } from "./snapshot.ts";
import { same, transition } from "./transition.ts";

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

function frontend(slots: readonly Slot[], more: readonly Chain[] = []): ProxySnapshot {
  const chains: readonly Chain[] = [{ service: "frontend", direction: "outbound", slots }, ...more];
  const snapshot = proxyResources({
    mesh,
    placement,
    chains,
    reached: chains,
    addresses: addressPlan(mesh),
  }).get("frontend");
  if (snapshot === undefined) throw new Error("frontend is placed");
  return snapshot;
}

function enabled(snapshot: ProxySnapshot): Readonly<Record<string, readonly string[]>> {
  const hosts = [...snapshot.routes.values()].flatMap((routes) => decodeRoutes(routes).virtualHosts);
  return Object.fromEntries(hosts.map((host) => [host.name, Object.keys(host.typedPerFilterConfig)]));
}

describe("address plan", () => {
  const plan = addressPlan(mesh);

  test("gives every process its own loopback address", () => {
    const all = [...mesh.services.keys()].flatMap((name) => plan.sources(name));
    expect(new Set(all).size).toBe(all.length);
    expect(plan.service("frontend", undefined, 1)).toEqual({ address: "127.1.0.2", port: 8080 });
    expect(plan.service("rate", "v2")).toMatchObject({ address: "127.1.0.5", version: "v2" });
    expect(plan.proxy("rate").address).toBe("127.2.0.2");
  });

  test("keeps the endpoints that the mesh names", () => {
    const elsewhere = { address: "10.1.0.7", port: 5000, version: "v1" };
    const services = new Map([service("far", { endpoints: [elsewhere] })]);
    expect(addressPlan({ ...mesh, services }).instances("far")).toEqual([elsewhere]);
  });
});

describe("snapshot", () => {
  test("captures only directions with slots", () => {
    expect([...frontend([]).listeners.keys()]).toEqual([]);
    expect([...frontend([slot("wire/frontend/out", "mark")]).listeners.keys()]).toEqual([
      "outbound/frontend",
    ]);
  });

  test("is consistent and the same for the same input", () => {
    const one = frontend([slot("a", "mark")], [guarded]);
    expect(inconsistencies(one)).toEqual([]);
    expect(same(one, frontend([slot("a", "mark")], [guarded]))).toBe(true);
  });

  test("switches a filter on only for callees that its policies are placed on, and leaves stores out", () => {
    expect(enabled(frontend([slot("a", "mark"), slot("b", "other")]))).toEqual({ rate: ["a"], geo: [] });
  });

  test("has a cluster for each version, led to the callee's listeners where it has some", () => {
    expect([...frontend([slot("a", "mark")]).clusters.keys()]).toEqual(["geo", "rate", "rate|v1", "rate|v2"]);
    const chains = [guarded];
    const rate = proxyResources({
      mesh,
      placement,
      chains,
      reached: chains,
      addresses: addressPlan(mesh),
    }).get("rate");
    expect([...(rate?.listeners.keys() ?? [])]).toEqual(["inbound/rate@v1", "inbound/rate@v2"]);
    expect([...(rate?.clusters.keys() ?? [])]).toEqual(["local/rate|v1", "local/rate|v2"]);
  });

  test("sends to a callee's proxy only when it may be relied on", () => {
    const chains: readonly Chain[] = [
      { service: "frontend", direction: "outbound", slots: [slot("a", "mark")] },
      guarded,
    ];
    const endpointsOfRate = (reached: readonly Chain[]): string | undefined =>
      proxyResources({ mesh, placement, chains, reached, addresses: addressPlan(mesh) })
        .get("frontend")
        ?.endpoints.get("rate")?.version;
    expect(endpointsOfRate([])).not.toBe(endpointsOfRate([guarded]));
  });

  test("inconsistencies name what is missing", () => {
    const whole = frontend([slot("a", "mark")]);
    const [routes] = whole.routes.keys();
    const missing = (part: Partial<ProxySnapshot>): readonly string[] =>
      inconsistencies({ ...whole, ...part });
    expect(missing({ extensions: new Map() })).toContain("listener outbound/frontend: no extension a");
    expect(missing({ routes: new Map() })).toContain(`listener outbound/frontend: no routes ${routes}`);
    expect(missing({ endpoints: new Map() })).toContain("cluster geo: no endpoints");
    expect(missing({ clusters: new Map() })).toContain(`routes ${routes}: no cluster geo`);
  });
});

describe("transition", () => {
  test("another chain of filters has routes of another name, the same chain the same", () => {
    const names = (slots: readonly Slot[]): readonly string[] => [...frontend(slots).routes.keys()];
    expect(names([slot("a", "mark")])).toEqual(names([{ ...slot("a", "other"), configuration: "new" }]));
    expect(names([slot("a", "mark")])).not.toEqual(names([slot("b", "mark")]));
    expect(names([slot("a", "mark"), slot("b", "mark")])).not.toEqual(
      names([slot("b", "mark"), slot("a", "mark")]),
    );
  });

  test("what only the old snapshot leads to stays until the new one is taken", () => {
    const from = frontend([slot("a", "mark")]);
    const steps = transition(from, frontend([]));
    expect(steps.flatMap(inconsistencies)).toEqual([]);
    expect(steps.map((step) => [step.listeners.size, step.clusters.size])).toEqual([
      [0, from.clusters.size],
      [0, 0],
    ]);
  });

  test("a new slot takes one step, and so does no change", () => {
    const from = frontend([slot("a", "mark")]);
    expect(transition(from, frontend([slot("a", "mark"), slot("b", "mark")])).length).toBe(1);
    expect(transition(from, from).length).toBe(1);
  });
});
