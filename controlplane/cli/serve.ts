import { usualAdminPort } from "../../envoy/index.ts";
import { createChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import { inForce, lastRejected } from "../history/history.ts";
import { filesOf } from "../history/revision.ts";
import { declaredDataplanes } from "../language/check-imports.ts";
import { dataplaneNames } from "../language/offer.ts";
import type { Source } from "../language/source.ts";
import { build } from "../pipeline/build.ts";
import { nextBuild } from "../pipeline/next-build.ts";
import { explainPlacement } from "../placement/explain.ts";
import type { Rates } from "../rates/create-rates.ts";
import { absent } from "../rollout/absence.ts";
import { callMetrics } from "../rollout/call-metrics.ts";
import { doctorAnswer, doctorCommand } from "../rollout/doctor-api.ts";
import type { ControlPlaneEvent } from "../rollout/event.ts";
import { eventText } from "../rollout/event-text.ts";
import { historyAnswer } from "../rollout/history-answers.ts";
import { openHistoryFolder } from "../rollout/history-folder.ts";
import { type Answer, startHttpApi } from "../rollout/http-api.ts";
import { leaveCommand, leaveText } from "../rollout/leave.ts";
import { createMetrics } from "../rollout/metrics.ts";
import { refusalReports } from "../rollout/refusal-report.ts";
import { resourceReports } from "../rollout/resource-report.ts";
import type { Begun } from "../rollout/revisions.ts";
import { rollbackCommand } from "../rollout/rollback.ts";
import { createRolloutSpans } from "../rollout/rollout-spans.ts";
import { type Rollouts, startRollouts } from "../rollout/start-rollouts.ts";
import { asBeforeText, offText, unkeptText } from "../rollout/switch-report.ts";
import { offIn, type Switched, switchCommands } from "../rollout/switches.ts";
import { isLoopback } from "../server/is-loopback.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { placesOf } from "../xds/decode.ts";
import { typeUrl } from "../xds/type-url.ts";
import { endpoint } from "./endpoint.ts";
import { followSecret } from "./follow-secret.ts";
import { createJsonLog } from "./json-log.ts";
import type { ExitCode } from "./main.ts";
import { readSource } from "./read-files.ts";
import { withParams } from "./read-sources.ts";
import { createOutput, type Output, reportDiagnostics } from "./report.ts";
import { building, sayIfLong } from "./say-if-long.ts";
import { checkCanaries, type StagingOptions, stagingBy } from "./staging.ts";
import { goesOn, startingPoint } from "./starting-point.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { usageError } from "./usage-error.ts";
import { type Attempt, createWanted } from "./wanted.ts";
import { watchMesh } from "./watch-mesh.ts";
import { watchPolicies } from "./watch-policies.ts";
import { type XdsListeningOptions, xdsListening } from "./xds-listening.ts";

export interface ServeOptions extends XdsListeningOptions, StagingOptions {
  readonly mesh: string;
  /** A file with the text of the mesh as `wire up` has read it: all that it runs is of one mesh, whatever becomes of the user's file. */
  readonly meshText?: string;
  /** A file with values for parameters; it is read, and followed, with the policies. */
  readonly params?: string;
  readonly httpPort: number;
  /** 127.0.0.1 by default. */
  readonly httpHost?: string;
  /** A file with what requests to the HTTP API have to bear; needed where others reach it. */
  readonly httpTokenFile?: string;
  readonly state?: string;
  /** A file with a secret without which nobody inside can invent the state of a path; read again when it changes. */
  readonly pathKey?: string;
  /** Lines for people by default, or one JSON object for each event; on standard error. */
  readonly log?: "text" | "json";
  /** Seconds over which the proxies are let go of at the end; 0, at once, by default. */
  readonly drain?: number;
  /** Seconds between two reports of a proxy's load; 0 asks for none. */
  readonly loadInterval: number;
  /** Seconds that a change waits for the proxies that it concerns. */
  readonly stageTimeout: number;
  /** Followers of the address map that the first rollout waits for, besides those that come by themselves. */
  readonly follower?: readonly string[];
  readonly json?: boolean;
}

const loopback = "127.0.0.1";

/** `wire serve`: the control plane alone. Prints its endpoints, then follows the policy files until it is interrupted. */
export async function serve(named: readonly string[], options: ServeOptions): Promise<ExitCode> {
  const log = options.log === "json" ? createJsonLog(process.stderr) : undefined;
  const printed = createOutput({ json: options.json === true });
  const output: Output =
    log === undefined ? printed : { ...printed, progress: log.message, diagnostic: log.diagnostic };
  const { httpHost = loopback, httpTokenFile } = options;
  if (httpTokenFile === undefined && !isLoopback(httpHost))
    throw usageError(
      `others reach the HTTP API on \`${httpHost}\`, so it needs a token: write one into a file, as by \`openssl rand -hex 32\`, and give it by --http-token-file`,
    );
  const staged = stagingBy(options);
  const { progress } = output;
  using token =
    httpTokenFile === undefined
      ? undefined
      : await followSecret({ path: httpTokenFile, kind: "token", of: "the HTTP API", progress });
  using pathKey =
    options.pathKey === undefined
      ? undefined
      : await followSecret({
          ...{ path: options.pathKey, kind: "key", of: "the states of paths", progress },
          changed: () => keyChanged(),
        });
  /** What is built before there is anything to change has the key of then. */
  const firstKey = pathKey?.latest;
  let keyChanged = (): void => undefined;
  using listening = await xdsListening(options, output.progress);
  const paths = withParams(named, options.params);
  const cache = createChainCache();
  let meshSeen: string | undefined;
  const readMesh = async (): Promise<Source> => {
    const { text } = await readSource(options.meshText ?? options.mesh);
    meshSeen = text;
    return { path: options.mesh, text };
  };
  const metrics = createMetrics();
  const tracing = isTraced() ? (await import("./start-tracing.ts")).startTracing(output.progress) : undefined;
  const trace = tracing && createRolloutSpans(tracing.tracer, () => Date.now());
  const observe = (event: ControlPlaneEvent): void => {
    metrics.observe(event);
    const line = log === undefined ? eventText(event) : undefined;
    if (line !== undefined) output.progress(line);
    log?.event(event);
    trace?.(event);
  };
  const timed: typeof build = async (input, how) => {
    const startMs = performance.now();
    const key = pathKey === undefined ? {} : { pathKey: Buffer.from(pathKey.latest) };
    const result = await build(input, { ...key, ...how });
    const outcome = result.build === undefined ? "faulty" : "built";
    observe({ kind: "built", outcome, ms: performance.now() - startMs });
    return result;
  };
  const kept = options.state === undefined ? undefined : await openHistoryFolder(`${options.state}.history`);
  for (const sentence of kept?.damaged ?? []) output.progress(`wire: ${sentence}`);
  const start = await startingPoint({
    ...{ output, paths, readMesh, state: options.state, history: kept?.history ?? [], cache },
    build: timed,
  });
  if (start.kind === "nothing") return 1;
  const known = (start.build ?? start.unfinished?.to)?.mesh;
  if (staged !== undefined && known !== undefined) checkCanaries(staged, known);

  const rollouts = await startRollouts({
    server: listening.server,
    ...(options.loadInterval === 0 ? {} : { loadIntervalMs: options.loadInterval * 1_000 }),
    ...(options.state === undefined ? {} : { state: options.state }),
    observe,
    stageTimeoutMs: options.stageTimeout * 1_000,
    returned: () => {
      output.progress("the proxies that the last change concerns are connected again: it is tried again");
      void wanted.tryAgain();
    },
    ...(staged === undefined ? {} : { staged }),
    nextBuild: (current, wanted, mayForget) => nextBuild(current, wanted, { mayForget, cache }),
    off: start.off,
    ...(kept === undefined ? {} : { kept }),
    ...(start.unfinished === undefined
      ? {}
      : {
          unfinished: {
            input: (start.unfinished.goal ?? start.unfinished.to).input,
            off: start.unfinished.off,
          },
        }),
    unkept: (error) => output.progress(`wire: ${error.message}: what was in force is not written down`),
  });
  const { ads, controlPlane, paths: pathReports, revisions, rates } = rollouts;
  listening.follow(ads.rotate);
  controlPlane.addresses.expect(options.follower ?? []);
  const api = await startHttpApi({
    host: httpHost,
    port: options.httpPort,
    ...(token === undefined ? {} : { token: () => token.latest }),
    status: () => statusOf(rollouts),
    node: (name) => nodeOf(name, rollouts),
    metrics: () => metrics.show(ads.counts(), { rates: rates?.report(), lost: pathReports.lostRequests() }),
    callMetrics: () => callMetrics(rates?.report() ?? { calls: [] }, pathReports.lost()),
    answers: {
      history: historyAnswer(revisions, () => controlPlane.wave),
      rates: ratesAnswer(rates),
      doctor: doctorAnswer(pathReports),
    },
    commands: {
      ...switchCommands(switchedIn(rollouts), (report) => {
        const { off, waitingFor, milliseconds } = report;
        const when =
          waitingFor.length === 0
            ? `everywhere after ${milliseconds} ms`
            : `not yet at the proxies of ${waitingFor.join(", ")}`;
        output.progress(`${offText(off) || "no policy is switched off"}; ${when}`);
        const asBefore = asBeforeText(report);
        if (asBefore !== "") output.progress(asBefore);
        const unkept = unkeptText(report);
        if (unkept !== "") output.progress(`wire: ${unkept}`);
      }),
      doctor: doctorCommand(pathReports, (name) => controlPlane.current?.mesh.services.has(name) === true),
      "force-leave": leaveCommand(controlPlane, (report) => {
        output.progress(leaveText(report));
        const unkept = unkeptText(report);
        if (unkept !== "") output.progress(`wire: ${unkept}`);
      }),
      rollback: rollbackCommand({
        revisions,
        newest: () => rollouts.newest,
        build: (input, how) => timed(input, { cache, ...how }),
        files: () => wanted.files,
        inTurn: (act) => inTurn(act),
        begun: (to, begun, { input }) => {
          output.progress(`going back to revision ${to}, as revision ${begun.number}`);
          void wanted.goBack(input, follow(begun));
        },
      }),
    },
    feeds: { addresses: controlPlane.addresses, proxies: controlPlane.proxies },
  }).catch(async (error: unknown) => {
    await ads.close();
    throw error;
  });
  const endpoints = {
    xds: endpoint(listening.server.listen.host, ads.port),
    http: `http://${endpoint(httpHost, api.port)}`,
  };
  // Whoever has read the endpoints may end it.
  const interrupted = untilInterrupted();
  output.print(
    output.json ? JSON.stringify(endpoints) : `xDS on ${endpoints.xds}, HTTP API on ${endpoints.http}`,
  );

  const follow = async ({ turn }: Begun): Promise<Attempt> => {
    try {
      if ((await turn) === "done") output.progress(describe("in force", rollouts));
      // Other policies leave it as it is.
      const still = offText(offIn(rollouts));
      if (still !== "") output.progress(`still ${still}`);
      return "taken";
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      output.progress(`wire: the change is not taken: ${error.message}`);
      output.progress(describe("still in force", rollouts));
      if (error.code === absent) return "postponed";
      watch.retry();
      return "refused";
    }
  };
  let turns: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = turns.then(act);
    turns = mine.catch(() => undefined);
    return mine;
  };
  const wanted = createWanted({
    initial: { policies: start.policies, mesh: start.mesh },
    files: filesOf(start.read),
    inForce: () => controlPlane.current?.input,
    async build(input) {
      const last = rollouts.newest ?? controlPlane.current;
      const work = timed(input, { cache, ...(last === undefined ? {} : { last }) });
      const { build: made, diagnostics } = await sayIfLong(output, work, building);
      reportDiagnostics(output, diagnostics);
      if (made === undefined) output.progress(`wire: the change is not taken: ${goesOn}`);
      return made;
    },
    rollOut: (made, files, cause) => follow(revisions.apply(made, files, cause)),
    inTurn,
  });
  keyChanged = () => void wanted.tryAgain();
  const watch = await watchPolicies({
    paths,
    initial: start.read.policies,
    changed: wanted.policiesSaved,
    unreadable: (why) => output.progress(`wire: ${why}: ${goesOn}`),
  });
  if (start.unfinished !== undefined) void follow(revisions.resume(start.unfinished));
  if (start.build !== undefined)
    void wanted.begin(start.build, start.unfinished === undefined ? { kind: "start" } : undefined);

  if (pathKey?.latest !== firstKey) keyChanged();
  using _ = watchMesh({
    mesh: start.read.mesh,
    ...(options.meshText === undefined ? {} : { file: options.meshText }),
    ...(meshSeen === undefined ? {} : { seen: meshSeen }),
    dataplanes: () => dataplaneNames(declaredDataplanes(wanted.policies)),
    taken: (next) => void wanted.meshSaved(next),
    progress: output.progress,
  });
  await interrupted;
  await watch.stop();
  const overMs = (options.drain ?? 0) * 1_000;
  observe({ kind: "draining", proxies: ads.counts().nodesConnected, overMs });
  if (overMs > 0) await ads.drain(overMs);
  else await ads.close();
  await api.close();
  await revisions.written();
  await tracing?.stop();
  return 0;
}

/** `GET /rates`. */
function ratesAnswer(rates: Rates | undefined): Answer {
  const error = "the proxies are not asked for their load: start the control plane with --load-interval";
  return async () =>
    rates === undefined
      ? { status: 404, value: { off: true, error } }
      : { status: 200, value: rates.report() };
}

/** By OpenTelemetry's own variables. */
function isTraced(): boolean {
  return ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].some(
    (name) => process.env[name],
  );
}

/** By the revisions, so that a switch is one. */
function switchedIn(rollouts: Rollouts): Switched {
  const { controlPlane, revisions } = rollouts;
  return {
    controlPlane: {
      get current() {
        return controlPlane.current;
      },
      get off() {
        return controlPlane.off;
      },
      switchOff: revisions.switchOff,
    },
    get newest() {
      return rollouts.newest;
    },
  };
}

/** One line for the whole, one for each proxy. */
function describe(title: "in force" | "still in force", { controlPlane, revisions }: Rollouts): string {
  if (controlPlane.current === undefined) return `${title}: nothing`;
  const { placement, policies, mesh, dataplanes } = controlPlane.current;
  const there = inForce(revisions.history);
  const without = (there?.outcome.kind === "converged" ? there.outcome.without : undefined) ?? [];
  const away =
    without.length === 0
      ? ""
      : `, without the ${without.length === 1 ? "proxy" : "proxies"} of ${without.join(", ")}, not connected`;
  return [
    `${title}: ${placement.proxies.length} of ${mesh.services.size} services ${placement.proxies.length === 1 ? "has" : "have"} a proxy${there === undefined ? "" : ` (revision ${there.number})`}${away}`,
    ...explainPlacement(placement, policies, mesh, dataplanes).map((line) => `  ${line}`),
  ].join("\n");
}

/** `GET /nodes/NAME`: what a proxy is to run, and where its Envoy can be asked what it does. */
function nodeOf(node: string, { ads, newest }: Rollouts): unknown {
  const snapshot = ads.snapshot(node);
  if (snapshot === undefined || newest === undefined) return undefined;
  return {
    node,
    admin: `http://${endpoint(addressPlan(newest.mesh).proxy(node), usualAdminPort)}`,
    resources: [...snapshot.values()].flatMap((resources) =>
      [...resources.values()].map((resource) => ({
        type: resource.typeUrl,
        name: resource.name,
        version: resource.version,
        ...(resource.typeUrl === typeUrl.endpoints ? { places: placesOf(resource) } : {}),
      })),
    ),
  };
}

/** `GET /status`: the placement in force, and what each proxy was sent, acknowledged and refused. */
function statusOf({ controlPlane, ads, newest, revisions, paths }: Rollouts): unknown {
  const { history } = revisions;
  const receipts = new Map(revisions.receipts().map((receipt) => [receipt.service, receipt]));
  const builds = [newest, controlPlane.current].filter((build) => build !== undefined);
  return {
    pid: process.pid,
    /** The numbers of the one in force and of the newest, and why this was not taken. */
    revision: {
      inForce: inForce(history)?.number ?? null,
      newest: history.at(-1)?.number ?? null,
      rejected: lastRejected(history) ?? null,
    },
    /** Whether the newest change is the one in force. One that waits for proxies that are away, or for its turn, has not been begun yet. */
    settled:
      newest !== undefined &&
      newest === controlPlane.current &&
      history.at(-1)?.outcome.kind !== "rolling out",
    /** How far a staged rollout is, while one runs. */
    wave: controlPlane.wave ?? null,
    /** Policies that are switched off. */
    off: offIn({ controlPlane, newest }),
    /** Where the paths of requests were lost, and who may be at fault. */
    lost: paths.lost(),
    stateHeader: controlPlane.current?.mesh.stateHeader,
    placement: controlPlane.current?.placement,
    addresses: controlPlane.addresses.latest?.revision,
    proxies: ads.status().map((status) => ({
      service: status.node,
      connected: status.connected,
      /** Whether an operator has said that it is gone. */
      left: controlPlane.hasLeft(status.node),
      settled: status.settled,
      receipt: receipts.get(status.node),
      resources: resourceReports(status, ads.snapshot(status.node)),
      refusals: refusalReports(status.nacks, ads.snapshot(status.node), builds),
    })),
  };
}
