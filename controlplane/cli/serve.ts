import { createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { type Build, build, type Input } from "../pipeline/build.ts";
import { explainPlacement } from "../placement/explain.ts";
import { type ControlPlane, createControlPlane } from "../rollout/control-plane.ts";
import { startHttpApi } from "../rollout/http-api.ts";
import { readState, writeState } from "../rollout/state-file.ts";
import { type AdsServer, createAdsServer } from "../server/ads-server.ts";
import type { Nack } from "../server/delta-stream.ts";
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

  const state = options.state === undefined ? undefined : await readState(options.state);
  const before =
    state === undefined ? undefined : await build(state.input, { previous: state.placement, cache });
  const previous = before?.build?.placement;
  const first = await build({ policies, mesh }, { cache, ...(previous === undefined ? {} : { previous }) });
  reportDiagnostics(output, first.diagnostics);
  const start = first.build ?? before?.build;
  if (start === undefined) {
    if (output.json) output.print(diagnosticsJson(first.diagnostics));
    return 1;
  }

  const ads = await createAdsServer({
    listen: { host, port: options.xdsPort },
    onNack: (nack) => output.progress(nackText(nack, controlPlane.current ?? start)),
  });
  const controlPlane = createControlPlane({
    ads,
    onStage: (stage) => output.progress(`rollout: ${stage.name}`),
  });
  const api = await startHttpApi({
    host,
    port: options.httpPort,
    status: () => statusOf(controlPlane, ads),
    feeds: { addresses: controlPlane.addresses, proxies: controlPlane.proxies },
  });
  const endpoints = { xds: `${host}:${ads.port}`, http: `http://${host}:${api.port}` };
  output.print(
    output.json ? JSON.stringify(endpoints) : `xDS on ${endpoints.xds}, HTTP API on ${endpoints.http}`,
  );

  const apply = async (next: Build): Promise<void> => {
    await controlPlane.apply(next);
    if (options.state !== undefined)
      await writeState(options.state, { input: next.input, placement: next.placement });
    describe(output, next);
  };
  if (before?.build !== undefined) controlPlane.adopt(before.build);
  const rollout = apply(start).catch((error: unknown) => reportFailure(output, error));

  const edit = async (input: Input): Promise<void> => {
    await rollout;
    const placement = controlPlane.current?.placement;
    const next = await build(input, { cache, ...(placement === undefined ? {} : { previous: placement }) });
    reportDiagnostics(output, next.diagnostics);
    if (next.build === undefined || hasErrors(next.diagnostics)) {
      output.progress("wire: the change is not taken; what was in force goes on");
      return;
    }
    await apply(next.build).catch((error: unknown) => reportFailure(output, error));
  };
  const watch = watchPolicies(paths, policies, async (changed) => edit({ policies: changed, mesh }));
  await untilInterrupted();
  await watch.stop();
  await api.close();
  await ads.close();
  return 0;
}

function describe(output: Output, built: Build): void {
  const { proxies } = built.placement;
  output.progress(`in force: ${proxies.length} of ${built.mesh.services.size} services have a proxy`);
  for (const line of explainPlacement(built.placement, built.policies, built.mesh))
    output.progress(`  ${line}`);
}

function reportFailure(output: Output, error: unknown): void {
  if (!(error instanceof WireError)) throw error;
  output.progress(`wire: ${error.message}`);
}

/** A NACK in the policy author's words: which policy, where it stands, what the proxy said. */
function nackText(nack: Nack, built: Build): string {
  const slots = built.chains
    .flatMap((chain) => chain.slots)
    .filter((slot) => nack.resources.includes(slot.name));
  const names = new Set(slots.flatMap((slot) => slot.module.policies));
  const policies = built.policies.filter((policy) => names.has(policy.name));
  const what =
    policies.length === 0
      ? nack.resources.join(", ")
      : policies.map((policy) => `policy \`${policy.name}\` (${policy.source.path})`).join(", ");
  return `wire: [nack] proxy "${nack.node}" refused ${what}: ${nack.message}; it goes on with what it had`;
}

/** `GET /status`: the placement in force, and what each proxy was sent, acknowledged and refused. */
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
