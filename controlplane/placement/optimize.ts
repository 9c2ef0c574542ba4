import type { Placement } from "./placement.ts";
import { type Problem, proxyKey, type Spot, type Unit } from "./problem.ts";
import { reduce } from "./reduce.ts";
import { type SolverAnswer, solveProgram } from "./solver.ts";

/** Where each unit sits, at what cost; or the units that cannot sit anywhere together. */
export type Solution =
  | {
      readonly kind: "solved";
      readonly spots: ReadonlyMap<Unit, Spot>;
      readonly cost: number;
      /** No placement costs less; equal to the cost where that is proved. */
      readonly bound: number;
    }
  | { readonly kind: "infeasible"; readonly stuck: readonly Unit[] };

/**
 * The cheapest placement, proved: parts that do not touch are solved apart, what one spot decides without a solver,
 * the rest as a mixed-integer program. Among optima it takes one with the fewest changes from `previous`.
 */
export async function optimize(
  problem: Problem,
  options: { readonly previous?: Placement; readonly timeLimitS: number },
): Promise<Solution> {
  const { previous } = options;
  const reduced = reduce(problem, { keepTies: previous !== undefined });
  if (reduced.stuck.length > 0) return { kind: "infeasible", stuck: reduced.stuck };
  const chosen = new Map<Unit, Spot>();
  let bound = 0;
  let secondsLeft = options.timeLimitS;
  for (const units of reduced.components) {
    const spots = new Map(units.map((unit) => [unit, reduced.spots.get(unit) ?? []]));
    const settled = only(spots);
    const solved =
      settled === undefined
        ? await program(problem, spots, { previous, secondsLeft })
        : { spots: settled, bound: costOf(problem, settled), seconds: 0 };
    if (solved === undefined) return { kind: "infeasible", stuck: units };
    for (const [unit, spot] of solved.spots) chosen.set(unit, spot);
    bound += solved.bound;
    secondsLeft = Math.max(0, secondsLeft - solved.seconds);
  }
  const cost = costOf(problem, chosen);
  return { kind: "solved", spots: chosen, cost, bound: isAsLow(cost, bound) ? cost : bound };
}

/** Sums of the same numbers in another order may differ in their last digits. */
function isAsLow(cost: number, bound: number): boolean {
  return cost <= bound + 1e-9 * Math.max(1, Math.abs(bound));
}

/** The cost of an assignment: proxies once each, and what the actions cost. */
function costOf(problem: Problem, spots: ReadonlyMap<Unit, Spot>): number {
  const proxies = new Set([...spots.values()].map((spot) => proxyKey(spot.service, spot.dataplane)));
  const forProxies = [...proxies].reduce((sum, key) => sum + (problem.proxies.get(key)?.cost ?? 0), 0);
  return [...spots.values()].reduce((sum, spot) => sum + spot.cost, forProxies);
}

type Options = ReadonlyMap<Unit, readonly Spot[]>;

/** The assignment when every unit has one spot left and no service would need two data planes. */
function only(options: Options): ReadonlyMap<Unit, Spot> | undefined {
  const solved = new Map<Unit, Spot>();
  const dataplaneOf = new Map<string, string>();
  for (const [unit, [spot, ...others]] of options) {
    if (spot === undefined || others.length > 0) return undefined;
    if ((dataplaneOf.get(spot.service) ?? spot.dataplane) !== spot.dataplane) return undefined;
    dataplaneOf.set(spot.service, spot.dataplane);
    solved.set(unit, spot);
  }
  return solved;
}

async function program(
  problem: Problem,
  options: Options,
  { previous, secondsLeft }: { readonly previous: Placement | undefined; readonly secondsLeft: number },
): Promise<
  { readonly spots: ReadonlyMap<Unit, Spot>; readonly bound: number; readonly seconds: number } | undefined
> {
  const units = [...options.keys()];
  const proxies = [
    ...new Set([...options.values()].flat().map((spot) => proxyKey(spot.service, spot.dataplane))),
  ];
  const proxyVariable = new Map(proxies.map((key, index) => [key, `y${index}`]));
  const spotVariable = (unit: Unit, index: number): string => `x${unit.id}_${index}`;
  const rows: string[] = [];
  const row = (terms: readonly string[], relation: string): void => {
    if (terms.length > 0) rows.push(`r${rows.length}: ${terms.join(" ")} ${relation}`);
  };
  const ingress = (unit: Unit, sign: "+" | "-"): readonly string[] =>
    (options.get(unit) ?? []).flatMap((spot, index) =>
      spot.side === "ingress" ? [`${sign} ${spotVariable(unit, index)}`] : [],
    );

  const cost: string[] = [];
  for (const [key, variable] of proxyVariable)
    cost.push(`+ ${problem.proxies.get(key)?.cost ?? 0} ${variable}`);
  for (const [unit, spots] of options) {
    row(
      spots.map((_, index) => `+ ${spotVariable(unit, index)}`),
      "= 1",
    );
    for (const [index, spot] of spots.entries()) {
      const proxy = proxyVariable.get(proxyKey(spot.service, spot.dataplane)) ?? "";
      row([`+ ${spotVariable(unit, index)}`, `- ${proxy}`], "<= 0");
      if (spot.cost !== 0) cost.push(`+ ${spot.cost} ${spotVariable(unit, index)}`);
    }
  }
  const inPart = (pair: readonly [Unit, Unit]): boolean => options.has(pair[0]) && options.has(pair[1]);
  for (const [a, b] of problem.together.filter(inPart)) row([...ingress(a, "+"), ...ingress(b, "-")], "= 0");
  // p at ingress implies q at ingress.
  for (const [p, q] of withoutImplied(problem.ordered.filter(inPart)))
    row([...ingress(p, "+"), ...ingress(q, "-")], "<= 0");
  for (const keys of Map.groupBy(proxies, (key) => problem.proxies.get(key)?.service ?? "").values()) {
    if (keys.length > 1)
      row(
        keys.map((key) => `+ ${proxyVariable.get(key)}`),
        "<= 1",
      );
  }

  const variables = [
    ...proxyVariable.values(),
    ...units.flatMap((unit) => (options.get(unit) ?? []).map((_, index) => spotVariable(unit, index))),
  ];
  const run = (
    objective: readonly string[],
    extra: readonly string[],
    timeLimitS: number,
  ): Promise<SolverAnswer> =>
    solveProgram({
      text: [
        "Minimize",
        ` obj: ${objective.join(" ")}`,
        "Subject To",
        ...rows,
        ...extra,
        "Binary",
        ` ${variables.join("\n ")}`,
        "End",
      ].join("\n"),
      variables,
      timeLimitS,
    });
  const spotsOf = (on: readonly string[]): ReadonlyMap<Unit, Spot> => {
    const taken = new Set(on);
    return new Map(
      [...options].map(([unit, spots]) => {
        const spot = spots.find((_, index) => taken.has(spotVariable(unit, index)));
        if (spot === undefined) throw new Error(`the solver left ${unit.policy.name} on no side`);
        return [unit, spot];
      }),
    );
  };
  const cheapest = await run(cost, [], secondsLeft);
  if (cheapest.kind === "infeasible") return undefined;
  const simple = atCallees(options);
  // Nothing costs less than nothing.
  const bound = Math.max(0, cheapest.bound);
  if (cheapest.kind === "nothing") return { spots: simple, bound, seconds: cheapest.seconds };
  const spots = spotsOf(cheapest.on);
  const least = costOf(problem, spots);
  const { seconds } = cheapest;
  if (cheapest.kind === "feasible")
    return { spots: costOf(problem, simple) < least ? simple : spots, bound, seconds };
  const changes =
    previous === undefined ? [] : changesFrom(previous, { options, proxyVariable, spotVariable });
  if (changes.length === 0) return { spots, bound, seconds };
  // The second objective: among all that cost the same, the one that moves least.
  const left = Math.max(0, secondsLeft - seconds);
  const nearest = await run(changes, [`keep: ${cost.join(" ")} <= ${cheapest.objective + 1e-6}`], left);
  const both = seconds + nearest.seconds;
  if (nearest.kind !== "optimal") return { spots, bound, seconds: both };
  const near = spotsOf(nearest.on);
  // The solver takes 0.000001 for 0, and a proxy may cost a million.
  return { spots: isAsLow(costOf(problem, near), least) ? near : spots, bound, seconds: both };
}

/** Of pairs in one order those that no two others say together: chains instead of all against all. */
function withoutImplied(pairs: readonly (readonly [Unit, Unit])[]): readonly (readonly [Unit, Unit])[] {
  const after = new Map(
    [...Map.groupBy(pairs, ([p]) => p)].map(([p, own]) => [p, new Set(own.map(([, q]) => q))]),
  );
  return pairs.filter(
    ([p, q]) => ![...(after.get(p) ?? [])].some((between) => after.get(between)?.has(q) === true),
  );
}

/** A placement without a search: at the callee wherever the reductions leave that. It keeps every constraint but the least cost. */
function atCallees(options: Options): ReadonlyMap<Unit, Spot> {
  const dataplaneOf = new Map<string, string>();
  return new Map(
    [...options].map(([unit, spots]) => {
      const side = spots.some((spot) => spot.side === "ingress") ? "ingress" : "egress";
      const fitting = spots.filter((spot) => spot.side === side);
      const spot = fitting.find(
        ({ service, dataplane }) => (dataplaneOf.get(service) ?? dataplane) === dataplane,
      );
      if (spot === undefined) throw new Error(`no data plane is left for ${unit.policy.name}`);
      dataplaneOf.set(spot.service, spot.dataplane);
      return [unit, spot];
    }),
  );
}

/** What a change from the last placement costs: a proxy that comes or goes outweighs all moves of units. */
function changesFrom(
  previous: Placement,
  at: {
    readonly options: Options;
    readonly proxyVariable: ReadonlyMap<string, string>;
    readonly spotVariable: (unit: Unit, index: number) => string;
  },
): readonly string[] {
  const had = new Set(previous.proxies.map((proxy) => proxyKey(proxy.service, proxy.dataplane)));
  const sat = new Set(
    previous.proxies.flatMap((proxy) =>
      proxy.policies.flatMap((placed) =>
        placed.calls.map(([from, to]) => seat(placed.policy, placed.section, [from, to], placed.side)),
      ),
    ),
  );
  const weight = at.options.size + 1;
  const terms: string[] = [];
  for (const [key, variable] of at.proxyVariable)
    terms.push(`${had.has(key) ? "-" : "+"} ${weight} ${variable}`);
  for (const [unit, spots] of at.options) {
    for (const [index, spot] of spots.entries()) {
      const same = sat.has(seat(unit.policy.name, unit.section, [unit.call.from, unit.call.to], spot.side));
      if (same) terms.push(`- 1 ${at.spotVariable(unit, index)}`);
    }
  }
  return terms;
}

function seat(policy: string, section: string, call: readonly [string | null, string], side: string): string {
  return JSON.stringify([policy, section, call, side]);
}
