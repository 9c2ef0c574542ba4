import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import type { Chain, Module } from "../codegen/module.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import { addressPlan } from "./address-plan.ts";
import { controlHeaders, strippedHeaders } from "./control-headers.ts";
import { decodeCluster, decodeListener, decodeRoutes, managersOf } from "./decode.ts";
import { Cluster_LbPolicy } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { RouteAction } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { WasmSchema } from "./generated/envoy/extensions/filters/http/wasm/v3/wasm_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { inconsistencies } from "./inconsistencies.ts";
import { layOut } from "./lay-out.ts";
import { byType, type ProxySnapshot, proxyResources, wayOf } from "./snapshot.ts";

const plain = { entry: false, origin: false, protocol: "http", port: 8080, proxy: "any" } as const;

function service(name: string, versions: readonly string[] = []): [string, Service] {
  const all = new Map(versions.map((version) => [version, { replicas: 1 }]));
  return [name, { ...plain, name, replicas: Math.max(versions.length, 1), versions: all, endpoints: [] }];
}

const mesh: Mesh = {
  name: "small",
  identity: "address",
  stateHeader: "tracestate",
  services: new Map([service("frontend"), service("rate", ["v1", "v2"]), service("search")]),
  calls: [
    { from: "frontend", to: "rate", rate: 1 },
    { from: "search", to: "rate", rate: 1 },
  ],
};
const addresses = addressPlan(mesh);

function chain(
  service: string,
  direction: Chain["direction"],
  used: Partial<Module>,
  configuration = "",
): Chain {
  const module: Module = {
    ...{
      sha256: "00",
      bytes: new Uint8Array([0]),
      policies: ["p"],
      failure: "open",
      imports: [],
      exports: [],
    },
    ...{ actions: [], tags: [], ...used },
  };
  return { service, direction, slots: [{ name: `wire/${service}`, vmId: "vm", module, configuration }] };
}

const placement = { status: "optimal", cost: 0, bound: 0, proxies: [], unmatched: [] } as const;

function snapshot(service: string, chains: readonly Chain[], of: Mesh = mesh): ProxySnapshot {
  const laid = layOut({ mesh: of, placement, chains });
  const found = proxyResources({ mesh: of, addresses, ways: [wayOf({ placement, chains: laid })] }).get(
    service,
  );
  if (found === undefined) throw new Error(`${service} has no proxy`);
  expect(inconsistencies(byType(found))).toEqual([]);
  return found;
}

const managers = (of: ProxySnapshot) => [...of.listeners.values()].map(decodeListener).flatMap(managersOf);
/** Without spare ones, and the module's by the name of the slot. */
const filters = (of: ProxySnapshot): readonly string[] =>
  managers(of).flatMap((manager) =>
    manager.httpFilters.flatMap(({ name }) => {
      const extension = of.extensions.get(name);
      if (extension === undefined) return name;
      const { typedConfig } = fromBinary(TypedExtensionConfigSchema, extension.bytes);
      return (typedConfig && anyUnpack(typedConfig, WasmSchema)?.config?.name) ?? [];
    }),
  );
const hosts = (of: ProxySnapshot) =>
  [...of.routes.values()].flatMap((routes) => decodeRoutes(routes).virtualHosts);
const actionsOf = (of: ProxySnapshot): readonly RouteAction[] =>
  hosts(of).flatMap(({ routes }) =>
    routes.flatMap(({ action }) => (action.case === "route" ? [action.value] : [])),
  );
const removed = (of: ProxySnapshot): readonly string[] => [
  ...new Set(hosts(of).flatMap((host) => host.requestHeadersToRemove)),
];

describe("machinery", () => {
  test("is not there when nothing uses it", () => {
    const of = snapshot("frontend", [chain("frontend", "outbound", { actions: ["Deny", "RouteToVersion"] })]);
    expect(filters(of)).toEqual(["wire/frontend", "envoy.filters.http.router"]);
    expect(removed(of)).toEqual([controlHeaders.version, "x-envoy-external-address"]);
    expect(managers(of)[0]?.accessLog).toEqual([]);
    for (const action of actionsOf(of)) {
      expect([action.hashPolicy, action.requestMirrorPolicies, action.retryPolicy]).toEqual([
        [],
        [],
        undefined,
      ]);
      expect(action.hostRewriteSpecifier.case).toBeUndefined();
    }
    expect([...of.clusters.keys()]).toEqual(["rate", "rate|v1", "rate|v2"]);
  });

  test("what filter code may ask has a cluster of the service's name, past the service's own policies", () => {
    const asking = chain("rate", "inbound", { imports: ["env.proxy_http_call"] });
    const [, tcp] = service("store");
    const services = new Map<string, Service>([...mesh.services, ["store", { ...tcp, protocol: "tcp" }]]);
    const of = snapshot("rate", [asking, chain("search", "inbound", {})], { ...mesh, services });
    expect([...of.clusters.keys()].filter((name) => !name.includes("/"))).toEqual([
      "frontend",
      "rate",
      "search",
    ]);
    const { endpoints } = fromBinary(
      ClusterLoadAssignmentSchema,
      of.endpoints.get("search")?.bytes ?? new Uint8Array(),
    );
    expect(
      endpoints.flatMap(({ lbEndpoints }) =>
        lbEndpoints.map(({ hostIdentifier: { value } }) =>
          typeof value === "object" && value.address?.address.case === "socketAddress"
            ? value.address.address.value.address
            : "",
        ),
      ),
    ).toEqual(addresses.instances("search").map(({ address }) => address));
    const silent = snapshot("rate", [chain("rate", "inbound", { imports: ["env.proxy_log"] })]);
    expect([...silent.clusters.keys()]).not.toContain("search");
  });

  test.each([
    ["GetClaim", ["envoy.filters.http.jwt_authn", "wire/rate", "envoy.filters.http.router"]],
    ["InjectDelay", ["wire/rate", "envoy.filters.http.fault", "envoy.filters.http.router"]],
    ["InjectAbort", ["wire/rate", "envoy.filters.http.router"]],
  ])("%s has its filter in the chain", (action, expected) => {
    const jwt = new Map([["us", { issuer: "us", audiences: [], jwks: "{}" }]]);
    const of = snapshot("rate", [chain("rate", "inbound", { actions: [action] })], { ...mesh, jwt });
    expect(new Set(filters(of))).toEqual(new Set(expected));
    expect(filters(of).slice(0, expected.length)).toEqual(expected);
  });

  test("copies have a route for each version that may get one, before those without", () => {
    const of = snapshot("frontend", [chain("frontend", "outbound", { actions: ["Mirror"] })]);
    const mirrors = actionsOf(of).map((action) => action.requestMirrorPolicies.map(({ cluster }) => cluster));
    expect(mirrors).toEqual([
      ["rate|v1"],
      ["rate|v2"],
      [],
      ["rate|v1"],
      ["rate|v2"],
      [],
      ["rate|v1"],
      ["rate|v2"],
      [],
    ]);
    expect(removed(of)).toContain(controlHeaders.mirror);
  });

  test("hash keys of a caller's proxy, and of no other, count at the callee's", () => {
    const chains = [
      chain("frontend", "outbound", { actions: ["SetHashKey"] }),
      chain("rate", "inbound", {}),
      chain("search", "outbound", {}),
    ];
    const policies = (of: ProxySnapshot) =>
      [...of.clusters.values()].map((each) => decodeCluster(each).lbPolicy);
    expect(new Set(policies(snapshot("frontend", chains)))).toEqual(new Set([Cluster_LbPolicy.RING_HASH]));
    expect(new Set(policies(snapshot("search", chains)))).toEqual(new Set([Cluster_LbPolicy.ROUND_ROBIN]));
    const callee = snapshot("rate", chains);
    expect(new Set(policies(callee))).toEqual(new Set([Cluster_LbPolicy.RING_HASH]));
    for (const listener of callee.listeners.values()) {
      const [all, trusted, ...more] = decodeListener(listener).filterChains;
      expect([all?.filterChainMatch, more]).toEqual([undefined, []]);
      expect(trusted?.filterChainMatch?.sourcePrefixRanges.map((range) => range.addressPrefix)).toEqual([
        addresses.proxy("frontend"),
      ]);
      const stripped = managersOf(decodeListener(listener)).map((manager) =>
        manager.earlyHeaderMutationExtensions
          .map(({ typedConfig }) => typedConfig && anyUnpack(typedConfig, HeaderMutationSchema))
          .flatMap((mutation) => mutation?.mutations.map(({ action }) => action.value) ?? []),
      );
      expect(stripped).toEqual([
        strippedHeaders,
        strippedHeaders.filter((name) => name !== controlHeaders.hash),
      ]);
    }
  });

  test("where a module looks at paths, probes are told of as they come, and nothing else is logged before the end", () => {
    const logs = (configuration: string) =>
      managers(
        snapshot("frontend", [
          chain(
            "frontend",
            "outbound",
            { actions: ["TagAccessLog"], tags: ["a"], policies: ["p"] },
            configuration,
          ),
        ]),
      ).map(({ accessLog, accessLogOptions }) => ({
        names: accessLog.map(({ name }) => name),
        ends: accessLog.map(({ filter }) => filter?.filterSpecifier.case),
        isEarly: accessLogOptions?.flushAccessLogOnNewRequest ?? false,
      }));
    expect(logs("@self\tfrontend\n")).toEqual([
      { names: ["envoy.access_loggers.stdout"], ends: [undefined], isEarly: false },
    ]);
    expect(logs("@self\tfrontend\n@path\ttracestate\tlist\n")).toEqual([
      {
        names: ["envoy.access_loggers.stdout", "envoy.access_loggers.http_grpc"],
        ends: ["logTypeFilter", "andFilter"],
        isEarly: true,
      },
    ]);
    // And of paths that are lost, where some can be.
    const asking = "@self\tfrontend\n@path\ttracestate\tlist\n@when\tp\tr\t*\t1\t2\n";
    expect(logs(asking)).toMatchObject([{ ends: ["logTypeFilter", "orFilter"], isEarly: true }]);
  });

  test("other machinery is another generation, at the callee of a caller that hashes too", () => {
    const generation = (
      used: Partial<Module>,
      callers: Partial<Module>,
      of: Mesh = mesh,
      configuration = "",
    ): string => {
      const chains = [chain("rate", "inbound", used, configuration), chain("frontend", "outbound", callers)];
      return layOut({ mesh: of, placement, chains })[0]?.generation ?? "";
    };
    const before = generation({}, {});
    expect(generation({ actions: ["Deny"] }, { actions: ["Mirror"] })).toBe(before);
    const all = [
      before,
      generation({ actions: ["InjectDelay"] }, {}),
      generation({ actions: ["TagAccessLog"], tags: ["a"] }, {}),
      generation({ actions: ["TagAccessLog"], tags: ["b"] }, {}),
      generation({}, { actions: ["SetHashKey"] }),
      generation({}, {}, { ...mesh, accessLog: true }),
      generation({}, {}, mesh, "\n@path\ttracestate\tlist\n"),
      generation({}, {}, mesh, "\n@path\ttracestate\tlist\n@when\tp\t"),
      generation({}, {}, { ...mesh, stateHeader: "baggage" }, "\n@path\tbaggage\tlist\n"),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
