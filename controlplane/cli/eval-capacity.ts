import { capacityOf, nextTrial, sustained, type Trial } from "../eval/capacity.ts";
import type { CapacityResult } from "../eval/results.ts";
import type { LoadedApplication } from "./eval-applications.ts";
import { measure } from "./eval-measure.ts";
import { startEvalMesh } from "./eval-mesh.ts";
import type { EvalTools } from "./eval-tools.ts";

export interface CapacityOptions {
  /** With all its policies. */
  readonly loaded: LoadedApplication;
  readonly tools: EvalTools;
  /** Of each trial. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

const warmUpSeconds = 1;

/** Find which rate an application sustains with a proxy before every service and all policies. Undefined: none. */
export async function measureCapacity(options: CapacityOptions): Promise<CapacityResult | undefined> {
  const { loaded, tools, seconds, signal, progress } = options;
  const at = new Date().toISOString();
  await using mesh = await startEvalMesh({
    ...loaded,
    mode: "sidecars",
    envoy: tools.envoy,
    signal,
    progress,
  });
  const trials: Trial[] = [];
  for (let rate = nextTrial(trials); rate !== undefined; rate = nextTrial(trials)) {
    const { requests, latencyMs } = await measure({
      ...{
        mesh,
        application: loaded.application,
        vegeta: tools.vegeta,
        rate,
        seconds,
        warmUpSeconds,
        signal,
      },
      ...{ isEnforced: false, isHttp2: loaded.isHttp2 },
    });
    const isSustained =
      requests.answered >= requests.due * sustained.answeredMin &&
      (latencyMs?.p99 ?? Number.POSITIVE_INFINITY) <= sustained.p99MsMax;
    trials.push({ rate, isSustained });
  }
  const rate = capacityOf(trials);
  return rate === undefined
    ? undefined
    : { kind: "capacity", at, machine: tools.machine, application: loaded.name, rate, seconds, trials };
}
