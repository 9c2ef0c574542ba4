import { randomBytes } from "node:crypto";
import { WireError } from "../error/wire-error.ts";
import type { History } from "../history/history.ts";
import type { Content } from "../history/revision.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Build } from "../pipeline/build.ts";
import { createRates, type Rates } from "../rates/create-rates.ts";
import type { Peer } from "../server/transport.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "../server/xds-server.ts";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  createControlPlane,
  type Staged,
} from "./control-plane.ts";
import type { ControlPlaneEvent } from "./event.ts";
import type { HealthReading } from "./health.ts";
import type { HistoryFolder } from "./history-folder.ts";
import { onceIn } from "./once-in.ts";
import { createPathReports, type PathReports } from "./path-reports.ts";
import { usualPauses } from "./pauses.ts";
import { refusedPolicies } from "./refused-policies.ts";
import { createRevisions, type Revisions } from "./revisions.ts";
import type { Rollout } from "./rollout.ts";
import { stateOf, stateWriter } from "./state-file.ts";
import { type WatchHealthOptions, watchHealth } from "./watch-health.ts";
import { watchRollouts } from "./watch-rollouts.ts";
import type { WaveSizes } from "./waves.ts";

export interface Rollouts {
  readonly ads: XdsServer;
  readonly controlPlane: ControlPlane;
  /** What is being rolled out, or was last. */
  readonly newest: Build | undefined;
  /** By them alone builds are rolled out and policies switched off, so that each change is a revision. */
  readonly revisions: Revisions;
  /** Absent where proxies are not asked for their load. */
  readonly rates?: Rates;
  readonly paths: PathReports;
}

/** Waves, and how long and by which measure the proxies of one have to be healthy before the next. */
export interface Staging extends Pick<WatchHealthOptions, "soakMs" | "limits"> {
  readonly sizes: WaveSizes;
  /** What the proxy of a service counts; rejects where it does not tell. */
  read(service: string, mesh: Mesh): Promise<HealthReading>;
}

export interface RolloutsOptions {
  /** Where proxies connect, and which of them may. */
  readonly server: Pick<XdsServerOptions, "listen" | "credentials" | "refuses" | "seesAll" | "plaintext">;
  /** Milliseconds between two reports of how much a proxy sends where; absent, none are asked for. */
  readonly loadIntervalMs?: number;
  /** A file, where the state in force is to be kept. */
  readonly state?: string;
  /** Policies that are switched off from the beginning. */
  readonly off?: readonly string[];
  /** The revisions that were kept, and how they go on; kept in memory alone by default. */
  readonly kept?: { readonly history: History; readonly folder: HistoryFolder };
  /** What is to be resumed, where something is. */
  readonly unfinished?: Content;
  /** How changes come to some proxies before the others; to all together by default. */
  readonly staged?: Staging;
  /** What has to be in force first on the way to a build; by default nothing. */
  readonly nextBuild?: ControlPlaneOptions["nextBuild"];
  /** Milliseconds that a change waits for the proxies that it concerns; 30,000 by default. */
  readonly stageTimeoutMs?: number;
  /** The last change was not taken since proxies that it concerns were not connected, and now all are. */
  returned?(): void;
  /** Told once for each reason why the history cannot be kept. */
  unkept?(error: WireError): void;
  observe(event: ControlPlaneEvent): void;
}

/** Milliseconds between two signs of life of a proxy, at most. */
const keepaliveMsMax = 10_000;
/** A client that is turned away comes again soon. */
const turnedAwayMs = 60_000;

/** The xDS server and the control plane that rolls builds out through it, telling `observe` what happens in the proxies. */
export async function startRollouts(options: RolloutsOptions): Promise<Rollouts> {
  const { observe, state, loadIntervalMs, staged: staging } = options;
  const { stageTimeoutMs = usualPauses.stageTimeoutMs } = options;
  let newest: Build | undefined;
  const stagedBy = ({ sizes, soakMs, limits, read }: Staging): Staged => ({
    sizes,
    watch: ({ proxies, fresh, mesh }) =>
      watchHealth({ proxies, fresh, soakMs, limits, read: (service) => read(service, mesh) }),
  });
  const rates =
    loadIntervalMs === undefined
      ? undefined
      : createRates({
          ...{ mesh: () => newest?.mesh, intervalMs: loadIntervalMs },
          nowMs: () => performance.now(),
        });
  const paths = createPathReports({
    current: () => controlPlane.current,
    nowMs: () => Date.now(),
    random: (digits) =>
      randomBytes(Math.ceil(digits / 2))
        .toString("hex")
        .slice(0, digits),
  });
  const stream = (kind: "connected" | "disconnected") => (node: string, peer: Peer) => {
    observe({ kind, node, ...peer });
    controlPlane.streams[kind](node);
  };
  const isDue = onceIn(turnedAwayMs, () => performance.now());
  const turnedAway = (
    client: Omit<Extract<ControlPlaneEvent, { readonly kind: "turnedAway" }>, "kind">,
  ): void => {
    const host = client.address.replace(/:\d+$/, "");
    if (isDue(JSON.stringify([host, client.node, client.reason]))) observe({ kind: "turnedAway", ...client });
  };
  const ads = await createXdsServer({
    ...options.server,
    // A proxy that has gone without a word is found to be gone in twice this time. It may be back under its name, and what waits for the
    // one that was there would fail.
    limits: { keepaliveMs: Math.min(keepaliveMsMax, stageTimeoutMs / 3) },
    onNack: (nack) => {
      if (newest !== undefined) observe({ kind: "nacked", ...nack, policies: refusedPolicies(nack, newest) });
    },
    onRefused: ({ peer, node, details }) =>
      turnedAway({ by: "server", ...peer, ...(node === undefined ? {} : { node }), reason: details }),
    onHandshakeError: ({ address, reason }) => turnedAway({ by: "tls", address, identities: [], reason }),
    onConnected: stream("connected"),
    onDisconnected: stream("disconnected"),
    onConverged: (converged) => observe({ kind: "converged", ...converged }),
    onAcknowledged: () => revisions.acknowledged(),
    logs: { onEntries: paths.onEntries },
    ...(rates === undefined || loadIntervalMs === undefined
      ? {}
      : { loads: { intervalMs: loadIntervalMs, onReport: rates.onReport, onEnded: rates.onEnded } }),
  }).catch((cause: unknown) => {
    // The server is a library of its own, and knows nothing of options of a command.
    if (!(cause instanceof WireError) || !cause.reason.endsWith("choose another")) throw cause;
    throw new WireError(cause.code, `${cause.reason} with --xds-port`, { cause });
  });
  const write = state === undefined ? undefined : stateWriter(state);
  const keep = async (rollout: Rollout): Promise<void> => write?.(stateOf(rollout));
  const watch = watchRollouts(observe, () => performance.now());
  const controlPlane = createControlPlane({
    ads: {
      ...ads,
      async waitForAcks(node, timeoutMs) {
        const outcome = await ads.waitForAcks(node, timeoutMs);
        watch.answered(node, outcome);
        return outcome;
      },
    },
    begun: (rollout) => {
      const shown = { input: (rollout.goal ?? rollout.to).input, off: controlPlane.off };
      const mark = revisions.mark(shown, true);
      watch.begin(rollout, mark === undefined ? undefined : Number(mark.revision));
    },
    ended: watch.end,
    planned: watch.plan,
    judged: watch.judged,
    ...(staging === undefined ? {} : { staged: stagedBy(staging) }),
    async entering(rollout, stage) {
      newest = rollout.to;
      watch.enter(rollout, stage);
      await keep(rollout);
    },
    switching: keep,
    finished: keep,
    mark: ({ to, off }, isFinal) => revisions.mark({ input: to.input, off }, isFinal),
    ...(options.off === undefined ? {} : { off: options.off }),
    waiting: (node, { kind }) => watch.waiting(node, kind),
    ...(options.returned === undefined ? {} : { returned: options.returned }),
    pauses: { stageTimeoutMs },
    ...(options.nextBuild === undefined ? {} : { nextBuild: options.nextBuild }),
  });
  const revisions = createRevisions({
    ...{ controlPlane, ads, history: options.kept?.history ?? [], nowMs: () => Date.now() },
    ...(options.unfinished === undefined ? {} : { unfinished: options.unfinished }),
    write: writing(options),
  });
  return {
    ads,
    controlPlane,
    revisions,
    ...(rates === undefined ? {} : { rates }),
    paths,
    get newest() {
      return newest;
    },
  };
}

function writing({
  kept,
  unkept,
}: Pick<RolloutsOptions, "kept" | "unkept">): (history: History) => Promise<void> {
  let told = "";
  return async (history) => {
    try {
      await kept?.folder.write(history);
      told = "";
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (error.message !== told) unkept?.(error);
      told = error.message;
    }
  };
}
