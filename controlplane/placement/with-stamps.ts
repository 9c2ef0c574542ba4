import { strict as assert } from "node:assert";
import type { Side } from "../language/policy.ts";
import type { Cut } from "./cuts.ts";
import { carriesState } from "./dataplane.ts";
import { at0, emptyTable, type Link, type Network, type Table } from "./network.ts";
import { originsOf } from "./origins.ts";
import type { Problem } from "./problem.ts";
import type { Seats } from "./seats.ts";

/** How many values the variables of a network with stamps have at least. */
export const stampWidth = 3;

/** A variable with the value that is meant. */
interface Literal {
  readonly variable: number;
  readonly value: number;
}

/** All of these hold. */
type Term = readonly Literal[];

interface Asked {
  readonly problem: Problem;
  readonly cuts: readonly Cut[];
  readonly exact: (cost: number) => number;
  readonly before: Seats;
  readonly sideVariable: (callee: number, section: Side, policy: string) => number | undefined;
}

/**
 * The network with a variable for each service of which a cut asks whether it stamps: 1 if so. A cut of several terms becomes a row of variables, one
 * for each term, which are 0 before a term that holds, 1 at it and 2 after it, so that only pairs of variables are linked.
 */
export function withStamps(
  network: Network,
  { problem, cuts, exact, before, sideVariable }: Asked,
): { readonly network: Network; stampsOf(values: Int32Array): ReadonlySet<string> } {
  const { width } = network;
  const numbers = new Map(problem.services.map(({ name }, number) => [name, number]));
  const stamps = new Map<string, number>();
  let size = network.size;
  const stampOf = (service: string): Literal => {
    const variable = stamps.get(service) ?? size++;
    stamps.set(service, variable);
    return { variable, value: 1 };
  };
  const atEgress = (callee: string, section: Side, policy: string): readonly Term[] => {
    const variable = sideVariable(numbers.get(callee) ?? -1, section, policy);
    return variable === undefined ? [] : [[{ variable, value: 0 }]];
  };
  const origins = originsOf(problem);
  const clauses = strongest([
    ...[...origins.always].map((service) => [[stampOf(service)]]),
    ...origins.atIngress.flatMap(({ callee, section, policy, services }) =>
      services.map((service) => [...atEgress(callee, section, policy), [stampOf(service)]]),
    ),
    ...cuts.map((cut) => [
      ...(cut.unlessEgress === undefined ? [] : atEgress(cut.call.to, cut.unlessEgress, cut.policy.name)),
      ...cut.one.map((service) => [stampOf(service)]),
      ...cut.both.map((pair) => pair.map(stampOf)),
    ]),
  ]);
  const links: Link[] = [...network.links];
  const forced: Literal[] = [];
  /** Entries that cannot be, of values of a row's variables. */
  const forbidden: { readonly variable: number; readonly value: number }[] = [];
  for (const clause of clauses) {
    const [first, second] = clause;
    if (first !== undefined && second === undefined) {
      forced.push(...first);
      continue;
    }
    const start = size;
    size += clause.length;
    for (const [at, term] of clause.entries()) {
      const variable = start + at;
      if (at > 0) links.push({ a: variable - 1, b: variable, table: inRow(width) });
      for (const literal of term)
        links.push({ a: variable, b: literal.variable, table: whereItHolds(literal.value, width) });
    }
    forbidden.push({ variable: start, value: 2 }, { variable: size - 1, value: 0 });
  }
  const unary = emptyTable(size * width);
  unary.cost.set(network.unary.cost);
  unary.moves.set(network.unary.moves);
  const never = (variable: number, value: number): void => {
    unary.cost[variable * width + value] = Number.POSITIVE_INFINITY;
  };
  for (let variable = network.size; variable < size; variable++)
    for (let value = stampWidth; value < width; value++) never(variable, value);
  for (const { variable, value } of forbidden) never(variable, value);
  for (const { variable, value } of forced)
    for (let other = 0; other < width; other++) if (other !== value) never(variable, other);
  for (const [name, variable] of stamps) {
    for (let value = 2; value < width; value++) never(variable, value);
    if (!before.stamps.has(name)) unary.moves[variable * width + 1] = 1;
    const service = numbers.get(name);
    assert(service !== undefined, "what stamps is a service of the problem");
    links.push({ a: variable, b: service, table: stamping(problem, service, width, exact) });
  }
  return {
    network: { width, size, unary, links },
    stampsOf: (values) =>
      new Set([...stamps].flatMap(([name, variable]) => (at0(values, variable) === 1 ? [name] : []))),
  };
}

/** Those of several clauses that no other one says already, each once. */
function strongest(clauses: readonly (readonly Term[])[]): readonly (readonly Term[])[] {
  const keyOf = (term: Term): string => term.map(({ variable, value }) => `${variable}=${value}`).join("&");
  const keyed = clauses.map((clause) => ({ clause, keys: new Set(clause.map(keyOf)) }));
  const different = new Map(keyed.map((each) => [[...each.keys].sort().join(" "), each]));
  const sorted = [...different.values()].sort((a, b) => a.keys.size - b.keys.size);
  /** Those that are kept, by each of their terms. */
  const having = new Map<string, Set<(typeof sorted)[number]>>();
  return sorted
    .filter((each) => {
      const near = [...each.keys].flatMap((key) => [...(having.get(key) ?? [])]);
      if (near.some(({ keys }) => [...keys].every((key) => each.keys.has(key)))) return false;
      for (const key of each.keys) having.set(key, (having.get(key) ?? new Set()).add(each));
      return true;
    })
    .map(({ clause }) => clause);
}

function tableOf(width: number, isPossible: (a: number, b: number) => boolean): Table {
  const table = emptyTable(width * width);
  for (let a = 0; a < width; a++)
    for (let b = 0; b < width; b++)
      if (!isPossible(a, b)) table.cost[a * width + b] = Number.POSITIVE_INFINITY;
  return table;
}

/** Two neighbours in a row: before goes on until now, which is once. */
function inRow(width: number): Table {
  return tableOf(width, (left, right) => (left === 0 ? right < 2 : right === 2));
}

function whereItHolds(wanted: number, width: number): Table {
  return tableOf(width, (here, value) => here !== 1 || value === wanted);
}

/** What it costs that a service stamps, by the data plane of its proxy; it has to have one that can. */
function stamping(
  { into, dataplanes }: Problem,
  service: number,
  width: number,
  exact: (cost: number) => number,
): Table {
  const table = emptyTable(width * width);
  for (let value = 0; value < width; value++) {
    const dataplane = dataplanes[value - 1];
    const canStamp = dataplane !== undefined && carriesState(dataplane);
    table.cost[width + value] = canStamp
      ? exact(at0(into, service) * (dataplane.stampCost ?? 0))
      : Number.POSITIVE_INFINITY;
  }
  return table;
}
