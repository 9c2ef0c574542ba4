import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bootstrap } from "../../envoy/bootstrap.ts";
import { startEnvoy } from "../../envoy/run-envoy.ts";
import { WireError } from "../error/wire-error.ts";
import type { Application } from "../eval/application.ts";
import type { BaselineFile, BaselineReady } from "../eval/baseline-main.ts";
import type { Mode } from "../eval/mode.ts";
import { servicesOf } from "../eval/services-of.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type AddressMap, addressMap, outside, type Target } from "../xds/address-map.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { emulatedServices } from "./emulated-services.ts";
import { followFeed } from "./follow-feed.ts";
import { runChild } from "./run-child.ts";
import { runControlPlane } from "./run-control-plane.ts";
import { runProxies } from "./run-proxies.ts";
import { type RunServicesOptions, runServices } from "./run-services.ts";
import { waitFor } from "./wait.ts";

export interface EvalMeshOptions {
  readonly application: Application;
  readonly mesh: Mesh;
  readonly meshFile: Source;
  readonly policies: readonly Source[];
  readonly mode: Mode;
  /** The binary. */
  readonly envoy: string;
  /** Ends it between two steps, with the reason as error. */
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/** An application that runs in a mesh of some mode, with its policies in force. */
export interface EvalMesh extends AsyncDisposable {
  /** Where a caller finds a callee. */
  targets(from: string, to: string): readonly Target[];
  /** Where one without a proxy would find that callee of a caller's. */
  bare(from: string, to: string): readonly Target[];
  readonly pids: {
    readonly services: readonly number[];
    readonly proxies: readonly number[];
    readonly controlPlane: readonly number[];
  };
}

const root = resolve(import.meta.dirname, "../..");
const convergenceSeconds = 120;

/** Start an application's services, and what a mode puts before them; resolves when all of it is ready. */
export async function startEvalMesh(options: EvalMeshOptions): Promise<EvalMesh> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), "wire-eval-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const started = await startFor({ ...options, folder, stack });
    return { ...started, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Start extends EvalMeshOptions {
  readonly folder: string;
  /** What has been started, to be stopped in the reverse order. */
  readonly stack: AsyncDisposableStack;
}

type Started = Omit<EvalMesh, typeof Symbol.asyncDispose>;

function startFor(start: Start): Promise<Started> {
  switch (start.mode) {
    case "none":
      return withoutProxies(start);
    case "wire":
      return withWire(start);
    default:
      return withBaseline(start, start.mode);
  }
}

async function withoutProxies(start: Start): Promise<Started> {
  const addresses = addressMap(start.mesh, addressPlan(start.mesh), []);
  const services = await startServices(start, { addresses: { revision: "1", map: addresses } });
  const targets = targetsIn(() => addresses);
  return { targets, bare: targets, pids: { services: [services], proxies: [], controlPlane: [] } };
}

async function withBaseline(start: Start, mode: BaselineFile["mode"]): Promise<Started> {
  const { folder, stack, envoy, progress } = start;
  const file: BaselineFile = { input: { policies: start.policies, mesh: start.meshFile }, mode };
  const path = join(folder, "baseline.json");
  await writeFile(path, JSON.stringify(file));
  const controlPlane = runChild({
    name: "baseline",
    script: join(root, "controlplane/eval/baseline-main.ts"),
    args: [path],
    progress,
  });
  stack.defer(() => controlPlane.stop());
  const { xdsPort, proxies, addresses, bare } = (await controlPlane.ready) as BaselineReady;
  const services = await startServices(start, { addresses: { revision: "1", map: addresses } });
  start.signal.throwIfAborted();
  const starting = proxies.map(({ node, address }) =>
    startEnvoy({
      path: envoy,
      adminAddress: address,
      // One for all would otherwise have no more than a core.
      concurrency: mode === "node" ? availableParallelism() : 1,
      // All of them start at once, on as few cores as there are.
      readyTimeoutMs: 120_000,
      config: bootstrap({
        ...{ nodeId: node, cluster: node, adminAddress: address, xdsAddress: "127.0.0.1", xdsPort },
      }),
    }),
  );
  // Where one does not start, the others still do, and would be in the way of the next mesh.
  stack.defer(async () => {
    const started = await Promise.allSettled(starting);
    const running = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    await Promise.all(running.map((each) => each.stop({ drainMs: 0 })));
  });
  const envoys = await Promise.all(starting);
  return {
    targets: targetsIn(() => addresses),
    bare: targetsIn(() => bare),
    pids: {
      services: [services],
      proxies: envoys.map(({ pid }) => pid),
      controlPlane: pidsOf(controlPlane.process.pid),
    },
  };
}

async function withWire(start: Start): Promise<Started> {
  const { folder, stack, envoy, mesh, policies, meshFile, progress } = start;
  const quiet = (): void => {};
  const controlPlane = await runControlPlane({
    policies: policies.map(({ path }) => path),
    ...{ mesh: meshFile.path, meshText: meshFile.path, folder, xdsPort: 0, httpPort: 0, loadInterval: 0 },
    staging: {},
    progress: quiet,
  });
  if ("exitCode" in controlPlane)
    throw new WireError(
      "eval",
      `the control plane ended (code ${controlPlane.exitCode}) before it was ready`,
    );
  stack.defer(() => controlPlane.stop());
  start.signal.throwIfAborted();
  const { http, xdsPort } = controlPlane;
  // Ended after the services, whose connections they would wait for.
  const proxies = runProxies({ envoy, xdsPort, addresses: addressPlan(mesh), progress: quiet });
  stack.defer(() => proxies.stop());
  const services = await startServices(start, { follow: `${http}/addresses`, follower: "services" });
  const wanted = followFeed<readonly string[]>(http, "proxies", "up", async (next) => proxies.want(next));
  stack.defer(() => wanted.stop());
  let addresses: AddressMap = {};
  const found = followFeed<AddressMap>(http, "addresses", "load", async (next) => {
    addresses = next;
  });
  stack.defer(() => found.stop());
  const converged = await waitFor("newest", {
    ...{ url: http, httpHost: "", httpPort: 0, timeout: convergenceSeconds },
  });
  if (converged.kind !== "converged")
    throw new WireError("eval", `the policies were not in force after ${convergenceSeconds} s`);
  progress(`in force at ${proxies.pids().size} proxies`);
  const targets = targetsIn(() => addresses);
  return {
    targets,
    // What is placed at a store is found by its callers, who have no proxies for that.
    bare: targets,
    get pids() {
      return {
        services: [services],
        proxies: [...proxies.pids().values()],
        controlPlane: pidsOf(controlPlane.pid),
      };
    },
  };
}

/** The process of the emulated services, when they are ready. */
async function startServices(
  { mesh, application, folder, stack, progress }: Start,
  addressing: RunServicesOptions["addressing"],
): Promise<number> {
  const services = servicesOf(emulatedServices(mesh, addressPlan(mesh)), application);
  const emulator = await runServices({ services, addressing, folder, progress }, stack);
  const [pid] = pidsOf(emulator.process.pid);
  if (pid === undefined) throw new WireError("services", "the emulated services ended");
  return pid;
}

function targetsIn(addresses: () => AddressMap): EvalMesh["targets"] {
  return (from, to) => addresses()[from]?.[to] ?? [];
}

/** Where requests from outside come in. */
export function entryOf(mesh: EvalMesh, { entry }: Application): Target {
  const [target] = mesh.targets(outside, entry);
  if (target === undefined) throw new WireError("eval", `nobody says where ${entry} is`);
  return target;
}

function pidsOf(pid: number | undefined): readonly number[] {
  return pid === undefined ? [] : [pid];
}
