// The thread that the solver blocks while it runs.
import { parentPort } from "node:worker_threads";
import loadHighs, { type Model } from "highs";
import type { SolverAnswer, SolverQuestion } from "./solver.ts";

// The package's types are written for its CommonJS build; its ES build, which Node loads here, exports the loader itself.
const load = loadHighs as unknown as (typeof loadHighs)["default"];
const highs = await load();
const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus;
const { continuous, integer } = highs.constants.variableType;

function solve(question: SolverQuestion): SolverAnswer {
  const { program, start, fewestMoves, timeLimitS } = question;
  const { columns, whole, cost, moves, rows } = program;
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  const data = {
    numCols: columns,
    numRows: rows.lower.length,
    colCost: cost,
    colLower: new Float64Array(columns),
    colUpper: new Float64Array(columns).fill(1),
    rowLower: rows.lower,
    rowUpper: rows.upper,
    matrix: {
      format: "csr" as const,
      numRows: rows.lower.length,
      numCols: columns,
      starts: rows.starts,
      indices: rows.indices,
      values: rows.values,
    },
    integrality: Array.from({ length: columns }, (_, column) => (column < whole ? integer : continuous)),
  };
  return highs.withModel(data, (model): SolverAnswer => {
    configure(model, timeLimitS);
    if (start !== undefined) model.setSolution({ colValue: start });
    const { modelStatus } = model.run();
    if (modelStatus === infeasible || modelStatus === unboundedOrInfeasible)
      return { kind: "infeasible", seconds: seconds() };
    const bound = Number(model.info.get("mip_dual_bound"));
    if (!hasSolution(model)) return { kind: "nothing", bound, seconds: seconds() };
    const { colValue } = model.getSolution();
    if (modelStatus !== optimal) return { kind: "feasible", bound, columns: colValue, seconds: seconds() };
    const least = Number(model.info.get("objective_function_value"));
    const left = timeLimitS - seconds();
    if (!fewestMoves || left <= 0) return { kind: "optimal", bound, columns: colValue, seconds: seconds() };

    const paid = [...cost.keys()].filter((column) => cost[column] !== 0);
    model.addRow(-highs.infinity, least + 0.5, {
      indices: paid,
      values: paid.map((column) => cost[column] ?? 0),
    });
    model.changeColsCost({ kind: "range", from: 0, to: columns - 1 }, moves);
    model.setSolution({ colValue });
    configure(model, left);
    model.zeroAllClocks();
    const nearest = model.run();
    const columnsOfNearest =
      nearest.modelStatus === optimal && hasSolution(model) ? model.getSolution().colValue : colValue;
    return { kind: "optimal", bound, columns: columnsOfNearest, seconds: seconds() };
  });
}

/** Costs are whole numbers: what is proved but for less than one is proved. */
const gap = 0.9;

function configure(model: Model, timeLimitS: number): void {
  const options = {
    output_flag: false,
    mip_rel_gap: 0,
    mip_abs_gap: gap,
    random_seed: 0,
    time_limit: timeLimitS,
  };
  for (const [name, value] of Object.entries(options)) model.options.set(name, value);
}

/** The solver's word for a solution that keeps every constraint. */
function hasSolution(model: Model): boolean {
  return model.info.get("primal_solution_status") === 2;
}

parentPort?.on("message", (question: SolverQuestion) => {
  parentPort?.postMessage(solve(question));
});
