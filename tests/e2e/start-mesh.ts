import { emulatedServices } from "../../controlplane/cli/emulated-services.ts";
import { runProxies } from "../../controlplane/cli/run-proxies.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Build } from "../../controlplane/pipeline/build.ts";
import { nextBuild } from "../../controlplane/pipeline/next-build.ts";
import { createControlPlane } from "../../controlplane/rollout/control-plane.ts";
import { createXdsServer } from "../../controlplane/server/xds-server.ts";
import { outside, type Target } from "../../controlplane/xds/address-map.ts";
import { type AddressPlan, addressPlan } from "../../controlplane/xds/address-plan.ts";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { startEmulator } from "../../envoy/emulator/start-emulator.ts";
import { findEnvoy } from "../../envoy/index.ts";

/** Real Envoys and emulated services with a build in force, and the control plane in this process. */
export interface RunningMesh extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly addresses: AddressPlan;
  /** Where requests from outside find an entry. */
  outside(entry: string): Target | undefined;
  /** Where a service finds what it calls. */
  target(from: string, to: string): Target | undefined;
  /** The services before which an Envoy runs, in order of their names. */
  proxied(): readonly string[];
  /** Resolves when another build is in force in its place. */
  change(next: Build): Promise<unknown>;
}

export interface MeshOptions {
  /** Services that somebody else runs, at the addresses of the plan. */
  readonly without?: readonly string[];
  /** May make another service of one that is emulated. */
  readonly as?: (service: EmulatedService) => EmulatedService;
  /** Called with what the proxy of a service writes to its outputs. */
  readonly onLog?: (service: string, chunk: string) => void;
}

/** What `wire up` does, without its processes and its following of files: seconds less for each mesh of a long list. */
export async function startMesh(
  build: Build,
  { without = [], as = (service) => service, onLog }: MeshOptions = {},
): Promise<RunningMesh> {
  const { mesh } = build;
  const found = await findEnvoy();
  if (found.kind !== "binary") throw new Error("this needs an Envoy binary: set WIRE_ENVOY");
  const addresses = addressPlan(mesh);
  await using stack = new AsyncDisposableStack();

  // A first build waits for proxies that refuse it, as long as it takes.
  const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
  const ads = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    onNack: ({ node, message }) => refuse(new Error(`${node}: ${message}`)),
    onConnected: (node) => controlPlane.streams.connected(node),
    onDisconnected: (node) => controlPlane.streams.disconnected(node),
  });
  stack.defer(() => ads.close());
  const controlPlane = createControlPlane({
    ads,
    entering: async () => undefined,
    switching: async () => undefined,
    waiting: () => undefined,
    nextBuild: (current, wanted, mayForget) => nextBuild(current, wanted, { mayForget }),
    // Requests here do not take longer.
    pauses: { lingerMs: 2_000 },
  });

  const proxies = runProxies({
    envoy: found.path,
    xdsPort: ads.port,
    addresses,
    progress: () => undefined,
    ...(onLog === undefined ? {} : { onLog }),
  });
  stack.defer(() => proxies.stop());
  controlPlane.proxies.follow(
    ({ revision, value }) =>
      void proxies.want(value).then(() => controlPlane.proxies.acknowledge("proxies", revision)),
    "proxies",
  );

  // Ends before the proxies do, which would wait for its connections.
  const services = emulatedServices(mesh, addresses)
    .filter(({ service }) => !without.includes(service))
    .map(as);
  const emulator = await startEmulator({ services });
  stack.defer(() => emulator.close());
  controlPlane.addresses.follow(({ revision, value }) => {
    void emulator
      .update({ revision, map: value })
      .then(() => controlPlane.addresses.acknowledge("services", revision));
  }, "services");

  await Promise.race([controlPlane.apply(build), refused]);
  const running = stack.move();
  const target = (from: string, to: string): Target | undefined =>
    controlPlane.addresses.latest?.value[from]?.[to]?.[0];
  return {
    mesh,
    addresses,
    outside: (entry) => target(outside, entry),
    target,
    proxied: () => [...proxies.pids().keys()].sort(),
    change: (next) => Promise.race([controlPlane.apply(next), refused]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
