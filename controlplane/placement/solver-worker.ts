// The thread that the solver blocks while it runs.
import { parentPort } from "node:worker_threads";
import loadHighs from "highs";
import type { SolverAnswer, SolverQuestion } from "./solver.ts";

// The package's types are written for its CommonJS build; its ES build, which Node loads here, exports the loader itself.
const load = loadHighs as unknown as (typeof loadHighs)["default"];
const highs = await load();

function solve({ text, variables, timeLimitS }: SolverQuestion): SolverAnswer {
  const startMs = performance.now();
  return highs.withModel({ format: "lp", data: text }, (model): SolverAnswer => {
    const options = {
      output_flag: false,
      mip_rel_gap: 0,
      mip_abs_gap: 1e-9,
      random_seed: 0,
      time_limit: timeLimitS,
    };
    for (const [name, value] of Object.entries(options)) model.options.set(name, value);
    const { modelStatus } = model.run();
    const took = { seconds: (performance.now() - startMs) / 1_000 };
    const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus;
    if (modelStatus === infeasible || modelStatus === unboundedOrInfeasible)
      return { kind: "infeasible", ...took };
    const bound = Number(model.info.get("mip_dual_bound"));
    // The solver's word for a solution that keeps every constraint.
    if (model.info.get("primal_solution_status") !== 2) return { kind: "nothing", bound, ...took };
    const { colValue } = model.getSolution();
    return {
      kind: modelStatus === optimal ? "optimal" : "feasible",
      objective: Number(model.info.get("objective_function_value")),
      bound,
      on: variables.filter((name) => (colValue[model.getColByName(name)] ?? 0) > 0.5),
      ...took,
    };
  });
}

parentPort?.on("message", (question: SolverQuestion) => {
  parentPort?.postMessage(solve(question));
});
