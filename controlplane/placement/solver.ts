import { createThread } from "../../filters/proxy-wasm-as/build/thread.ts";

/** A program of binary variables, as text in CPLEX's LP format. */
export interface SolverQuestion {
  readonly text: string;
  readonly variables: readonly string[];
  readonly timeLimitS: number;
}

export type SolverAnswer = { readonly seconds: number } & (
  | {
      /** `feasible`: the time was up before it was proved that there is nothing better. */
      readonly kind: "optimal" | "feasible";
      readonly objective: number;
      /** No solution has a lower objective. */
      readonly bound: number;
      /** The variables that are 1. */
      readonly on: readonly string[];
    }
  | { readonly kind: "infeasible" }
  /** The time was up before there was any solution. */
  | { readonly kind: "nothing"; readonly bound: number }
);

/** The solver looks at the clock now and then only. */
const graceMs = 30_000;

const ask = createThread<SolverQuestion, SolverAnswer>(new URL("./solver-worker.ts", import.meta.url));

/** Solve a program in a thread, so that whoever waits can do something else. A solver that ends or hangs has found nothing. */
export async function solveProgram(question: SolverQuestion): Promise<SolverAnswer> {
  const outcome = await ask(question, question.timeLimitS * 1_000 + graceMs);
  return outcome.kind === "answer"
    ? outcome.answer
    : { kind: "nothing", bound: Number.NEGATIVE_INFINITY, seconds: question.timeLimitS };
}
