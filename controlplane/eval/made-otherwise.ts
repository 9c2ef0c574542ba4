import type { Load } from "./plan.ts";
import type { Result } from "./results.ts";
import type { MeshMachine } from "./run-result.ts";

/** How everything of a folder is to be measured. */
export interface Way {
  readonly machine: MeshMachine;
  /** How an application is measured that sustains so many requests a second. */
  loadsAt(capacity: number): readonly Load[];
  /** Of each trial of what is sustained. */
  readonly trialSeconds: number;
}

/**
 * In what results were made otherwise than they would be now, one text for each figure; none: they can be continued. A median of runs of two machines, two
 * commits or two durations is of neither.
 */
export function madeOtherwise(
  results: readonly Result[],
  { machine, loadsAt, trialSeconds }: Way,
): readonly string[] {
  const loads = new Map(
    results.flatMap((each) =>
      each.kind === "capacity" ? [[each.application, loadsAt(each.rate)] as const] : [],
    ),
  );
  const differences = results.flatMap((result) => {
    // What is at no rate of these is in no median with them.
    const wanted =
      result.kind === "capacity"
        ? trialSeconds
        : loads.get(result.application)?.find(({ rate }) => rate === result.rate)?.seconds;
    const keys = Object.keys(machine) as readonly (keyof MeshMachine)[];
    return [
      ...keys
        .filter((key) => result.machine[key] !== machine[key])
        .map((key) => `${key} ${result.machine[key] ?? "unknown"} and not ${machine[key] ?? "unknown"}`),
      ...(wanted === undefined || result.seconds === wanted
        ? []
        : [`${result.kind === "run" ? "runs" : "trials"} of ${result.seconds} s and not ${wanted} s`]),
    ];
  });
  return [...new Set(differences)];
}
