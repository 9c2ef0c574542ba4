import { createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";
import { type Build, build } from "../pipeline/build.ts";
import { explainPlacement } from "../placement/explain.ts";
import { startHttpApi } from "../rollout/http-api.ts";
import type { Turn } from "../rollout/latest-wins.ts";
import { type Rollouts, startRollouts } from "../rollout/start-rollouts.ts";
import { asBeforeText, offText } from "../rollout/switch-report.ts";
import { offIn, switchCommands } from "../rollout/switches.ts";
import type { ExitCode } from "./main.ts";
import { readSource } from "./read-files.ts";
import { withParams } from "./read-sources.ts";
import { createOutput, reportDiagnostics } from "./report.ts";
import { building, sayIfLong } from "./say-if-long.ts";
import { goesOn, startingPoint } from "./starting-point.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { watchMesh } from "./watch-mesh.ts";
import { watchPolicies } from "./watch-policies.ts";

export interface ServeOptions {
  readonly mesh: string;
  /** A file with the text of the mesh as `wire up` has read it: all that it runs is of one mesh, whatever becomes of the user's file. */
  readonly meshText?: string;
  /** A file with values for parameters; it is read, and followed, with the policies. */
  readonly params?: string;
  readonly xdsPort: number;
  readonly httpPort: number;
  readonly state?: string;
  /** Followers of the address map that the first rollout waits for, besides those that come by themselves. */
  readonly follower?: readonly string[];
  readonly json?: boolean;
}

const host = "127.0.0.1";

/** `wire serve`: the control plane alone. Prints its endpoints, then follows the policy files until it is interrupted. */
export async function serve(named: readonly string[], options: ServeOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const paths = withParams(named, options.params);
  const cache = createChainCache();
  const readMesh = async (): Promise<Source> => ({
    path: options.mesh,
    text: (await readSource(options.meshText ?? options.mesh)).text,
  });
  const start = await startingPoint({ output, paths, readMesh, state: options.state, cache });
  if (start.kind === "nothing") return 1;
  const { mesh } = start;

  const rollouts = await startRollouts({
    listen: { host, port: options.xdsPort },
    ...(options.state === undefined ? {} : { state: options.state }),
    off: start.off,
    progress: output.progress,
  });
  const { ads, controlPlane } = rollouts;
  controlPlane.addresses.expect(options.follower ?? []);
  const api = await startHttpApi({
    host,
    port: options.httpPort,
    status: () => statusOf(rollouts),
    commands: switchCommands(rollouts, (report) => {
      const { off, waitingFor, milliseconds } = report;
      const when =
        waitingFor.length === 0
          ? `everywhere after ${milliseconds} ms`
          : `not yet at the proxies of ${waitingFor.join(", ")}`;
      output.progress(`${offText(off) || "no policy is switched off"}; ${when}`);
      const asBefore = asBeforeText(report);
      if (asBefore !== "") output.progress(asBefore);
    }),
    feeds: { addresses: controlPlane.addresses, proxies: controlPlane.proxies },
  }).catch(async (error: unknown) => {
    await ads.close();
    throw error;
  });
  const endpoints = { xds: `${host}:${ads.port}`, http: `http://${host}:${api.port}` };
  // Whoever has read the endpoints may end it.
  const interrupted = untilInterrupted();
  output.print(
    output.json ? JSON.stringify(endpoints) : `xDS on ${endpoints.xds}, HTTP API on ${endpoints.http}`,
  );

  const follow = async (turn: Promise<Turn>): Promise<void> => {
    try {
      if ((await turn) === "done") output.progress(describe("in force", controlPlane.current));
      // Other policies leave it as it is.
      const still = offText(offIn(rollouts));
      if (still !== "") output.progress(`still ${still}`);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      output.progress(`wire: the change is not taken: ${error.message}`);
      output.progress(describe("still in force", controlPlane.current));
      watch.retry();
    }
  };
  const watch = await watchPolicies({
    paths,
    initial: start.policies,
    async changed(sources) {
      const last = rollouts.newest ?? controlPlane.current;
      const work = build({ policies: sources, mesh }, { cache, ...(last === undefined ? {} : { last }) });
      const next = await sayIfLong(output, work, building);
      reportDiagnostics(output, next.diagnostics);
      if (next.build === undefined) output.progress(`wire: the change is not taken: ${goesOn}`);
      else void follow(controlPlane.apply(next.build));
    },
    unreadable: (why) => output.progress(`wire: ${why}: ${goesOn}`),
  });
  if (start.unfinished !== undefined) void follow(controlPlane.resume(start.unfinished));
  if (start.build !== undefined) void follow(controlPlane.apply(start.build));

  using _ = options.meshText === undefined ? watchMesh(mesh, output.progress) : undefined;
  await interrupted;
  await watch.stop();
  await api.close();
  await ads.close();
  return 0;
}

/** One line for the whole, one for each proxy. */
function describe(title: "in force" | "still in force", built: Build | undefined): string {
  if (built === undefined) return `${title}: nothing`;
  const { placement, policies, mesh } = built;
  return [
    `${title}: ${placement.proxies.length} of ${mesh.services.size} services have a proxy`,
    ...explainPlacement(placement, policies, mesh).map((line) => `  ${line}`),
  ].join("\n");
}

/** `GET /status`: the placement in force, and what each proxy was sent, acknowledged and refused. */
function statusOf({ controlPlane, ads, newest }: Rollouts): unknown {
  return {
    pid: process.pid,
    /** Whether the newest build that was begun is the one in force. */
    settled: newest !== undefined && newest === controlPlane.current,
    /** Policies that are switched off. */
    off: offIn({ controlPlane, newest }),
    placement: controlPlane.current?.placement,
    addresses: controlPlane.addresses.latest?.revision,
    proxies: ads.status().map(({ node, connected, settled, types }) => ({
      service: node,
      connected,
      settled,
      resources: [...types].flatMap(([type, resources]) =>
        [...resources].map(([name, versions]) => ({ type, name, ...versions })),
      ),
    })),
  };
}
