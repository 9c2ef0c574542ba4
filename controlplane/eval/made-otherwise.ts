import type { Result } from "./results.ts";
import type { MeshMachine } from "./run-result.ts";

/** How everything of a folder is to be measured. */
export interface Way {
  readonly machine: MeshMachine;
  /** Of each run, and of each trial of what is sustained. */
  readonly seconds: number;
  readonly trialSeconds: number;
}

/**
 * In what results were made otherwise than they would be now, one text for each figure; none: they can be continued. A median of runs of two machines, two
 * commits or two durations is of neither.
 */
export function madeOtherwise(
  results: readonly Result[],
  { machine, seconds, trialSeconds }: Way,
): readonly string[] {
  const differences = results.flatMap((result) => {
    const wanted = result.kind === "run" ? seconds : trialSeconds;
    const keys = Object.keys(machine) as readonly (keyof MeshMachine)[];
    return [
      ...keys
        .filter((key) => result.machine[key] !== machine[key])
        .map((key) => `${key} ${result.machine[key] ?? "unknown"} and not ${machine[key] ?? "unknown"}`),
      ...(result.seconds === wanted
        ? []
        : [`${result.kind === "run" ? "runs" : "trials"} of ${result.seconds} s and not ${wanted} s`]),
    ];
  });
  return [...new Set(differences)];
}
