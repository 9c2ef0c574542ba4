import { createThread } from "../../filters/proxy-wasm-as/build/thread.ts";
import type { Network } from "./network.ts";
import type { Program } from "./program.ts";

export interface SolverQuestion {
  readonly kind: "solve";
  readonly program: Program;
  /** A solution to begin with. */
  readonly start?: Float64Array;
  /** Whether to take, of all that cost the least, one with the fewest moves. */
  readonly fewestMoves: boolean;
  readonly timeLimitS: number;
}

export type SolverAnswer = { readonly seconds: number } & (
  | {
      /** `feasible`: the time was up before it was proved that there is nothing better. */
      readonly kind: "optimal" | "feasible";
      /** No solution has a lower cost. */
      readonly bound: number;
      readonly columns: Float64Array;
    }
  | { readonly kind: "infeasible" }
  /** The time was up before there was any solution. */
  | { readonly kind: "nothing"; readonly bound: number }
);

/** Whether no assignment of a network costs less. */
export interface ProofQuestion {
  readonly kind: "prove";
  readonly network: Network;
  readonly cost: number;
  readonly timeLimitS: number;
}

export interface ProofAnswer {
  readonly kind: "proof";
  /** False also where the time was up. */
  readonly isLeast: boolean;
  readonly seconds: number;
}

/** The solver looks at the clock now and then only. */
const graceMs = 30_000;

const ask = createThread<SolverQuestion | ProofQuestion, SolverAnswer | ProofAnswer>(
  new URL("./solver-worker.ts", import.meta.url),
);

/** Solve a program in a thread, so that whoever waits can do something else. A solver that ends or hangs has found nothing. */
export async function solveProgram(question: Omit<SolverQuestion, "kind">): Promise<SolverAnswer> {
  const outcome = await ask({ kind: "solve", ...question }, question.timeLimitS * 1_000 + graceMs);
  return outcome.kind === "answer" && outcome.answer.kind !== "proof"
    ? outcome.answer
    : { kind: "nothing", bound: Number.NEGATIVE_INFINITY, seconds: question.timeLimitS };
}

/** Prove in a thread that no assignment of a network costs less. A solver that ends or hangs has proved nothing. */
export async function proveLeast(question: Omit<ProofQuestion, "kind">): Promise<ProofAnswer> {
  const outcome = await ask({ kind: "prove", ...question }, question.timeLimitS * 1_000 + graceMs);
  return outcome.kind === "answer" && outcome.answer.kind === "proof"
    ? outcome.answer
    : { kind: "proof", isLeast: false, seconds: question.timeLimitS };
}
