import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { findEnvoy } from "../../envoy/find-envoy.ts";
import { WireError } from "../error/wire-error.ts";
import { hasErrors } from "../language/diagnostic.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { checkInput } from "../pipeline/build.ts";
import type { AddressMap } from "../xds/address-map.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";
import { followFeed } from "./follow-feed.ts";
import { startLoad } from "./load.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { observe } from "./observe.ts";
import { readSource, readSources } from "./read-sources.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";
import { type Child, runChild } from "./run-child.ts";
import { runProxies } from "./run-proxies.ts";
import { untilInterrupted } from "./until-interrupted.ts";

export interface UpOptions {
  readonly mesh?: string;
  readonly load: number;
  readonly xdsPort: number;
  readonly httpPort: number;
  readonly json?: boolean;
}

const root = resolve(import.meta.dirname, "../..");
const pictureMs = 5_000;

/** `wire up`: control plane, Envoys where placed, emulated services, until Ctrl-C. */
export async function up(named: readonly string[], options: UpOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const paths = named.length > 0 ? named : [join(root, "filters")];
  const meshPath = options.mesh ?? join(root, "examples/meshes/hotel-reservation.yaml");
  const meshSource = await readSource(meshPath);
  const sources = await readSources(paths);
  if (sources.length === 0) return noPolicies(output, paths);
  const { mesh, policies, diagnostics } = checkInput({ policies: sources, mesh: meshSource });
  if (mesh === undefined || hasErrors(diagnostics)) {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    reportDiagnostics(output, diagnostics);
    return 1;
  }
  const interrupted = untilInterrupted();

  const envoy = await findEnvoy({ onProgress: output.progress });
  if (envoy.kind === "image") {
    throw new WireError(
      "envoy-missing",
      "only a container image of Envoy was found; `wire up` runs processes: set WIRE_ENVOY",
    );
  }
  output.progress(`envoy ${envoy.version}`);

  const folder = await mkdtemp(join(tmpdir(), "wire-up-"));
  const addresses = addressPlan(mesh);
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const serveArgs = [
      "--mesh",
      meshPath,
      "--xds-port",
      String(options.xdsPort),
      "--http-port",
      String(options.httpPort),
    ];
    const first = runChild({
      name: "serve",
      script: join(import.meta.dirname, "main.ts"),
      args: ["serve", ...paths, ...serveArgs, "--state", join(folder, "state.json"), "--json"],
      progress: output.progress,
    });
    let controlPlane: Child = first;
    stops.push(() => controlPlane.stop());
    const code = await Promise.race([
      first.ready.then(() => undefined),
      first.exited.then((exit) => exit ?? 3),
    ]);
    if (code !== undefined) return code === 1 ? 1 : 3;
    const { xds, http } = (await first.ready) as { readonly xds: string; readonly http: string };
    const ports = ["--xds-port", portOf(xds), "--http-port", portOf(http)];
    let stopping = false;
    stops.push(async () => {
      stopping = true;
    });
    const supervise = (child: Child): void => {
      void child.exited.then((exit) => {
        if (stopping) return;
        output.progress(`control plane ended (code ${exit}); starting it again`);
        controlPlane = runChild({
          name: "serve",
          script: join(import.meta.dirname, "main.ts"),
          args: [
            "serve",
            ...paths,
            "--mesh",
            meshPath,
            ...ports,
            "--state",
            join(folder, "state.json"),
            "--json",
          ],
          progress: output.progress,
        });
        supervise(controlPlane);
      });
    };
    supervise(first);

    output.progress(`starting ${mesh.services.size} emulated services`);
    const emulatorFile = join(folder, "emulator.json");
    await writeFile(
      emulatorFile,
      JSON.stringify({
        services: emulated(mesh, addresses),
        follow: `${http}/addresses`,
        follower: "services",
      }),
    );
    const emulator = runChild({
      name: "services",
      script: join(root, "envoy/emulator/main.ts"),
      args: [emulatorFile],
      progress: output.progress,
    });
    stops.push(() => emulator.stop());
    await emulator.ready;

    const proxies = runProxies({
      envoy: envoy.path,
      xdsPort: Number(portOf(xds)),
      addresses,
      progress: output.progress,
    });
    stops.push(() => proxies.stop());
    const proxyFeed = followFeed<readonly string[]>(http, "proxies", "up", (services) =>
      proxies.run(services),
    );
    stops.push(async () => proxyFeed.stop());

    let map: AddressMap | undefined;
    let seen = observe(policies);
    const mapFeed = followFeed<AddressMap>(http, "addresses", "load", async (next) => {
      map = next;
      seen = observe(policies);
    });
    stops.push(async () => mapFeed.stop());
    if (output.json)
      output.print(
        JSON.stringify({ xds, http, controlPlane: first.process.pid, services: emulator.process.pid }),
      );
    else
      output.print(
        `HTTP API on ${http}/status; edit a policy in ${paths.join(", ")} and save it to see it change; Ctrl-C ends everything`,
      );

    if (options.load > 0) {
      let failed = 0;
      const load = startLoad({
        rate: options.load,
        addresses: () => map,
        answered(answer) {
          if (answer.tree === undefined) failed++;
          else seen.add(answer.tree);
        },
      });
      stops.push(async () => load.stop());
      const picture = setInterval(() => {
        output.print(
          [
            "",
            ...seen.lines().map((line) => `  ${line}`),
            ...(failed > 0 ? [`  ${failed} requests failed`] : []),
          ].join("\n"),
        );
        seen = observe(policies);
      }, pictureMs);
      stops.push(async () => clearInterval(picture));
    }
    await interrupted;
    output.progress("stopping");
    return 0;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function portOf(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(":") + 1);
}

/** Every replica as the emulator wants it. */
function emulated(mesh: Mesh, addresses: AddressPlan): readonly EmulatedService[] {
  return [...mesh.services.values()].flatMap((service) =>
    addresses.instances(service.name).map((instance) => ({
      service: service.name,
      ...(instance.version === undefined ? {} : { version: instance.version }),
      address: instance.address,
      port: instance.port,
      protocol: service.protocol,
      calls: mesh.calls
        .filter((call) => call.from === service.name)
        .map((call) => ({ to: call.to, protocol: mesh.services.get(call.to)?.protocol ?? "http" })),
    })),
  );
}
