import { create } from "@bufbuild/protobuf";
import {
  addAdminServicesToServer,
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { afterAll, expect, test } from "vitest";
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from "../xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../xds/generated/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "../xds/generated/envoy/config/route/v3/route_pb.ts";
import { RouterSchema } from "../xds/generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { HttpConnectionManagerSchema } from "../xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { anyOf, byName, resource } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type CsdsClient, csdsClient } from "./csds-client.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { createXdsServer } from "./xds-server.ts";

// gRPC's own client for xDS, written by others: it goes from listener to routes to cluster to endpoints, in the state of the world.

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const ads = { configSourceSpecifier: { case: "ads", value: {} } } as const;

function snapshot(port: number): Snapshot {
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: { case: "rds", value: { configSource: ads, routeConfigName: "routes" } },
    httpFilters: [
      {
        name: "router",
        configType: { case: "typedConfig", value: anyOf(RouterSchema, create(RouterSchema)) },
      },
    ],
  });
  const listener = create(ListenerSchema, {
    name: "greeter",
    apiListener: { apiListener: anyOf(HttpConnectionManagerSchema, manager) },
  });
  const routes = create(RouteConfigurationSchema, {
    name: "routes",
    virtualHosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "" } },
            action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: "greeters" } } },
          },
        ],
      },
    ],
  });
  const cluster = create(ClusterSchema, {
    name: "greeters",
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads },
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  });
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: "greeters",
    endpoints: [
      {
        locality: { region: "here" },
        loadBalancingWeight: 1,
        lbEndpoints: [
          {
            hostIdentifier: {
              case: "endpoint",
              value: {
                address: {
                  address: {
                    case: "socketAddress",
                    value: { address: "127.0.0.1", portSpecifier: { case: "portValue", value: port } },
                  },
                },
              },
            },
          },
        ],
      },
    ],
  });
  return new Map([
    [typeUrl.listener, byName([resource("greeter", typeUrl.listener, ListenerSchema, listener)])],
    [typeUrl.route, byName([resource("routes", typeUrl.route, RouteConfigurationSchema, routes)])],
    [typeUrl.cluster, byName([resource("greeters", typeUrl.cluster, ClusterSchema, cluster)])],
    [
      typeUrl.endpoints,
      byName([resource("greeters", typeUrl.endpoints, ClusterLoadAssignmentSchema, assignment)]),
    ],
  ]);
}

const greet: MethodDefinition<string, string> = {
  path: "/Greeter/Greet",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text) => Buffer.from(text),
  requestDeserialize: (bytes) => bytes.toString(),
  responseSerialize: (text) => Buffer.from(text),
  responseDeserialize: (bytes) => bytes.toString(),
};

async function greeter(name: string): Promise<number> {
  const server = new Server();
  server.addService(
    { greet },
    { greet: (_: unknown, answer: (error: null, text: string) => void) => answer(null, name) },
  );
  stack.defer(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
}

/** By type, without the host that this client leaves out, and name: in which state each resource is. */
function known(
  clients: readonly CsdsClient[],
  state: (each: CsdsClient["generic_xds_configs"][number]) => string,
) {
  return clients
    .flatMap((client) => client.generic_xds_configs)
    .map((each) => `${each.type_url.split("/").at(-1)} ${each.name} ${state(each)}`)
    .sort();
}

/** Who tells of status at this port. */
async function statusAt(port: number): Promise<readonly CsdsClient[]> {
  const client = csdsClient(port);
  using _ = { [Symbol.dispose]: client.close };
  return await client.fetch();
}

test("gRPC's own client finds its servers, and follows a change", async () => {
  const [one, other] = [await greeter("one"), await greeter("other")];
  const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 } });
  stack.defer(() => server.close());
  server.setSnapshot("client", snapshot(one));
  // Read when the library is.
  process.env["GRPC_XDS_BOOTSTRAP_CONFIG"] = JSON.stringify({
    xds_servers: [
      {
        server_uri: `127.0.0.1:${server.port}`,
        channel_creds: [{ type: "insecure" }],
        server_features: ["xds_v3"],
      },
    ],
    node: { id: "client", locality: {} },
  });
  const { register } = await import("@grpc/grpc-js-xds");
  register();
  const client = new Client("xds:///greeter", credentials.createInsecure());
  stack.defer(() => client.close());
  const call = (): Promise<string | undefined> =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        greet.path,
        greet.requestSerialize,
        greet.responseDeserialize,
        "hello",
        { deadline: Date.now() + 10_000 },
        (error, text) => (error === null ? resolve(text) : reject(error)),
      ),
    );
  expect(await call()).toBe("one");
  expect(await server.waitForAcks("client", 5_000)).toEqual({ kind: "acked" });
  server.setSnapshot("client", snapshot(other));
  await expect.poll(call, { timeout: 5_000 }).toBe("other");
  expect(await server.waitForAcks("client", 5_000)).toEqual({ kind: "acked" });

  // What the client says that it holds is what the server says that it does.
  const admin = new Server();
  addAdminServicesToServer(admin);
  stack.defer(() => admin.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    admin.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const holds = known(await statusAt(port), (each) => each.client_status);
  expect(holds).toHaveLength(4);
  expect(known(await statusAt(server.port), (each) => each.config_status)).toEqual(
    holds.map((line) => line.replace(/ACKED$/, "SYNCED")),
  );
});
