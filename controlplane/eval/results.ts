import * as z from "zod/mini";
import type { Trial } from "./capacity.ts";
import { type MeshMachine, machineSchema, type RunResult, runSchema } from "./run-result.ts";

/** Which rate an application sustains with a proxy before every service, by which the rates of all meshes are chosen. */
export interface CapacityResult {
  readonly kind: "capacity";
  readonly at: string;
  readonly machine: MeshMachine;
  readonly application: string;
  /** Requests a second. */
  readonly rate: number;
  /** How long each trial was. */
  readonly seconds: number;
  readonly trials: readonly Trial[];
}

/** A line of `runs.jsonl`. */
export type Result = RunResult | CapacityResult;

/** Those of one application in one mesh at one rate, one for each round. */
export function runsOf(
  results: readonly Result[],
  { application, scenario, mesh, rate }: Pick<RunResult, "application" | "scenario" | "mesh" | "rate">,
): readonly RunResult[] {
  return results
    .filter((each) => each.kind === "run")
    .filter(
      (each) =>
        each.application === application &&
        each.scenario === scenario &&
        each.mesh === mesh &&
        each.rate === rate,
    );
}

/** How a line is read again. */
export const runResult: z.ZodMiniType<Result> = z.union([
  runSchema,
  z.object({
    kind: z.literal("capacity"),
    ...{ at: z.string(), machine: machineSchema, application: z.string() },
    ...{ rate: z.number(), seconds: z.number() },
    trials: z.array(z.object({ rate: z.number(), isSustained: z.boolean() })),
  }),
]);
