import type { Diagnostic } from "../language/diagnostic.ts";
import { inOrder } from "../language/in-order.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { diagnoseInfeasible, diagnoseSometimes, diagnoseTooManyStates } from "./diagnose.ts";
import { optimize } from "./optimize.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy, Placement } from "./placement.ts";
import {
  type Dataplane,
  defaultDataplanes,
  type Problem,
  problem,
  type Spot,
  sectionsOf,
  type Unit,
} from "./problem.ts";
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
  const solution = await optimize(model, {
    ...(options.previous === undefined ? {} : { previous: options.previous }),
    timeLimitS: options.timeLimitS ?? timeLimitS,
  });
  if (solution.kind === "infeasible") {
    return { diagnostics: diagnoseInfeasible(solution.stuck, { ...model, mesh, dataplanes }) };
  }
  const placement: Placement = {
    status: solution.cost === solution.bound ? "optimal" : "feasible",
    cost: solution.cost,
    bound: solution.bound,
    proxies: proxiesOf(model, solution.spots),
    unmatched: model.unmatched.map((policy) => policy.name),
  };
  return { placement, diagnostics: warn(model) };
}

function proxiesOf(model: Problem, spots: ReadonlyMap<Unit, Spot>): readonly PlacedProxy[] {
  const order = inOrder([...new Set(model.units.map((unit) => unit.policy))]).map((policy) => policy.name);
  const sections = new Map(
    model.units.map(({ policy }) => [policy.name, sectionsOf(policy).map(({ name }) => name)]),
  );
  const written = ({ policy, section }: PlacedPolicy): number => sections.get(policy)?.indexOf(section) ?? 0;
  const byService = Map.groupBy([...spots], ([, spot]) => spot.service);
  return [...byService]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, placed]): PlacedProxy => {
      const groups = Map.groupBy(placed, ([unit, spot]) =>
        JSON.stringify([order.indexOf(unit.policy.name), spot.side, unit.section]),
      );
      const policies = [...groups.values()].flatMap((group): readonly PlacedPolicy[] => {
        const [first] = group;
        if (first === undefined) return [];
        const [unit, spot] = first;
        const calls = group.map(
          ([{ call, versions }]): PlacedCall =>
            versions === undefined ? [call.from, call.to] : [call.from, call.to, versions],
        );
        return [
          { policy: unit.policy.name, side: spot.side, section: unit.section, calls: calls.sort(byText) },
        ];
      });
      policies.sort(
        (a, b) =>
          order.indexOf(a.policy) - order.indexOf(b.policy) ||
          written(a) - written(b) ||
          byText([null, a.side], [null, b.side]),
      );
      return { service, dataplane: placed[0]?.[1].dataplane ?? "", stamps: false, policies };
    });
}

function byText(a: PlacedCall, b: PlacedCall): number {
  const left = `${a[0] ?? ""} ${a[1]}`;
  const right = `${b[0] ?? ""} ${b[1]}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
