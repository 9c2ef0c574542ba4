import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { core, remediesOf } from "./core.ts";
import { type Dataplane, defaultDataplanes } from "./dataplane.ts";
import {
  diagnoseConflict,
  diagnoseConnections,
  diagnoseHomeless,
  diagnoseNothing,
  diagnoseTooManyStates,
} from "./diagnose.ts";
import { layOut, placedProxies } from "./layout.ts";
import { least } from "./least.ts";
import type { Placement } from "./placement.ts";
import { homelessUnits, problem } from "./problem.ts";
import { layoutOf, rememberLayout, seatsOf } from "./seats.ts";
import { warn } from "./warn.ts";
import { diagnoseWrittenOver } from "./written-over.ts";

export interface PlaceOptions {
  /** The placement in force: among optima, the one with the fewest changes from it is taken. */
  readonly previous?: Placement;
  /** Default: one Envoy that offers every action at cost 1. */
  readonly dataplanes?: readonly Dataplane[];
  /** How long the solver may look for something better; default 10. */
  readonly timeLimitS?: number;
}

export interface PlaceResult {
  /** Absent when there are errors. */
  readonly placement?: Placement;
  readonly diagnostics: readonly Diagnostic[];
}

const timeLimitS = 10;

/** The cheapest placement of the policies in the mesh, proved unless the time is up before (design §6), or why there is none. */
export async function place(
  policies: readonly Policy[],
  mesh: Mesh,
  options: PlaceOptions = {},
): Promise<PlaceResult> {
  const dataplanes = options.dataplanes ?? defaultDataplanes;
  const model = problem(policies, mesh, dataplanes);
  const undecided = [
    ...diagnoseTooManyStates(model.tooManyStates),
    ...diagnoseConnections(model.sometimes, mesh),
  ];
  if (undecided.length > 0) return { diagnostics: undecided };
  const homeless = homelessUnits(model);
  if (homeless.length > 0) return { diagnostics: diagnoseHomeless(homeless, model) };
  const seconds = options.timeLimitS ?? timeLimitS;
  const optimum = await least(model, { before: seatsOf(model, options.previous), timeLimitS: seconds });
  if (optimum.kind === "infeasible") {
    const found = await core(model);
    return { diagnostics: diagnoseConflict(found, await remediesOf(found.units, model), model) };
  }
  if (optimum.kind === "tooManyStates") return { diagnostics: diagnoseTooManyStates([optimum.policy]) };
  if (optimum.kind === "nothing") return { diagnostics: diagnoseNothing(seconds, policies) };
  const { values, sides, stamps, cost, bound, grid } = optimum;
  const writtenOver = stamps.size === 0 ? [] : diagnoseWrittenOver(model);
  if (writtenOver.length > 0) return { diagnostics: writtenOver };
  const layout = layOut(model, { values, sides, stamps }, layoutOf(options.previous));
  const placement: Placement = {
    status: cost === bound ? "optimal" : "feasible",
    cost: cost / grid,
    bound: bound / grid,
    proxies: placedProxies(layout),
    unmatched: model.unmatched.map((policy) => policy.name),
  };
  rememberLayout(placement, layout);
  return { placement, diagnostics: warn(model) };
}
