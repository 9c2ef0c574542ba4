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
import { at0 } from "./network.ts";
import { optimize } from "./optimize.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy, Placement } from "./placement.ts";
import { placementNetwork } from "./placement-network.ts";
import type { Demand } from "./policy-demands.ts";
import { homelessUnits, type NumberedCall, type Problem, problem } from "./problem.ts";
import { rememberOrigin, seatsOf } from "./seats.ts";
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
    const units = await core(model);
    return { diagnostics: diagnoseConflict(units, await remediesOf(units, model), model) };
  }
  if (optimum.kind === "nothing") return { diagnostics: diagnoseNothing(seconds, policies) };
  const { values, cost, bound } = optimum;
  const sides = built.sidesOf(values);
  const placement: Placement = {
    status: cost === bound ? "optimal" : "feasible",
    cost: cost / built.grid,
    bound: bound / built.grid,
    proxies: proxiesOf(model, values, sides),
    unmatched: model.unmatched.map((policy) => policy.name),
  };
  rememberOrigin(placement, { problem: model, values, sides });
  return { placement, diagnostics: warn(model) };
}

/** The proxies of these data planes, with what each enforces; those that enforce nothing are none. */
function proxiesOf(model: Problem, values: Int32Array, sides: Uint8Array): readonly PlacedProxy[] {
  const { services, calls, demands, starts, units, dataplanes } = model;
  const placed = calls.map(({ from, to }): { readonly text: string; readonly call: PlacedCall } => ({
    text: `${from ?? ""} ${to}`,
    call: [from, to],
  }));
  /** By demand, the first of the same section: they are in the order of enforcement. */
  const heads = Int32Array.from(demands.keys());
  for (let number = 1; number < demands.length; number++) {
    const [before, own] = [demands[number - 1], demands[number]];
    if (before?.policy === own?.policy && before?.section === own?.section)
      heads[number] = at0(heads, number - 1);
  }
  /** For each service, by section and side, the calls. */
  const byService = new Map<number, Map<number, PlacedCall[]>>();
  const byText = [...calls.keys()].sort((a, b) =>
    (placed[a]?.text ?? "") < (placed[b]?.text ?? "") ? -1 : 1,
  );
  for (const number of byText) {
    const { caller, callee, from, to } = calls[number] as NumberedCall;
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const demand = demands[at0(units, unit)] as Demand;
      const side = at0(sides, unit);
      const service = side === 1 ? callee : caller;
      const own = byService.get(service) ?? new Map<number, PlacedCall[]>();
      byService.set(service, own);
      const key = at0(heads, at0(units, unit)) * 2 + side;
      const list = own.get(key) ?? [];
      own.set(key, list);
      list.push(
        demand.versions === undefined ? (placed[number]?.call ?? [from, to]) : [from, to, demand.versions],
      );
    }
  }
  return [...byService]
    .map(
      ([number, own]): PlacedProxy => ({
        service: services[number]?.name ?? "",
        dataplane: dataplanes[at0(values, number) - 1]?.name ?? "",
        stamps: false,
        policies: [...own]
          .sort(([a], [b]) => a - b)
          .map(([key, list]): PlacedPolicy => {
            const { policy, section } = demands[key >> 1] as Demand;
            return {
              policy: policy.name,
              side: key % 2 === 1 ? "ingress" : "egress",
              section: section.name,
              calls: list,
            };
          }),
      }),
    )
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}
