import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  byName,
  createXdsServer,
  type Resource,
  resource,
  typeUrl,
} from "../../controlplane/server/index.ts";
import { ads } from "../../controlplane/xds/config-source.ts";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../../controlplane/xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../controlplane/xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { bootstrap, findEnvoy, type RunningEnvoy, startEnvoy } from "../../envoy/index.ts";

// The server by itself, and what an Envoy makes of what Wire's own snapshots never hold.

let path = "";
beforeAll(async () => {
  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind === "binary") path = found.path;
});

function cluster(name: string, ttlMs?: number): Resource {
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads() },
  });
  const made = resource(name, typeUrl.cluster, ClusterSchema, message);
  return ttlMs === undefined ? made : { ...made, ttlMs };
}

function endpoints(name: string, ttlMs?: number): Resource {
  const message = create(ClusterLoadAssignmentSchema, { clusterName: name });
  const made = resource(name, typeUrl.endpoints, ClusterLoadAssignmentSchema, message);
  return ttlMs === undefined ? made : { ...made, ttlMs };
}

/** An Envoy at an address of its own; what is said of its stream to the server is what the tests differ in. */
async function start(options: {
  readonly adminAddress: string;
  readonly xdsPort: number;
  readonly stream: Readonly<Record<string, unknown>>;
}): Promise<RunningEnvoy> {
  const { adminAddress, xdsPort, stream } = options;
  const usual = bootstrap({
    ...{ nodeId: "a", cluster: "a", adminAddress, xdsAddress: "127.0.0.1", xdsPort },
  }) as { readonly node: object; readonly dynamic_resources: { readonly ads_config: object } };
  const features = ["xds.config.supports-resource-ttl", "xds.config.supports-resource-in-sotw"];
  const envoy = await startEnvoy({
    ...{ path, adminAddress },
    config: {
      ...usual,
      node: { ...usual.node, client_features: features },
      dynamic_resources: {
        ...usual.dynamic_resources,
        ads_config: { ...usual.dynamic_resources.ads_config, ...stream },
      },
    },
  });
  onTestFinished(async () => void (await envoy.stop({ drainMs: 0 })));
  return envoy;
}

test.each([
  ["GRPC", "127.90.17.1"],
  ["DELTA_GRPC", "127.90.17.2"],
])("%s: what has a time to live stays as long as it is heard of", async (form, adminAddress) => {
  const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 } });
  onTestFinished(() => server.close());
  const ttlMs = 1_500;
  server.setSnapshot(
    "a",
    new Map([
      [typeUrl.cluster, byName([cluster("one", ttlMs), cluster("two")])],
      [typeUrl.endpoints, byName([endpoints("one", ttlMs), endpoints("two")])],
    ]),
  );
  const envoy = await start({ adminAddress, xdsPort: server.port, stream: { api_type: form } });
  await sleep(3 * ttlMs);
  const stats = await envoy.stats("cluster_manager");
  // The third is the server's own.
  expect(stats.get("cluster_manager.active_clusters")).toBe(3);
  expect(stats.get("cluster_manager.cluster_removed")).toBe(0);
  expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
});

test("an Envoy that is to keep so many clusters refuses that one goes, and has not acknowledged it", async () => {
  const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 } });
  onTestFinished(() => server.close());
  const give = (...names: string[]): void =>
    server.setSnapshot(
      "a",
      new Map([
        [typeUrl.cluster, byName(names.map((name) => cluster(name)))],
        [typeUrl.endpoints, byName(names.map((name) => endpoints(name)))],
      ]),
    );
  give("one", "two");
  const atLeast = {
    name: "at-least",
    typed_config: {
      "@type":
        "type.googleapis.com/envoy.extensions.config.validators.minimum_clusters.v3.MinimumClustersValidator",
      min_clusters_num: 2,
    },
  };
  const stream = { config_validators: [atLeast] };
  const envoy = await start({ adminAddress: "127.90.17.3", xdsPort: server.port, stream });
  expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
  give("one");
  expect(await server.waitForAcks("a", 10_000)).toMatchObject({
    kind: "nacked",
    nacks: [{ typeUrl: typeUrl.cluster, resources: ["two"], message: expect.stringContaining("cluster") }],
  });
  expect((await envoy.stats("cluster_manager")).get("cluster_manager.active_clusters")).toBe(3);
  give("one", "two");
  expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
});
