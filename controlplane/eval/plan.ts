import { random } from "../mesh/random.ts";
import type { Mode, Scenario } from "./mode.ts";

/** What is to be measured with one start of a mesh. */
export interface PlannedTurn {
  readonly application: string;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  readonly round: number;
}

export interface PlanOptions {
  readonly applications: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly meshes: readonly Mode[];
  readonly rounds: number;
  /** Equal seeds make equal orders. */
  readonly seed: number;
}

/**
 * All turns, round by round. In a round each application has all its meshes one after the other, so that what else the machine does meets all of
 * them, and in an order of its own, so that it is not always the same one that comes first.
 */
export function plan({ applications, scenarios, meshes, rounds, seed }: PlanOptions): readonly PlannedTurn[] {
  const draws = random(seed);
  return Array.from({ length: rounds }, (_, n) => n + 1).flatMap((round) =>
    applications.flatMap((application) =>
      scenarios.flatMap((scenario) =>
        draws.sample(meshes, meshes.length).map((mesh) => ({ application, scenario, mesh, round })),
      ),
    ),
  );
}
