import { keyOf } from "../analysis/verdicts.ts";
import type { Policy } from "../language/policy.ts";
import { type Choice, type Cut, createKnowledge, type Knowledge, missedCuts } from "./cuts.ts";
import type { Network } from "./network.ts";
import { type Optimum, optimize } from "./optimize.ts";
import { originsOf } from "./origins.ts";
import { withServices } from "./part-of.ts";
import { placementNetwork } from "./placement-network.ts";
import { asksPaths, type Problem, unitsOf } from "./problem.ts";
import type { Seats } from "./seats.ts";

export interface LeastOptions {
  readonly before: Seats;
  readonly timeLimitS: number;
  /** What else is to hold, as a change of the network. Variables of services have the numbers that these have in the problem. */
  readonly change?: (network: Network) => Network;
  /** Cuts that are known already; those that are found are added. */
  readonly cuts?: Cut[];
}

/** The best placement of a problem, as numbers. */
export type Least =
  | {
      readonly kind: "solved";
      /** Costs are whole numbers of this part of one. */
      readonly grid: number;
      readonly cost: number;
      readonly bound: number;
      /** The numbers of the data planes by service. */
      readonly values: Int32Array;
      /** By unit: 1 when it is enforced at ingress. */
      readonly sides: Uint8Array;
      readonly stamps: ReadonlySet<string>;
    }
  | Exclude<Optimum, { readonly kind: "solved" }>
  /** The context of a policy, read by what stamps, has more states than can be looked through. */
  | { readonly kind: "tooManyStates"; readonly policy: Policy };

/**
 * The cheapest placement with stamps that suffice: it is solved without asking whether they do, and again with what it misses as further
 * constraints, until it misses nothing. So few of the pairs of paths that have to be told apart are looked at.
 */
export async function least(problem: Problem, options: LeastOptions): Promise<Least> {
  const { before, timeLimitS, change = (network) => network, cuts = [] } = options;
  const end = performance.now() + timeLimitS * 1000;
  const knowledge = createKnowledge();
  for (;;) {
    const own = cuts.length === 0 ? cuts : cuts.filter(bindsIn(problem));
    const { network, grid, sidesOf, stampsOf } = placementNetwork(concerning(problem, own), before, own);
    const secondsLeft = Math.max(0, (end - performance.now()) / 1000);
    const optimum = await optimize(change(network), secondsLeft);
    if (optimum.kind !== "solved") return optimum;
    const { cost, bound } = optimum;
    const values = optimum.values.slice(0, problem.services.length);
    const sides = sidesOf(optimum.values);
    const stamps = stampsOf(optimum.values);
    const missed = missedCuts(problem, { sides, stamps }, knowledge);
    if ("context" in missed) return { kind: "tooManyStates", policy: missed };
    if (missed.length === 0)
      return {
        kind: "solved",
        grid,
        cost,
        bound,
        values,
        sides,
        stamps: needed(problem, { sides, stamps }, { before, knowledge }),
      };
    if (secondsLeft === 0) return { kind: "nothing" };
    cuts.push(...missed);
  }
}

/** Whether a cut is of something that the problem asks for. */
function bindsIn(problem: Problem): (cut: Cut) => boolean {
  const asked = new Set<string>();
  for (const { demand, call } of unitsOf(problem)) {
    const { policy, section, asks } = demand;
    if (asks.egress || asks.ingress) asked.add(`${policy.name} ${keyOf(call)}`);
    if (asks.ingress) asked.add(`${policy.name} ${section.name} ${call.to}`);
  }
  return ({ policy, call, unlessEgress }) =>
    asked.has(
      unlessEgress === undefined
        ? `${policy.name} ${keyOf(call)}`
        : `${policy.name} ${unlessEgress} ${call.to}`,
    );
}

/** The problem with all services that may have to stamp: a part of one has no others than its own calls are between. */
function concerning(problem: Problem, cuts: readonly Cut[]): Problem {
  if (!asksPaths(problem)) return problem;
  const here = new Set(problem.services.map(({ name }) => name));
  const { always, atIngress } = originsOf(problem);
  const named = new Set([
    ...always,
    ...atIngress.flatMap(({ services }) => services),
    ...cuts.flatMap(({ one, both }) => [...one, ...both.flat()]),
  ]);
  const missing = [...named].filter((name) => !here.has(name));
  return missing.length === 0 ? problem : withServices(problem, missing);
}

/** Without stamps of before that nothing asks for any more. New ones have been found to be needed. */
function needed(
  problem: Problem,
  { sides, stamps }: Choice,
  { before: { stamps: old }, knowledge }: { readonly before: Seats; readonly knowledge: Knowledge },
): ReadonlySet<string> {
  const { always, atIngress } = originsOf(problem);
  const origins = new Set([...always, ...atIngress.flatMap(({ services }) => services)]);
  let left = stamps;
  for (const service of stamps) {
    if (!old.has(service) || origins.has(service)) continue;
    const fewer = new Set([...left].filter((each) => each !== service));
    const missed = missedCuts(problem, { sides, stamps: fewer }, knowledge);
    if (!("context" in missed) && missed.length === 0) left = fewer;
  }
  return left;
}
