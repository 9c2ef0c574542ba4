import { applyChange, type Change, changesOf } from "./changes.ts";
import type { Cut } from "./cuts.ts";
import { type Least, least } from "./least.ts";
import { withoutCosts } from "./network.ts";
import { partOf } from "./part-of.ts";
import { type Problem, problem, type Unit, unitsOf } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** How long the solver may think about one question of whether some units fit together. */
const timeLimitS = 10;

/** Units that cannot be enforced together. */
export interface Core {
  readonly units: readonly Unit[];
  /** Whether each is needed for that: without any one of them there would be a placement. Otherwise the time was up before that was known. */
  readonly isMinimal: boolean;
}

/** A minimal unsatisfiable core, found by QuickXplain (Junker 2004). */
export async function core(problem: Problem): Promise<Core> {
  const all = [...unitsOf(problem)].map((unit, number) => ({ unit, number }));
  const byPolicy = [...Map.groupBy(all, ({ unit }) => unit.demand.policy).values()];
  let isMinimal = true;
  // What is not known to be impossible is taken to fit: then the core has more units than it needs, and is one all the same.
  const cuts: Cut[] = [];
  const fits = async (units: readonly { readonly number: number }[]): Promise<boolean> => {
    const { kind } = await feasibility(partOf(problem, new Set(units.map(({ number }) => number))), cuts);
    if (kind === "nothing") isMinimal = false;
    return kind !== "infeasible";
  };
  const policies = await explain(byPolicy, async (some) => await fits(some.flat()));
  const units = await explain(policies.flat(), fits);
  return { units: units.toSorted((a, b) => a.number - b.number).map(({ unit }) => unit), isMinimal };
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

async function feasibility(problem: Problem, cuts: Cut[] = []): Promise<Least> {
  return await least(problem, {
    before: seatsOf(problem, undefined),
    timeLimitS,
    change: withoutCosts,
    cuts,
  });
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
    if ((await feasibility(model)).kind === "solved") found.push(change);
  }
  return found;
}
