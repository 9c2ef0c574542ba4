import loadHighs from "highs";
import type { Placement } from "./placement.ts";
import { type Problem, proxyKey, type Spot, type Unit } from "./problem.ts";
import { reduce } from "./reduce.ts";

// The package's types are written for its CommonJS build; its ES build, which Node loads here, exports the loader itself.
const load = loadHighs as unknown as (typeof loadHighs)["default"];

/** Where each unit sits, at what cost; or the units that cannot sit anywhere together. */
export type Solution =
  | { readonly kind: "solved"; readonly spots: ReadonlyMap<Unit, Spot>; readonly cost: number }
  | { readonly kind: "infeasible"; readonly stuck: readonly Unit[] };

/**
 * The cheapest placement, proved: parts that do not touch are solved apart, what one spot decides without a solver,
 * the rest as a mixed-integer program. Among optima it takes one with the fewest changes from `previous`.
 */
export async function optimize(problem: Problem, previous?: Placement): Promise<Solution> {
  const reduced = reduce(problem, { keepTies: previous !== undefined });
  if (reduced.stuck.length > 0) return { kind: "infeasible", stuck: reduced.stuck };
  const chosen = new Map<Unit, Spot>();
  for (const units of reduced.components) {
    const options = new Map(units.map((unit) => [unit, reduced.spots.get(unit) ?? []]));
    const solved = only(options) ?? (await program(problem, options, previous));
    if (solved === undefined) return { kind: "infeasible", stuck: units };
    for (const [unit, spot] of solved) chosen.set(unit, spot);
  }
  return { kind: "solved", spots: chosen, cost: costOf(problem, chosen) };
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
  previous: Placement | undefined,
): Promise<ReadonlyMap<Unit, Spot> | undefined> {
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
  for (const [p, q] of problem.ordered.filter(inPart)) row([...ingress(p, "+"), ...ingress(q, "-")], "<= 0");
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
  const highs = await load();
  const run = (objective: readonly string[], extra: readonly string[]) =>
    highs.solve(
      [
        "Minimize",
        ` obj: ${objective.join(" ")}`,
        "Subject To",
        ...rows,
        ...extra,
        "Binary",
        ` ${variables.join("\n ")}`,
        "End",
      ].join("\n"),
      { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-9, random_seed: 0 },
    );
  let answer = run(cost, []);
  if (answer.Status !== "Optimal") return undefined;
  const changes =
    previous === undefined ? [] : changesFrom(previous, { options, proxyVariable, spotVariable });
  if (changes.length > 0) {
    // The second objective: among all that cost the same, the one that moves least.
    const slack = 1e-6 * Math.max(1, answer.ObjectiveValue);
    const nearest = run(changes, [`keep: ${cost.join(" ")} <= ${answer.ObjectiveValue + slack}`]);
    if (nearest.Status === "Optimal") answer = nearest;
  }
  const columns: Readonly<Record<string, { readonly Primal?: number }>> = answer.Columns;
  const solved = new Map<Unit, Spot>();
  for (const [unit, spots] of options) {
    const spot = spots.find((_, index) => (columns[spotVariable(unit, index)]?.Primal ?? 0) > 0.5);
    if (spot === undefined) throw new Error(`the solver left ${unit.policy.name} on no side`);
    solved.set(unit, spot);
  }
  return solved;
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
