import { strict as assert } from "node:assert";
import { type CallGraph, type CallName, callGraph } from "../analysis/call-graph.ts";
import { type Budget, type Lookalikes, type Point, project } from "../analysis/projection.ts";
import { isToldApart, type TellingApart, tellingApart } from "../analysis/telling-apart.ts";
import { keyOf } from "../analysis/verdicts.ts";
import type { Policy, Side } from "../language/policy.ts";
import { contextMachine } from "./context-machine.ts";
import { at0 } from "./network.ts";
import type { Demand } from "./policy-demands.ts";
import { asksPaths, type Problem } from "./problem.ts";
import { pointOf, stampers } from "./told-by-stamps.ts";

/**
 * A condition that stamps have to meet for a policy to be enforced on a call: one of these services stamps, or both services of one of these
 * pairs do. Such constraints are added as placements are found that do not meet them.
 */
export interface Cut {
  readonly policy: Policy;
  readonly call: CallName;
  readonly one: readonly string[];
  readonly both: readonly (readonly [string, string])[];
  /** Two paths that they would tell apart, of which the context matches the first. */
  readonly paths: { readonly matching: readonly string[]; readonly other: readonly string[] };
  /** Or the sections of this name are at egress for all calls into the service: only at ingress have these to be told apart. */
  readonly unlessEgress?: Side;
}

/** What stamps, and which units are at ingress, as numbers of the problem. */
export interface Choice {
  readonly sides: Uint8Array;
  readonly stamps: ReadonlySet<string>;
}

/** Where a policy asks, and for which of its sections only at ingress. */
interface Asking {
  /** A name for the place and its policy. */
  readonly id: string;
  readonly policy: Policy;
  readonly point: Point;
  readonly unlessEgress?: Side;
}

/** As many services are tried to find cuts that ask for more: for each, and for all that are missed at once. */
const trialsMax = 12;
const trialsInAll = 500;

/**
 * As many steps are taken in all for one placement. A thousand contexts that people write take a fifth of them on ten thousand services; one that has
 * to count takes twice as many with each further step, so that no time would be enough.
 */
export const stepsInAll = 5_000_000;

/** What has been found out about the contexts of a problem, from one choice to the next. */
export interface Knowledge {
  readonly enough: Enough;
  readonly budget: Budget;
  /** The steps that each policy has taken. */
  readonly taken: Map<Policy, number>;
}

export function createKnowledge(): Knowledge {
  return { enough: createEnough(), budget: { steps: stepsInAll }, taken: new Map() };
}

/** Conditions that a choice does not meet: one or more for each policy of which it leaves a proxy in doubt, or the policy whose context has too many states to be looked through. */
export function missedCuts(
  problem: Problem,
  choice: Choice,
  { enough, budget, taken }: Knowledge = createKnowledge(),
): readonly Cut[] | Policy {
  if (!asksPaths(problem)) return [];
  const graph = callGraph(problem.mesh);
  const numberOf = (name: string): number => graph.numbers.get(name) ?? -1;
  const stamps = new Set([...choice.stamps].map(numberOf));
  const able = stampers(problem.mesh, problem.dataplanes);
  const cuts: Cut[] = [];
  let trialsLeft = trialsInAll;
  for (const [policy, asked] of Map.groupBy(askings(problem, choice), (each) => each.policy)) {
    const places = asked.map(({ id }) => id).join("; ");
    if (enough.has(places, stamps)) continue;
    const before = budget.steps;
    const own = cutsFor(policy, asked, { graph, stamps, able, trials: () => trialsLeft-- > 0, budget });
    taken.set(policy, (taken.get(policy) ?? 0) + before - budget.steps);
    if (own === "tooManyStates") return budget.steps < 0 ? mostOf(taken) : policy;
    if (own.length === 0) enough.add(places, stamps);
    cuts.push(...own);
  }
  return cuts;
}

/** Stamps that have been found to suffice. More of them suffice as well. */
export interface Enough {
  has(places: string, stamps: ReadonlySet<number>): boolean;
  add(places: string, stamps: ReadonlySet<number>): void;
}

export function createEnough(): Enough {
  const known = new Map<string, ReadonlySet<number>[]>();
  return {
    has: (places, stamps) =>
      known.get(places)?.some((few) => [...few].every((service) => stamps.has(service))) ?? false,
    add(places, stamps) {
      known.set(places, [...(known.get(places) ?? []), stamps]);
    },
  };
}

function mostOf(taken: ReadonlyMap<Policy, number>): Policy {
  const [most] = [...taken].sort(([, a], [, b]) => b - a);
  assert(most !== undefined, "somebody has taken the steps");
  return most[0];
}

interface Circumstances {
  /** Whether one more may be tried. */
  readonly trials: () => boolean;
  readonly budget: Budget;
  readonly graph: CallGraph;
  readonly stamps: ReadonlySet<number>;
  readonly able: ReadonlySet<number>;
}

function cutsFor(
  policy: Policy,
  asked: readonly Asking[],
  { graph, stamps, able, trials, budget }: Circumstances,
): readonly Cut[] | "tooManyStates" {
  const machine = contextMachine(policy, graph.mesh);
  const nameOf = (service: number): string => graph.services[service] ?? "";
  const cuts: Cut[] = [];
  // What stamps, and what has to besides: what is told apart by that is no news.
  const known = new Set(stamps);
  for (let size = -1; size < known.size; ) {
    size = known.size;
    const found = project(graph, { machine, points: asked.map(({ point }) => point) }, known, budget);
    if (found.kind === "tooManyStates") return found.kind;
    for (const alike of found.kind === "lookalikes" ? found.found : []) {
      const each = asked[alike.point];
      assert(each !== undefined, "points are numbered as they were given");
      if (isToldApart(apart(alike), known)) continue;
      const paths = sharpest(alike, each.point);
      if (budget.steps < 0) return "tooManyStates";
      const cut = cutBetween(paths, each);
      cuts.push(cut);
      const { one, both } = apart(paths);
      if (one.length === 1 && both.length === 0) for (const service of one) known.add(service);
    }
  }
  return cuts;

  function apart(paths: Lookalikes): TellingApart {
    return tellingApart(paths, (service) => able.has(service));
  }

  function cutBetween(paths: Lookalikes, { point, unlessEgress }: Asking): Cut {
    const { one, both } = apart(paths);
    const [from, to] = paths.matching.slice(-2).map(({ service }) => service);
    const call = point.calls.find((number) => graph.from[number] === from && graph.to[number] === to);
    const name = graph.calls[call ?? -1];
    assert(name !== undefined, "a path ends at its point");
    return {
      policy,
      call: { from: name.from, to: name.to },
      paths: { matching: paths.matching.map(({ name }) => name), other: paths.other.map(({ name }) => name) },
      one: one.map(nameOf),
      both: both.map(([first, second]) => [nameOf(first), nameOf(second)]),
      ...(unlessEgress === undefined ? {} : { unlessEgress }),
    };
  }

  /** Of two paths that look alike, those that fewer services tell apart: such a condition rules out more choices. */
  function sharpest(first: Lookalikes, point: Point): Lookalikes {
    let best = first;
    const tried = new Set<number>();
    for (;;) {
      const { one, both } = apart(best);
      const next = one.find((service) => !tried.has(service));
      if (next === undefined || tried.size === trialsMax || !trials()) return best;
      tried.add(next);
      // All stamp that do not tell these apart, and one more.
      const others = new Set([...one.filter((service) => service !== next), ...both.map(([first]) => first)]);
      const more = new Set([...able].filter((service) => !others.has(service)));
      const other = project(graph, { machine, points: [point] }, new Set([...more, ...known]), budget);
      if (other.kind === "lookalikes" && other.found[0] !== undefined) best = other.found[0];
    }
  }
}

/** Where the policies of a problem ask, as the sides of their units have it. */
function askings(problem: Problem, { sides }: Choice): readonly Asking[] {
  const { calls, demands, starts, units, mesh } = problem;
  const numbers = new Map(callGraph(mesh).calls.map((call, number) => [keyOf(call), number]));
  const found = new Map<string, Asking>();
  for (const [own, name] of calls.entries()) {
    for (let unit = at0(starts, own); unit < at0(starts, own + 1); unit++) {
      const { policy, section, asks, routed } = demands[at0(units, unit)] as Demand;
      const side = at0(sides, unit) === 1 ? "ingress" : "egress";
      if (!asks[side]) continue;
      const call = numbers.get(keyOf(name));
      assert(call !== undefined, "the calls of a problem are those of its mesh");
      const [key, point] = pointOf(side, call, { mesh, routed });
      // Where callers are known it is the same question for all sections, on both sides.
      const isShared = side === "ingress" && mesh.identity === "none";
      const id = `${policy.name} ${key}${isShared ? ` ${section.name}` : ""}`;
      found.set(id, { id, policy, point, ...(isShared ? { unlessEgress: section.name } : {}) });
    }
  }
  return [...found.values()];
}
