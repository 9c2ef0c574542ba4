import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy, Side } from "../language/policy.ts";
import { type Item, isJudge, moduleFailure } from "./failure-class.ts";

/** Whether two policies, by the sections named, give the same result in either order. */
export type Commutes = (p: Policy, q: Policy, sections: { readonly p: Side; readonly q: Side }) => boolean;

/** Items in modules in the order of the chain. Nothing is in `groups` when there are diagnostics. */
export interface Groups {
  readonly groups: readonly (readonly Item[])[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Divide what one proxy runs in one direction, given in the order of policies, into modules: one for each run of Copper of the same
 * failure class up to commuting, one for each filter. All `Allow`s of a call come into one module, since they are judged together.
 */
export function group(items: readonly Item[], commutes: Commutes): Groups {
  const free = (p: Item, q: Item): boolean =>
    !shareCall(p, q) || commutes(p.policy, q.policy, { p: p.placed.section, q: q.placed.section });
  let sets = together(items);
  for (;;) {
    const before = orderOf(items, sets, free);
    const circle = circleIn(sets, before);
    if (circle === undefined) return { groups: schedule(items, sets, before), diagnostics: [] };
    const members = circle.flatMap((index) => sets[index] ?? []);
    // Copper that stands between policies of one module can only be in it, too.
    const other = circle.find((index) => sets[index]?.some((item) => items[item]?.policy.kind === "filter"));
    if (other !== undefined) {
      const torn = members.filter((item) => items[item] !== undefined && isJudge(items[item]));
      return { groups: [], diagnostics: tornApart(items, torn, sets[other] ?? []) };
    }
    sets = [members.toSorted((a, b) => a - b), ...sets.filter((_, index) => !circle.includes(index))];
  }
}

/** before[b] has a when set a must come before set b, directly or through others. */
function orderOf(
  items: readonly Item[],
  sets: readonly (readonly number[])[],
  free: (p: Item, q: Item) => boolean,
): readonly ReadonlySet<number>[] {
  const setOf = items.map((_, index) => sets.findIndex((set) => set.includes(index)));
  const before = sets.map(() => new Set<number>());
  items.forEach((p, i) => {
    items.slice(i + 1).forEach((q, n) => {
      const [a, b] = [setOf[i] ?? 0, setOf[i + 1 + n] ?? 0];
      if (a !== b && !free(p, q)) before[b]?.add(a);
    });
  });
  close(before);
  return before;
}

/** Sets each of which must come before all the others; undefined when there are none. */
function circleIn(
  sets: readonly (readonly number[])[],
  before: readonly ReadonlySet<number>[],
): readonly number[] | undefined {
  const first = before.findIndex((earlier, index) => earlier.has(index));
  if (first === -1) return undefined;
  return [...sets.keys()].filter((index) => before[index]?.has(first) && before[first]?.has(index));
}

/** Indexes of items that must come into one module: `Allow`s that meet on a call, and whoever these meet elsewhere. */
function together(items: readonly Item[]): readonly (readonly number[])[] {
  const sets: number[][] = [];
  items.forEach((item, index) => {
    const joined = isJudge(item)
      ? sets.filter((set) =>
          set.some((other) => items[other] && isJudge(items[other]) && shareCall(items[other], item)),
        )
      : [];
    const [first] = joined;
    if (first === undefined) {
      sets.push([index]);
      return;
    }
    for (const set of joined.slice(1)) first.push(...sets.splice(sets.indexOf(set), 1).flat());
    first.push(index);
    first.sort((a, b) => a - b);
  });
  return sets;
}

function shareCall(p: Item, q: Item): boolean {
  return p.placed.calls.some(([from, to]) =>
    q.placed.calls.some(([otherFrom, otherTo]) => from === otherFrom && to === otherTo),
  );
}

/** Make a relation transitive. */
function close(before: readonly Set<number>[]): void {
  before.forEach((_, k) => {
    for (const earlier of before) if (earlier.has(k)) for (const a of before[k] ?? []) earlier.add(a);
  });
}

/** The module in the making takes all that may come next and fits it; then the next one begins with the first policy left. */
function schedule(
  items: readonly Item[],
  sets: readonly (readonly number[])[],
  before: readonly ReadonlySet<number>[],
): readonly (readonly Item[])[] {
  const left = new Set(sets.keys());
  const groups: number[][] = [];
  while (left.size > 0) {
    const ready = [...left]
      .filter((set) => ![...(before[set] ?? [])].some((earlier) => left.has(earlier)))
      .sort((a, b) => (sets[a]?.[0] ?? 0) - (sets[b]?.[0] ?? 0));
    const last = groups.at(-1) ?? [];
    const fitting = ready.find((set) => fits(items, last, sets[set] ?? []));
    const next = fitting ?? ready[0];
    if (next === undefined) throw new Error("the order of policies has a cycle, which no diagnostic named");
    if (fitting === undefined) groups.push([...(sets[next] ?? [])]);
    else last.push(...(sets[next] ?? []));
    left.delete(next);
  }
  return groups.map((indexes) =>
    indexes.sort((a, b) => a - b).flatMap((index) => (items[index] === undefined ? [] : [items[index]])),
  );
}

function fits(items: readonly Item[], module: readonly number[], set: readonly number[]): boolean {
  const of = (indexes: readonly number[]): readonly Item[] => indexes.flatMap((index) => items[index] ?? []);
  const [inside, joining] = [of(module), of(set)];
  if (inside.length === 0 || [...inside, ...joining].some(({ policy }) => policy.kind !== "copper"))
    return false;
  return moduleFailure(inside) === moduleFailure(joining);
}

function tornApart(items: readonly Item[], set: readonly number[], between: readonly number[]): Diagnostic[] {
  const [first, last, other] = [items[set[0] ?? -1], items[set.at(-1) ?? -1], items[between[0] ?? -1]];
  if (first === undefined || last === undefined || other === undefined) return [];
  const [a, b, k] = [first.policy.name, last.policy.name, other.policy.name];
  const undeclared =
    other.policy.kind === "filter" && (other.policy.reads === undefined || other.policy.writes === undefined);
  const reorder = `give \`${k}\` a priority above or below both`;
  return [
    {
      code: "MOD0201",
      severity: "error",
      message: `\`${k}\` comes between \`${a}\` and \`${b}\`, whose \`Allow\`s are judged together`,
      help: undeclared ? `${reorder}, or declare the headers that it \`reads\` and \`writes\`` : reorder,
      source: other.policy.source,
      span: other.policy.span,
      label: undeclared
        ? "commutes with neither as long as it does not say what it touches"
        : "commutes with neither",
    },
  ];
}
