import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Hit } from "../../envoy/measure/attack.ts";
import type { Usage } from "../../envoy/measure/usage.ts";
import type { Application } from "./application.ts";
import { added, type Enforcement, enforcementOf, isWhole, nothingSeen } from "./enforcement.ts";
import { latencyOf } from "./latency.ts";
import type { ByPart, RunResult } from "./run-result.ts";

/** What was seen of a run: all requests, and what everybody had taken when the warm-up and when the measurement ended. */
export interface Observed {
  readonly hits: readonly Hit[];
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly before: UsageByPart;
  readonly after: UsageByPart;
}

/** What everybody has taken until some moment. */
export interface UsageByPart extends Readonly<Record<keyof ByPart | "load", Usage>> {
  /** When that was: on a busy machine later than it was to be. */
  readonly atMs: number;
}

/** The figures of a run. With `application` its answers are held against the policies. */
export function summaryOf(
  { hits, warmUpSeconds, seconds, before, after }: Observed,
  application?: Application,
): Pick<RunResult, "requests" | "failures" | "latencyMs" | "cores" | "memoryMib" | "enforcement"> {
  const [startMs, endMs] = [warmUpSeconds * 1000, (warmUpSeconds + seconds) * 1000];
  const due = hits.filter(({ dueMs }) => dueMs >= startMs && dueMs < endMs);
  const came = due.map((hit) => cameOf(hit));
  const answered = came.filter((each) => each.kind === "answered");
  const latencyMs = latencyOf(answered.map((each) => each.latencyMs));
  const elapsedNs = (after.atMs - before.atMs) * 1e6;
  const cores = (part: keyof ByPart | "load"): number => (after[part].cpuNs - before[part].cpuNs) / elapsedNs;
  const mib = (part: keyof ByPart): number => after[part].memoryKib / 1024;
  return {
    requests: { due: due.length, answered: answered.length },
    failures: counts(came.flatMap((each) => (each.kind === "failed" ? [each.why] : []))),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    cores: {
      ...{ proxies: cores("proxies"), services: cores("services") },
      ...{ controlPlane: cores("controlPlane"), load: cores("load") },
    },
    memoryMib: { proxies: mib("proxies"), services: mib("services"), controlPlane: mib("controlPlane") },
    ...(application === undefined ? {} : { enforcement: enforced(answered, application) }),
  };
}

/** What came of a request. One of whose calls one was not answered is not answered either, whatever its first service says. */
type Came =
  | { readonly kind: "answered"; readonly latencyMs: number; readonly tree: CallTree }
  | { readonly kind: "failed"; readonly why: string };

function cameOf(hit: Hit): Came {
  if (hit.status !== 200) return { kind: "failed", why: whyFailed(hit) };
  const tree: CallTree = JSON.parse(hit.body);
  return isWhole(tree)
    ? { kind: "answered", latencyMs: hit.latencyMs, tree }
    : { kind: "failed", why: "a call of it failed" };
}

function enforced(answered: readonly { readonly tree: CallTree }[], application: Application): Enforcement {
  return answered.map(({ tree }) => enforcementOf(tree, application)).reduce(added, nothingSeen);
}

function whyFailed({ status, error = "" }: Hit): string {
  if (status !== 0) return `status ${status}`;
  if (/timeout|deadline/iu.test(error)) return "timeout";
  // What follows names addresses and ports, which differ each time.
  return (
    error.replace(/^.*?(?:dial|read|write) tcp [^:]*(?::\d+)?(?:->[^ ]*)?:? ?/u, "").slice(0, 80) ||
    "no answer"
  );
}

function counts(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}
