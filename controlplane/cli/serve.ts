import { isDeepStrictEqual } from "node:util";
import { type ChainCache, createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import { type Build, build } from "../pipeline/build.ts";
import { explainPlacement } from "../placement/explain.ts";
import { type ControlPlane, createControlPlane, type Rollout } from "../rollout/control-plane.ts";
import { startHttpApi } from "../rollout/http-api.ts";
import type { Turn } from "../rollout/latest-wins.ts";
import { nackText } from "../rollout/nack-text.ts";
import { readState, type State, stateOf, writeState } from "../rollout/state-file.ts";
import { type AdsServer, createAdsServer } from "../server/ads-server.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource, readSources } from "./read-sources.ts";
import { createOutput, diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { watchPolicies } from "./watch-policies.ts";

export interface ServeOptions {
  readonly mesh: string;
  readonly xdsPort: number;
  readonly httpPort: number;
  readonly state?: string;
  readonly json?: boolean;
}

const host = "127.0.0.1";

/** `wire serve`: the control plane alone. Prints its endpoints, then follows the policy files until it is interrupted. */
export async function serve(paths: readonly string[], options: ServeOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const cache = createChainCache();
  const mesh = await readSource(options.mesh);
  const policies = await readSources(paths);
  if (policies.length === 0) return noPolicies(output, paths);

  const kept = options.state === undefined ? undefined : await readState(options.state);
  const unfinished = kept === undefined ? undefined : await rebuild(kept, cache);
  const placement = kept?.to.placement;
  const first = await build(
    { policies, mesh },
    { cache, ...(placement === undefined ? {} : { previous: placement }) },
  );
  reportDiagnostics(output, first.diagnostics);
  if (first.build === undefined && unfinished === undefined) {
    if (output.json) output.print(diagnosticsJson(first.diagnostics));
    return 1;
  }

  const ads = await createAdsServer({
    listen: { host, port: options.xdsPort },
    onNack: (nack) => {
      if (newest !== undefined) output.progress(nackText(nack, newest));
    },
  });
  // What is being rolled out, or was last.
  let newest: Build | undefined;
  const controlPlane = createControlPlane({
    ads,
    cache,
    async entering(rollout, stage) {
      newest = rollout.to;
      const services = [...stage.snapshots.keys()].join(", ") || "none";
      output.progress(
        rollout.from === undefined
          ? `starting the proxies: ${services}`
          : `rollout: ${stage.name} (proxies: ${services})`,
      );
      if (options.state !== undefined) await writeState(options.state, stateOf(rollout));
    },
    waiting: (node, { kind }) =>
      output.progress(
        kind === "timeout"
          ? `still waiting for the proxy of ${node}`
          : `the proxy of ${node} refuses what it is sent`,
      ),
  });
  const api = await startHttpApi({
    host,
    port: options.httpPort,
    status: () => statusOf(controlPlane, ads),
    feeds: { addresses: controlPlane.addresses, proxies: controlPlane.proxies },
  }).catch(async (error: unknown) => {
    await ads.close();
    throw error;
  });
  const endpoints = { xds: `${host}:${ads.port}`, http: `http://${host}:${api.port}` };
  output.print(
    output.json ? JSON.stringify(endpoints) : `xDS on ${endpoints.xds}, HTTP API on ${endpoints.http}`,
  );

  const follow = async (turn: Promise<Turn>): Promise<void> => {
    try {
      if ((await turn) === "replaced") return;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      output.progress(`wire: the change is not taken: ${error.message}`);
    }
    if (controlPlane.current !== undefined) describe(output, controlPlane.current);
  };
  if (unfinished !== undefined) void follow(controlPlane.resume(unfinished));
  if (first.build === undefined)
    output.progress("wire: the policies have errors; what was in force before goes on");
  else if (!isDeepStrictEqual(first.build.input, unfinished?.to.input))
    void follow(controlPlane.apply(first.build));

  const watch = await watchPolicies({
    paths,
    initial: policies,
    async changed(sources) {
      const target = (newest ?? controlPlane.current)?.placement;
      const next = await build(
        { policies: sources, mesh },
        { cache, ...(target === undefined ? {} : { previous: target }) },
      );
      reportDiagnostics(output, next.diagnostics);
      if (next.build === undefined)
        output.progress("wire: the change is not taken: what was in force goes on");
      else void follow(controlPlane.apply(next.build));
    },
    unreadable: (why) => output.progress(`wire: ${why}: what was in force goes on`),
  });
  await untilInterrupted();
  await watch.stop();
  await api.close();
  await ads.close();
  return 0;
}

/** The builds of a rollout that was kept. Undefined when one cannot be built any more, as after an upgrade: then all starts afresh. */
async function rebuild(state: State, cache: ChainCache): Promise<Rollout | undefined> {
  const { build: to } = await build(state.to.input, { placement: state.to.placement, cache });
  if (to === undefined) return undefined;
  const from =
    state.from === undefined
      ? undefined
      : (await build(state.from.input, { placement: state.from.placement, cache })).build;
  return { ...(from === undefined ? {} : { from }), to, stage: from === undefined ? 0 : state.stage };
}

function describe(output: Output, built: Build): void {
  const { proxies } = built.placement;
  output.progress(`in force: ${proxies.length} of ${built.mesh.services.size} services have a proxy`);
  for (const line of explainPlacement(built.placement, built.policies, built.mesh))
    output.progress(`  ${line}`);
}

function statusOf(controlPlane: ControlPlane, ads: AdsServer): unknown {
  return {
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
