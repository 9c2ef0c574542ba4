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
import { least } from "./least.ts";
import type { Placement } from "./placement.ts";
import { homelessUnits, type Problem, problem, unitsOf } from "./problem.ts";
import { layoutOf, rememberLayout, seatsOf } from "./seats.ts";
import { warn } from "./warn.ts";

export interface PlaceOptions {
  /** The placement in force: among optima, the one with the fewest changes from it is taken. */
  readonly previous?: Placement;
  /** Default: one Envoy that offers every action at cost 1. */
  readonly dataplanes?: readonly Dataplane[];
  /** How long the solver may look for something better; default 10. */
  readonly timeLimitS?: number;
  /** Whether services may have to stamp, so that proxies know the paths of requests. Default false: what only paths decide is refused, until all that users see of it is there. */
  readonly stamps?: boolean;
}

export interface PlaceResult {
  /** Absent when there are errors. */
  readonly placement?: Placement;
  readonly diagnostics: readonly Diagnostic[];
}

const timeLimitS = 10;

/** Calls of which only the paths of requests decide whether a policy matches. */
function askedIn(model: Problem): Problem["sometimes"] {
  const asked = [...unitsOf(model)].filter(({ demand }) => demand.asks.egress);
  const byPolicy = Map.groupBy(asked, ({ demand }) => demand.policy);
  return [...byPolicy].flatMap(([policy, own]) =>
    [...new Set(own.map(({ call }) => call))].map((call) => ({ policy, call })),
  );
}

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
    ...diagnoseSometimes([...model.sometimes, ...(options.stamps === true ? [] : askedIn(model))], mesh),
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
