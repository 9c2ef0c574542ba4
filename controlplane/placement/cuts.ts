import { strict as assert } from "node:assert";
import { type CallGraph, type CallName, callGraph } from "../analysis/call-graph.ts";
import { type Budget, type Lookalikes, type Point, project } from "../analysis/projection.ts";
import { tellingApart } from "../analysis/telling-apart.ts";
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

/** As many services are tried to find cuts that ask for more: for each, and for all that are missed at once, where a context with many states takes many steps. */
const trialsMax = 12;
const trialsInAll = 500;
const trialStepsInAll = 2_000_000;

/** Conditions that a choice does not meet: one for each place where it leaves a proxy in doubt, or the policy whose context has too many states to be looked through. */
export function missedCuts(
  problem: Problem,
  choice: Choice,
  enough: Enough = createEnough(),
): readonly Cut[] | Policy {
  if (!asksPaths(problem)) return [];
  const graph = callGraph(problem.mesh);
  const numberOf = (name: string): number => graph.numbers.get(name) ?? -1;
  const stamps = new Set([...choice.stamps].map(numberOf));
  const able = stampers(problem.mesh, problem.dataplanes);
  const cuts: Cut[] = [];
  let trialsLeft = trialsInAll;
  const budget: Budget = { steps: trialStepsInAll };
  for (const [policy, asked] of Map.groupBy(askings(problem, choice), (each) => each.policy)) {
    const places = asked.map(({ id }) => id).join("; ");
    if (enough.has(places, stamps)) continue;
    const trials = (): boolean => budget.steps > 0 && trialsLeft-- > 0;
    const own = cutsFor(policy, asked, { graph, stamps, able, trials, budget });
    if (own === "tooManyStates") return policy;
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
  const found = project(graph, { machine, points: asked.map(({ point }) => point) }, stamps);
  if (found.kind === "tooManyStates") return found.kind;
  for (const alike of found.kind === "lookalikes" ? found.found : []) {
    const each = asked[alike.point];
    assert(each !== undefined, "points are numbered as they were given");
    const paths = sharpest(alike, each.point);
    const { one, both } = tellingApart(paths, (service) => able.has(service));
    const [from, to] = paths.matching.slice(-2).map(({ service }) => service);
    const call = each.point.calls.find((number) => graph.from[number] === from && graph.to[number] === to);
    const name = graph.calls[call ?? -1];
    assert(name !== undefined, "a path ends at its point");
    cuts.push({
      policy,
      call: { from: name.from, to: name.to },
      paths: { matching: paths.matching.map(({ name }) => name), other: paths.other.map(({ name }) => name) },
      one: one.map(nameOf),
      both: both.map(([first, second]) => [nameOf(first), nameOf(second)]),
      ...(each.unlessEgress === undefined ? {} : { unlessEgress: each.unlessEgress }),
    });
  }
  return cuts;

  /** Of two paths that look alike, those that fewer services tell apart: such a condition rules out more choices. */
  function sharpest(first: Lookalikes, point: Point): Lookalikes {
    let best = first;
    const tried = new Set<number>();
    for (;;) {
      const { one, both } = tellingApart(best, (service) => able.has(service));
      const next = one.find((service) => !tried.has(service));
      if (next === undefined || tried.size === trialsMax || !trials()) return best;
      tried.add(next);
      // All stamp that do not tell these apart, and one more.
      const apart = new Set([...one.filter((service) => service !== next), ...both.map(([first]) => first)]);
      const more = new Set([...able].filter((service) => !apart.has(service)));
      const other = project(graph, { machine, points: [point] }, new Set([...more, ...stamps]), budget);
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
