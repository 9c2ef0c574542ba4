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
  readonly trials: readonly Trial[];
}

/** A line of `runs.jsonl`. */
export type Result = RunResult | CapacityResult;

const schema: z.ZodMiniType<Result> = z.union([
  runSchema,
  z.object({
    kind: z.literal("capacity"),
    ...{ at: z.string(), machine: machineSchema, application: z.string(), rate: z.number() },
    trials: z.array(z.object({ rate: z.number(), isSustained: z.boolean() })),
  }),
]);

/** What was read of a `runs.jsonl`. The last line may be half there, of a program that was killed; it is left out like any other that is no result. */
export interface Results {
  readonly results: readonly Result[];
  /** Numbers of lines that are no results, from 1. */
  readonly unread: readonly number[];
}

export function readResults(text: string): Results {
  const results: Result[] = [];
  const unread: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = schema.safeParse(json(line));
    if (parsed.success) results.push(parsed.data);
    else unread.push(index + 1);
  }
  return { results, unread };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
