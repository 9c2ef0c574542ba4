import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { core, remediesOf } from "./core.ts";
import { type Dataplane, defaultDataplanes } from "./dataplane.ts";
import {
  diagnoseConflict,
  diagnoseHomeless,
  diagnoseNothing,
  diagnoseSometimes,
  diagnoseTooManyStates,
} from "./diagnose.ts";
import { layOut, placedProxies } from "./layout.ts";
import { optimize } from "./optimize.ts";
import type { Placement } from "./placement.ts";
import { placementNetwork } from "./placement-network.ts";
import { homelessUnits, problem } from "./problem.ts";
import { layoutOf, rememberLayout, seatsOf } from "./seats.ts";
import { warn } from "./warn.ts";

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
    ...diagnoseSometimes(model.sometimes, mesh),
  ];
  if (undecided.length > 0) return { diagnostics: undecided };
  const homeless = homelessUnits(model);
  if (homeless.length > 0) return { diagnostics: diagnoseHomeless(homeless, model) };
  const seconds = options.timeLimitS ?? timeLimitS;
  const built = placementNetwork(model, seatsOf(model, options.previous));
  const optimum = await optimize(built.network, seconds);
  if (optimum.kind === "infeasible") {
    const found = await core(model);
    return { diagnostics: diagnoseConflict(found, await remediesOf(found.units, model), model) };
  }
  if (optimum.kind === "nothing") return { diagnostics: diagnoseNothing(seconds, policies) };
  const { values, cost, bound } = optimum;
  const layout = layOut(model, { values, sides: built.sidesOf(values) }, layoutOf(options.previous));
  const placement: Placement = {
    status: cost === bound ? "optimal" : "feasible",
    cost: cost / built.grid,
    bound: bound / built.grid,
    proxies: placedProxies(layout),
    unmatched: model.unmatched.map((policy) => policy.name),
  };
  rememberLayout(placement, layout);
  return { placement, diagnostics: warn(model) };
}
