import { random } from "../mesh/random.ts";
import type { Mode, Scenario } from "./mode.ts";

/** Requests at one rate for some time. */
export interface Load {
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** Seconds before a measurement that count for nothing. */
export interface WarmUp {
  /**
   * Before the first one after a mesh has started. For some five seconds services take twice the CPU that they take later, until they are compiled, and
   * somewhat later the control plane collects what it needed to start, on a core that requests wait for.
   */
  readonly afterStart: number;
  readonly each: number;
}

/** Of the measurement that is the first (0), the second, … after a start. */
export function warmUpOf(at: number, { afterStart, each }: WarmUp): number {
  return at === 0 ? Math.max(afterStart, each) : each;
}

/** What is to be measured with one start of a mesh. */
export interface PlannedTurn {
  readonly application: string;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  readonly round: number;
  /** One after the other. */
  readonly loads: readonly Load[];
}

/** At what rates an application is measured. */
export interface Rates {
  /** Where meshes are compared. */
  readonly compared: number;
  /** From light to past saturation, for the curve. */
  readonly others: readonly number[];
}

export interface PlanOptions {
  readonly rates: ReadonlyMap<string, Rates>;
  readonly scenarios: readonly Scenario[];
  readonly meshes: readonly Mode[];
  readonly rounds: number;
  /** Of a measurement at the rate where meshes are compared. */
  readonly seconds: number;
  /** Equal seeds make equal orders. */
  readonly seed: number;
}

/** In so many rounds the other rates have their turns too: a curve takes most of the time, and is not what is decided by. */
const curveRounds = 3;

/**
 * All turns, round by round. In a round each application has all its meshes one after the other, so that what else the machine does meets all of
 * them, and in an order of its own, so that it is not always the same one that comes first.
 */
export function plan({
  rates,
  scenarios,
  meshes,
  rounds,
  seconds,
  seed,
}: PlanOptions): readonly PlannedTurn[] {
  const draws = random(seed);
  return Array.from({ length: rounds }, (_, n) => n + 1).flatMap((round) =>
    [...rates].flatMap(([application, of]) => {
      const all = loadsOf(of, seconds);
      const loads = round <= curveRounds ? all : all.slice(0, 1);
      return scenarios.flatMap((scenario) =>
        draws.sample(meshes, meshes.length).map((mesh) => ({ application, scenario, mesh, round, loads })),
      );
    }),
  );
}

/** That at which meshes are compared comes first, so that what a mesh keeps of heavier ones is not in its figures; the others last half as long. */
export function loadsOf({ compared, others }: Rates, seconds: number): readonly Load[] {
  const further = new Set(others.filter((rate) => rate !== compared));
  return [
    { rate: compared, seconds },
    ...[...further].map((rate) => ({ rate, seconds: Math.ceil(seconds / 2) })),
  ];
}
