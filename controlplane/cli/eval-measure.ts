import { setTimeout as sleep } from "node:timers/promises";
import { attack } from "../../envoy/measure/attack.ts";
import { usageOf } from "../../envoy/measure/usage.ts";
import { WireError } from "../error/wire-error.ts";
import type { Application } from "../eval/application.ts";
import { pathsInTurn } from "../eval/requests.ts";
import { type Observed, summaryOf, type UsageByPart } from "../eval/summary.ts";
import { type EvalMesh, entryOf } from "./eval-mesh.ts";

export interface MeasureOptions {
  readonly mesh: EvalMesh;
  readonly application: Application;
  readonly vegeta: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Before these, and counted for nothing. */
  readonly warmUpSeconds: number;
  /** Whether answers have to show what the policies do. */
  readonly isEnforced: boolean;
  /** Whether the entry speaks HTTP/2. */
  readonly isHttp2: boolean;
  readonly signal: AbortSignal;
}

/** Requests go on for so long after the measurement, so that it ends in the midst of them. */
const afterSeconds = 1;

/** Make requests of a running mesh, and see how long they take and what everybody takes meanwhile. */
export async function measure(options: MeasureOptions): Promise<ReturnType<typeof summaryOf>> {
  const { mesh, application, seconds, warmUpSeconds, isEnforced } = options;
  const entry = entryOf(mesh, application);
  let taken: Promise<Pick<Observed, "before" | "after">> | undefined;
  const hits = await attack({
    ...{ vegeta: options.vegeta, rate: options.rate, seconds: warmUpSeconds + seconds + afterSeconds },
    ...{ isHttp2: options.isHttp2, signal: options.signal },
    urls: pathsInTurn(application.requests).map((path) => `http://${entry.address}:${entry.port}${path}`),
    headers: { host: application.entry },
    onStarted: (pid) => {
      taken = usageBetween({ mesh, load: pid, warmUpSeconds, seconds });
      // Who waits for it is told.
      taken.catch(() => undefined);
    },
  });
  if (taken === undefined) throw new WireError("eval", "no requests were made");
  const observed: Observed = { hits, warmUpSeconds, seconds, ...(await taken) };
  return summaryOf(observed, isEnforced ? application : undefined);
}

interface Between {
  readonly mesh: EvalMesh;
  readonly load: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

async function usageBetween({
  mesh,
  load,
  warmUpSeconds,
  seconds,
}: Between): Promise<Pick<Observed, "before" | "after">> {
  const { pids } = mesh;
  const startMs = performance.now();
  const at = async (second: number): Promise<UsageByPart> => {
    await sleep(Math.max(0, startMs + second * 1000 - performance.now()));
    try {
      return {
        atMs: performance.now(),
        ...{ proxies: usageOf(pids.proxies), services: usageOf(pids.services) },
        ...{ controlPlane: usageOf(pids.controlPlane), load: usageOf([load]) },
      };
    } catch (cause) {
      throw new WireError("eval", "a process has ended while it was measured", { cause });
    }
  };
  const before = await at(warmUpSeconds);
  return { before, after: await at(warmUpSeconds + seconds) };
}
