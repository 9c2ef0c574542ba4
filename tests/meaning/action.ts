import assert from "node:assert/strict";
import type { Bytes } from "./bytes.ts";
import type { Run, Value } from "./run.ts";

/** One call of an action, its arguments evaluated. */
export interface Invocation {
  readonly run: Run;
  readonly values: readonly Value[];
  /** What a state's action is done to. */
  readonly state?: string;
}

/** What an action does, and what it yields. */
export type Action = (invocation: Invocation) => Value;

/** An argument that is bytes; an absent one is an empty one. */
export function bytesAt({ values }: Invocation, index: number): Bytes {
  const value = values[index] ?? "";
  assert(typeof value === "string", `argument ${index} is bytes`);
  return value;
}

export function intAt({ values }: Invocation, index: number): bigint {
  const value = values[index];
  assert(typeof value === "bigint", `argument ${index} is a whole number`);
  return value;
}

export function floatAt({ values }: Invocation, index: number): number {
  const value = values[index];
  assert(typeof value === "number", `argument ${index} is a float`);
  return value;
}

/** Whether something may be changed: an audited policy only notes that it would have. */
export function mayAct({ run }: Invocation): boolean {
  if (run.policy.mode !== "audit") return true;
  run.wouldAct = true;
  return false;
}
