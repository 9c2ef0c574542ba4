import type { Mesh } from "../mesh/mesh.ts";
import type { LoadReport } from "../server/load-report.ts";
import { clusterTargets } from "../xds/cluster-target.ts";
import { type CallRate, callRates, callsOf, type ProxyLoad } from "./call-rates.ts";
import { createLoadLog } from "./load-log.ts";
import type { Load } from "./spread.ts";

/** What is known of the calls of a mesh: `GET /rates`. */
export interface RatesReport {
  /** Rates are over the last so many seconds, or as many of these as somebody has counted in. */
  readonly windowSeconds: number;
  /** How often proxies report. */
  readonly intervalSeconds: number;
  readonly calls: readonly MeasuredCall[];
  /** Calls without a proxy on either side that has reported. */
  readonly unmeasured: readonly { readonly from: string | null; readonly to: string }[];
}

export interface MeasuredCall extends CallRate {
  /** Requests since the control plane began, where the caller's proxy counts them. */
  readonly total?: number;
}

export interface Rates {
  onReport(report: LoadReport): void;
  onEnded(node: string, stream: number): void;
  report(): RatesReport;
}

const windowMsMin = 60_000;
/** An interval is a lower bound, and a report may be under way. */
const silentIntervals = 3;
/** No service is called so. */
const inbound = ">";

/** From the reports of the proxies of a mesh to the rates of its calls. */
export function createRates(options: {
  /** As it is now; undefined before there is one. */
  readonly mesh: () => Mesh | undefined;
  readonly intervalMs: number;
  readonly nowMs: () => number;
}): Rates {
  const { mesh: meshNow, intervalMs, nowMs } = options;
  const windowMs = Math.max(windowMsMin, 2 * silentIntervals * intervalMs);
  const log = createLoadLog({
    windowMs,
    silentMsMax: silentIntervals * intervalMs,
    targetOf: (node, cluster) => {
      const mesh = meshNow();
      const target = mesh && targetsOf(mesh)(node, cluster);
      if (target === undefined) return undefined;
      return target.kind === "inbound" ? inbound : target.callee;
    },
  });
  return {
    onReport: log.report,
    onEnded: log.ended,
    report: () => {
      const seconds = { windowSeconds: windowMs / 1_000, intervalSeconds: intervalMs / 1_000 };
      const mesh = meshNow();
      if (mesh === undefined) return { ...seconds, calls: [], unmeasured: [] };
      const loads = new Map([...log.loads(nowMs())].map(([node, own]) => [node, proxyLoad(own)]));
      const totals = log.totals();
      const calls = callRates(mesh, loads).map((call): MeasuredCall => {
        const total =
          call.from === null || call.basis !== "counted" ? undefined : totals.get(call.from)?.get(call.to);
        return { ...call, ...(total === undefined ? {} : { total }) };
      });
      const measured = new Set(calls.map(({ from, to }) => `${from ?? ""}>${to}`));
      return {
        ...seconds,
        calls,
        unmeasured: callsOf(mesh)
          .filter(({ from, to }) => !measured.has(`${from ?? ""}>${to}`))
          .map(({ from, to }) => ({ from, to })),
      };
    },
  };
}

const targets = new WeakMap<Mesh, ReturnType<typeof clusterTargets>>();

function targetsOf(mesh: Mesh): ReturnType<typeof clusterTargets> {
  const known = targets.get(mesh) ?? clusterTargets(mesh);
  targets.set(mesh, known);
  return known;
}

function proxyLoad(loads: ReadonlyMap<string, Load>): ProxyLoad {
  const own = loads.get(inbound);
  return {
    outbound: new Map([...loads].filter(([target]) => target !== inbound)),
    ...(own === undefined ? {} : { inbound: own }),
  };
}
