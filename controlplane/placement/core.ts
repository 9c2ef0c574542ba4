import { applyChange, type Change, changesOf } from "./changes.ts";
import { withoutCosts } from "./network.ts";
import { optimize } from "./optimize.ts";
import { partOf } from "./part-of.ts";
import { placementNetwork } from "./placement-network.ts";
import { type Problem, problem, type Unit, unitsOf } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** How long the solver may think about one question of whether some units fit together. */
const timeLimitS = 10;

/**
 * Units that cannot be enforced together, of which each is needed for that: without any one of them there would be a placement
 * (a minimal unsatisfiable core, found by QuickXplain, Junker 2004).
 */
export async function core(problem: Problem): Promise<readonly Unit[]> {
  const all = [...unitsOf(problem)].map((unit, number) => ({ unit, number }));
  const byPolicy = [...Map.groupBy(all, ({ unit }) => unit.demand.policy).values()];
  const fits = (units: readonly { readonly number: number }[]): Promise<boolean> =>
    isFeasible(problem, new Set(units.map(({ number }) => number)));
  const policies = await explain(byPolicy, async (some) => await fits(some.flat()));
  const units = await explain(policies.flat(), fits);
  return units.toSorted((a, b) => a.number - b.number).map(({ unit }) => unit);
}

/** The elements of a minimal part of `all` that does not hold, when all of it does not and nothing does. */
async function explain<T>(
  all: readonly T[],
  holds: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  const search = async (kept: readonly T[], isNew: boolean, rest: readonly T[]): Promise<readonly T[]> => {
    if (isNew && !(await holds(kept))) return [];
    if (rest.length === 1) return rest;
    const middle = rest.length >> 1;
    const [left, right] = [rest.slice(0, middle), rest.slice(middle)];
    const ofRight = await search([...kept, ...left], left.length > 0, right);
    const ofLeft = await search([...kept, ...ofRight], ofRight.length > 0, left);
    return [...ofLeft, ...ofRight];
  };
  return await search([], false, all);
}

async function isFeasible(problem: Problem, kept: ReadonlySet<number>): Promise<boolean> {
  const part = partOf(problem, kept);
  const { network } = placementNetwork(part, seatsOf(part, undefined));
  const optimum = await optimize(withoutCosts(network), timeLimitS);
  return optimum.kind !== "infeasible";
}

/** The single changes after which these units fit together; removing a policy is none. */
export async function remediesOf(
  units: readonly Unit[],
  { mesh, dataplanes }: Problem,
): Promise<readonly Change[]> {
  const policies = [...new Set(units.map(({ demand }) => demand.policy))];
  const changes = changesOf(
    { policies, mesh },
    {
      services: new Set(units.flatMap(({ call }) => [call.from ?? "", call.to])),
      policies: new Set(policies.map(({ name }) => name)),
    },
  );
  const found: Change[] = [];
  for (const change of changes.filter(({ kind }) => kind !== "remove")) {
    const changed = applyChange({ policies, mesh }, change);
    const model = problem(changed.policies, changed.mesh, dataplanes);
    const { network } = placementNetwork(model, seatsOf(model, undefined));
    if ((await optimize(withoutCosts(network), timeLimitS)).kind === "solved") found.push(change);
  }
  return found;
}
