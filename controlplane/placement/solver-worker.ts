// The thread that the solver blocks while it runs.
import { parentPort } from "node:worker_threads";
import loadHighs, { type Model } from "highs";
import type { Network } from "./network.ts";
import type { Program } from "./program.ts";
import { provesLeast } from "./prove.ts";
import { type Hint, relaxationOf } from "./relaxation.ts";
import type { ProofAnswer, ProofQuestion, SolverAnswer, SolverQuestion } from "./solver.ts";

// The package's types are written for its CommonJS build; its ES build, which Node loads here, exports the loader itself.
const load = loadHighs as unknown as (typeof loadHighs)["default"];
const highs = await load();
const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus;
const { continuous, integer } = highs.constants.variableType;

function solve(question: SolverQuestion): SolverAnswer {
  const { program, start, fewestMoves, timeLimitS } = question;
  const { columns, whole, cost, moves } = program;
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  const data = {
    ...linearPart(program),
    colUpper: new Float64Array(columns).fill(1),
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

function linearPart({ columns, cost, rows }: Program) {
  return {
    numCols: columns,
    numRows: rows.lower.length,
    colCost: cost,
    colLower: new Float64Array(columns),
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
  };
}

function prove({ network, cost, timeLimitS }: ProofQuestion): ProofAnswer {
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  const isLeast = provesLeast(network, cost, {
    hint: (part) => hintFor(part, timeLimitS - seconds()),
    isOver: () => seconds() >= timeLimitS,
  });
  return { kind: "proof", isLeast, seconds: seconds() };
}

function hintFor(network: Network, timeLimitS: number): Hint | undefined {
  if (timeLimitS <= 0) return undefined;
  const { program, read } = relaxationOf(network);
  // That no column is more than 1 is in the rows: a bound of its own would take the worth of them.
  const data = { ...linearPart(program), colUpper: new Float64Array(program.columns).fill(highs.infinity) };
  return highs.withModel(data, (model): Hint | undefined => {
    model.options.set("output_flag", false);
    model.options.set("time_limit", timeLimitS);
    if (model.run().modelStatus !== optimal) return undefined;
    const { colValue, rowDual } = model.getSolution();
    return read({ columns: colValue, duals: rowDual });
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

parentPort?.on("message", (question: SolverQuestion | ProofQuestion) => {
  parentPort?.postMessage(question.kind === "solve" ? solve(question) : prove(question));
});
