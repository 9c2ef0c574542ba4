import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boundToSpiffeId } from "../../controlplane/server/bound-to-spiffe-id.ts";
import { authority, type Identity, signed } from "../../controlplane/server/certificates.test-helper.ts";
import { createXdsServer, type XdsServer } from "../../controlplane/server/xds-server.ts";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../../controlplane/xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { byName, resource } from "../../controlplane/xds/resource.ts";
import { typeUrl } from "../../controlplane/xds/type-url.ts";
import { bootstrap, findEnvoy, startEnvoy } from "../../envoy/index.ts";
import { folderWith } from "../cli/run-wire.ts";

const serverId = "spiffe://mesh/ns/shop/sa/wire";
const mesh = await authority();
const rate = await signed(mesh, "spiffe://mesh/ns/shop/sa/rate");
let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** Streams that were let in. */
let connections = 0;

async function serve(identity: Identity, refusals: string[] = []): Promise<XdsServer> {
  connections = 0;
  const refuses = boundToSpiffeId("spiffe://mesh/ns/shop/sa/{node}");
  const server = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    credentials: { ...identity, clientAuthorities: mesh.certificate },
    onConnected: () => {
      connections++;
    },
    refuses: (peer, node) => {
      const why = refuses(peer, node);
      if (why !== undefined) refusals.push(why);
      return why;
    },
  });
  stack.defer(() => server.close());
  const nothing = new Map([typeUrl.cluster, typeUrl.listener].map((type) => [type, new Map()]));
  for (const node of ["rate", "geo"]) server.setSnapshot(node, nothing);
  return server;
}

/** An Envoy that says that it is this node, with the certificate of `rate`. */
async function connect(nodeId: string, { port }: XdsServer, readyTimeoutMs = 15_000): Promise<void> {
  const found = await findEnvoy();
  if (found.kind !== "binary") throw new Error("this test runs an Envoy process");
  const folder = stack.use(folderWith({}));
  const [certificate, key, authorities] = Object.entries({
    "certificate.pem": rate.certificate,
    "key.pem": rate.key,
    "ca.pem": mesh.certificate,
  }).map(([name, text]) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  }) as [string, string, string];
  const adminAddress = "127.77.0.1";
  const envoy = await startEnvoy({
    path: found.path,
    ...{ adminAddress, readyTimeoutMs },
    config: bootstrap({
      ...{ nodeId, cluster: nodeId, adminAddress, xdsAddress: "127.0.0.1", xdsPort: port },
      xdsTls: { certificate, key, authorities, server: serverId },
    }),
  });
  stack.defer(async () => void (await envoy.stop({ drainMs: 0 })));
}

test("an Envoy is the node that its certificate names, and goes on when the server's has been replaced", async () => {
  const server = await serve(await signed(mesh, serverId));
  await connect("rate", server);
  expect(await server.waitForAcks("rate", 10_000)).toEqual({ kind: "acked" });
  server.rotate({ ...(await signed(mesh, serverId)), clientAuthorities: mesh.certificate });
  const added = create(ClusterSchema, {
    name: "a",
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
  });
  server.setSnapshot(
    "rate",
    new Map([
      [typeUrl.cluster, byName([resource("a", typeUrl.cluster, ClusterSchema, added)])],
      [typeUrl.listener, byName([])],
    ]),
  );
  expect(await server.waitForAcks("rate", 10_000)).toEqual({ kind: "acked" });
  expect(connections).toBe(1);
});

test("one that says that it is another node is refused", async () => {
  const refusals: string[] = [];
  const server = await serve(await signed(mesh, serverId), refusals);
  await expect(connect("geo", server, 3_000)).rejects.toThrow(/ready/);
  expect(refusals[0]).toContain("sa/rate may not be geo");
  expect(server.counts()).toMatchObject({ streams: 0, nodesConnected: 0 });
});
