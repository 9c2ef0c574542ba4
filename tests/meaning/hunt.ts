import fc from "fast-check";
import type { Interface } from "../../controlplane/language/interface.ts";
import { standardInterface } from "../../controlplane/language/standard.ts";
import { everything, narrowed } from "./coverage.ts";
import { request } from "./draft/request.ts";
import { scenario } from "./draft/scenario.ts";
import { type Finding, reduce } from "./reduce.ts";
import { buildScenario, runScenario } from "./run-scenario.ts";

export interface HuntOptions {
  /** The first scenario's; the next ones have the numbers after it. */
  readonly seed: number;
  /** When to stop: after so many pairs of a policy and a request, with everything done so often, or when the time is over. */
  readonly until: (report: HuntReport) => boolean;
  /** How often everything is to be done. Every other scenario is about what was done less often. */
  readonly times: number;
  readonly requestsPerScenario?: number;
  /** How long a difference may be made smaller. Default 60,000. */
  readonly reduceMs?: number;
}

export interface HuntReport {
  readonly scenarios: number;
  readonly pairs: number;
  /** How often each action was done and each operator evaluated. */
  readonly done: ReadonlyMap<string, number>;
  /** Policies that were left out, by why. */
  readonly refused: ReadonlyMap<string, number>;
  readonly finding?: Finding & { readonly seed: number };
}

/** Hold modules and interpreter against each other on random scenarios, until they differ or it is enough. */
export async function hunt({
  seed,
  until,
  times,
  requestsPerScenario = 400,
  reduceMs = 60_000,
}: HuntOptions): Promise<HuntReport> {
  const done = new Map<string, number>();
  const refused = new Map<string, number>();
  let report: HuntReport = { scenarios: 0, pairs: 0, done, refused };
  while (!until(report)) {
    const own = seed + report.scenarios;
    const [drawn] = fc.sample(scenario(offeredNext(report, times)), { seed: own, numRuns: 1 });
    const requests = fc.sample(request, { seed: own, numRuns: requestsPerScenario });
    const built = drawn && (await buildScenario(drawn));
    report = { ...report, scenarios: report.scenarios + 1 };
    if (drawn === undefined || built === undefined) continue;
    const failed = "place" in built;
    for (const why of failed ? [] : built.refused) add(refused, why);
    const { pairs, difference } = failed
      ? { pairs: 0, difference: built }
      : runScenario(built, requests, (name) => add(done, name));
    report = { ...report, pairs: report.pairs + pairs };
    if (difference === undefined) continue;
    const first = { scenario: failed ? drawn : built.scenario, requests: failed ? [] : requests, difference };
    const finding = await reduce(first, Date.now() + reduceMs);
    return { ...report, finding: { ...finding, seed: own } };
  }
  return report;
}

/** As many actions as a policy has room for. */
const rareMax = 6;

/** Everything, or else what was rare until now: left to itself, what needs a state or one side of a call would be rare for ever. */
function offeredNext({ scenarios, done }: HuntReport, times: number): Interface {
  const count = (name: string): number => done.get(name) ?? 0;
  const rare = everything().filter((name) => count(name) < times);
  if (scenarios % 2 === 0 || rare.length === 0) return standardInterface;
  return narrowed(rare.sort((one, other) => count(one) - count(other)).slice(0, rareMax));
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
