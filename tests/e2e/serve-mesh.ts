import { setTimeout as sleep } from "node:timers/promises";
import { emulatedServices } from "../../controlplane/cli/emulated-services.ts";
import { followFeed } from "../../controlplane/cli/follow-feed.ts";
import { runProxies } from "../../controlplane/cli/run-proxies.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { type AddressMap, outside, type Target } from "../../controlplane/xds/address-map.ts";
import { addressPlan } from "../../controlplane/xds/address-plan.ts";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { startEmulator } from "../../envoy/emulator/start-emulator.ts";
import { findEnvoy } from "../../envoy/index.ts";
import { folderWith } from "../cli/run-wire.ts";
import { serving } from "../cli/serving.ts";

/** `wire serve` with real Envoys, and the services in this process. */
export interface ServedMesh extends AsyncDisposable {
  /** Of the HTTP API. */
  readonly http: string;
  /** Where requests from outside find an entry. */
  entry(service: string): Target;
}

/** Resolves when the policies are in force. `as` may make another service of one. */
export async function serveMesh(options: {
  readonly mesh: string;
  readonly policies: Readonly<Record<string, string>>;
  /** A secret by which no service can invent the state of a path. */
  readonly pathKey?: string;
  readonly as?: (service: EmulatedService) => EmulatedService;
}): Promise<ServedMesh> {
  const found = await findEnvoy();
  if (found.kind !== "binary") throw new Error("this needs an Envoy binary: set WIRE_ENVOY");
  const { mesh } = fromYaml({ path: "mesh.yaml", text: options.mesh });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(
    folderWith({ ...options.policies, "mesh.yaml": options.mesh, key: options.pathKey ?? "" }),
  );
  const files = Object.keys(options.policies).map((name) => `${folder.path}/${name}`);
  const [first = "", ...others] = files;
  const keyed = options.pathKey === undefined ? [] : ["--path-key", `${folder.path}/key`];
  const wire = stack.use(
    await serving(first, [
      ...others,
      "--mesh",
      `${folder.path}/mesh.yaml`,
      "--follower",
      "services",
      ...keyed,
    ]),
  );

  const addresses = addressPlan(mesh);
  const proxies = runProxies({
    ...{ envoy: found.path, xdsPort: Number(wire.xds.split(":").at(-1)), addresses },
    progress: () => undefined,
  });
  stack.defer(() => proxies.stop());
  const { as = (service) => service } = options;
  const emulator = await startEmulator({ services: emulatedServices(mesh, addresses).map(as) });
  stack.defer(() => emulator.close());
  let map: AddressMap = {};
  const feeds = [
    followFeed<readonly string[]>(wire.http, "proxies", "test", async (next) => proxies.want(next)),
    followFeed<AddressMap>(wire.http, "addresses", "services", async (next) => {
      map = next;
      await emulator.update({ revision: JSON.stringify(next), map: next });
    }),
  ];
  for (const feed of feeds) stack.defer(() => feed.stop());
  for (let waits = 0; !/in force:/.test(wire.log()); waits++) {
    if (waits > 600) throw new Error(`nothing comes into force:\n${wire.log()}`);
    await sleep(50);
  }
  const running = stack.move();
  return {
    http: wire.http,
    entry: (service) => {
      const [target] = map[outside]?.[service] ?? [];
      if (target === undefined) throw new Error(`no address is known for ${service}`);
      return target;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
