import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { findEnvoy } from "../../envoy/find-envoy.ts";
import { WireError } from "../error/wire-error.ts";
import { hasErrors } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Source } from "../language/source.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import { replaceFile } from "../rollout/replace-file.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { emulatedServices } from "./emulated-services.ts";
import { followFeed } from "./follow-feed.ts";
import { loadKinds, startLoad } from "./load.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { observe } from "./observe.ts";
import { openAccessLog } from "./open-access-log.ts";
import { processEnvoy } from "./process-envoy.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { createOutput, diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";
import { runControlPlane } from "./run-control-plane.ts";
import { runProxies } from "./run-proxies.ts";
import { runServices } from "./run-services.ts";
import { checkCanaries, type StagingOptions, stagingBy } from "./staging.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { watchMesh } from "./watch-mesh.ts";
import { writing } from "./write-file.ts";

export interface UpOptions extends Omit<StagingOptions, "proxyAdmin"> {
  readonly mesh?: string;
  /** A file with values for parameters; it is read, and followed, with the policies. */
  readonly params?: string;
  readonly load: number;
  /** A file that the proxies' access logs are appended to; `-` prints them. */
  readonly accessLog?: string;
  readonly xdsPort: number;
  readonly httpPort: number;
  /** A file with the secret of the states of paths. */
  readonly pathKey?: string;
  /** Seconds between two reports of a proxy's load; 0 asks for none. */
  readonly loadInterval: number;
  readonly json?: boolean;
}

const root = resolve(import.meta.dirname, "../..");
const pictureMs = 5_000;
/** What is shown where no policies are named: those for the example mesh. The other ready-made ones want to be told more. */
const examples = ["hot-path", "no-scrapers", "canary-rate"].map((name) => join(root, "filters", name));

/** `wire up`: control plane, Envoys where placed, emulated services, until Ctrl-C. */
export async function up(named: readonly string[], options: UpOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const staged = stagingBy(options);
  const paths = named.length > 0 ? named : examples;
  const meshPath = options.mesh ?? join(root, "examples/meshes/hotel-reservation.yaml");
  const sources = await readSources(withParams(paths, options.params));
  if (sources.length === 0) return noPolicies(output, paths);
  const meshFile = await readSource(meshPath);
  const { mesh, policies, diagnostics } = checkInput({ policies: sources, mesh: meshFile });
  if (mesh === undefined || hasErrors(diagnostics)) {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    reportDiagnostics(output, diagnostics);
    return 1;
  }
  if (staged !== undefined) checkCanaries(staged, mesh);
  const interrupted = untilInterrupted().then((): ExitCode => {
    output.progress("stopping");
    return 0;
  });
  await using stack = new AsyncDisposableStack();
  return await Promise.race([interrupted, run({ output, paths, meshFile, mesh, policies, options, stack })]);
}

interface Run {
  readonly output: Output;
  readonly paths: readonly string[];
  readonly meshFile: Source;
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  readonly options: UpOptions;
  /** What has been started, to be stopped in the reverse order. */
  readonly stack: AsyncDisposableStack;
}

/** Start everything; resolves only when something that cannot be mended has ended. */
async function run({ output, paths, meshFile, mesh, policies, options, stack }: Run): Promise<ExitCode> {
  const { progress } = output;
  const envoy = processEnvoy(await findEnvoy({ onProgress: progress }));
  progress(`Envoy ${envoy.version}`);

  const accessLog =
    options.accessLog === undefined ? undefined : await openAccessLog(options.accessLog, output);
  if (accessLog !== undefined) stack.defer(() => accessLog.close());

  const folder = await mkdtemp(join(tmpdir(), "wire-up-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));

  progress("starting the control plane: compiling the policies");
  const { xdsPort, httpPort } = options;
  const meshText = join(folder, "mesh");
  await writeFile(meshText, meshFile.text);
  const addresses = addressPlan(mesh);
  const services = emulatedServices(mesh, addresses);
  const running = new Set(services.map(({ service, address, port }) => `${service} ${address} ${port}`));
  stack.use(
    watchMesh({
      mesh: meshFile,
      // What is emulated was started with the rest; it may be let go of and come back.
      lacks: (next) => {
        const isRunning = [...next.services.values()].every(({ name, endpoints }) =>
          endpoints.every(({ address, port }) => running.has(`${name} ${address} ${port}`)),
        );
        return isRunning ? undefined : "an endpoint that no emulated service has";
      },
      taken: ({ text }) => {
        // The control plane, which may be starting anew, follows that file.
        writing(meshText, () => replaceFile(meshText, text)).catch((error: WireError) =>
          progress(`wire: ${error.message}`),
        );
      },
      progress,
    }),
  );
  const controlPlane = await runControlPlane({
    policies: paths,
    ...(options.params === undefined ? {} : { params: options.params }),
    mesh: meshFile.path,
    meshText,
    folder,
    xdsPort,
    httpPort,
    ...(options.pathKey === undefined ? {} : { pathKey: options.pathKey }),
    loadInterval: options.loadInterval,
    staging: options,
    progress,
  });
  if ("exitCode" in controlPlane) {
    const { exitCode, said } = controlPlane;
    if (said === undefined)
      throw new WireError("serve", `the control plane ended (code ${exitCode}) before it was ready`);
    if (output.json) output.print(JSON.stringify(said));
    return exitCode === 1 ? 1 : 3;
  }
  stack.defer(() => controlPlane.stop());

  progress(`starting ${services.length} emulated services`);
  const addressing = { follow: `${controlPlane.http}/addresses`, follower: "services" };
  const emulator = await runServices({ services, addressing, folder, progress }, stack);

  const proxies = runProxies({
    ...{ envoy: envoy.path, xdsPort: controlPlane.xdsPort, addresses, progress },
    loadReports: options.loadInterval > 0,
    ...(accessLog === undefined ? {} : { onAccessLog: accessLog.line }),
  });
  stack.defer(() => proxies.stop());
  const wanted = followFeed<readonly string[]>(controlPlane.http, "proxies", "up", async (next) =>
    proxies.want(next),
  );
  stack.defer(() => wanted.stop());

  if (output.json) {
    const { http, pid } = controlPlane;
    output.print(
      JSON.stringify({
        xds: `127.0.0.1:${controlPlane.xdsPort}`,
        http,
        controlPlane: pid,
        services: emulator.process.pid,
      }),
    );
  } else {
    output.print(`HTTP API: ${controlPlane.http}/status`);
    if (options.accessLog !== undefined && options.accessLog !== "-")
      output.print(`Access log of the proxies: ${options.accessLog}`);
    const edited = policies[0]?.source.path ?? paths.join(", ");
    output.print(
      `Edit ${relative(process.cwd(), edited)} and save it to see it change. Ctrl-C ends everything.`,
    );
  }
  if (
    accessLog === undefined &&
    (mesh.accessLog === true || mesh.decisionLog !== undefined || policies.some(tagsAccessLog))
  )
    progress("the proxies write an access log: `--access-log FILE` keeps it, and `--access-log -` prints it");
  if (options.load > 0) runLoad({ output, mesh, rate: options.load, http: controlPlane.http, stack });

  const code = await emulator.exited;
  throw new WireError("services", `the emulated services ended (code ${code})`);
}

function tagsAccessLog({ actions }: Policy): boolean {
  return actions.includes("TagAccessLog");
}

/** Send requests from outside, and print every few seconds what each policy did to them. */
function runLoad(options: {
  readonly output: Output;
  readonly mesh: Mesh;
  readonly rate: number;
  readonly http: string;
  readonly stack: AsyncDisposableStack;
}): void {
  const { output, stack } = options;
  let addresses: AddressMap | undefined;
  let seen = observe();
  let failed: string[] = [];
  const feed = followFeed<AddressMap>(options.http, "addresses", "load", async (next) => {
    addresses = next;
    // What was sent while policies moved is told with neither placement.
    seen = observe();
  });
  stack.defer(() => feed.stop());
  const load = startLoad({
    rate: options.rate,
    addresses: () => addresses,
    protocolOf: (service) => options.mesh.services.get(service)?.protocol ?? "http",
    answered(answer) {
      if (answer.kind === "failed") failed.push(answer.why);
      else seen.add(answer.tree);
    },
  });
  stack.defer(() => load.stop());
  if (output.json) return;
  output.print(`Sending ${options.rate} requests a second from outside, in turn ${loadKinds}.`);
  const timer = setInterval(() => {
    const [shown, failures] = [seen, failed];
    seen = observe();
    failed = [];
    void placementInForce(options.http).then((placement) => {
      if (failures.length > 0)
        output.print(`${failures.length} requests from outside failed: ${failures.at(-1)}`);
      if (placement === undefined || shown.requests === 0) return;
      output.print(`\nThe last ${shown.requests} requests from outside, by policy:`);
      for (const line of shown.lines(placement)) output.print(`  ${line}`);
    });
  }, pictureMs);
  stack.defer(() => clearInterval(timer));
}

/** Undefined while the control plane is away, or has nothing in force yet. */
async function placementInForce(http: string): Promise<Placement | undefined> {
  try {
    const response = await fetch(`${http}/status`);
    return ((await response.json()) as { readonly placement?: Placement }).placement;
  } catch {
    return undefined;
  }
}
