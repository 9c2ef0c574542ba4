import type { Context, Expression, Name } from "../language/context.ts";

/**
 * How a version in a context (`reviews@v2`) is read while the version of a request is unknown: `may` takes it
 * to be that version, so that what is rejected never matches; `must` takes it not to be, so that what is accepted always does.
 */
export type VersionReading = "may" | "must";

/**
 * A deterministic automaton over the services of a mesh; it reads a path from its entry on. States are made when they are first met. It reads symbols:
 * services that the context treats alike have one, and 0 is that of all services that it does not name.
 */
export interface Automaton {
  readonly start: number;
  /** The services that the context names. */
  readonly named: ReadonlySet<string>;
  /** The symbol of a service whose version is unknown, or known. */
  symbol(service: string, version?: string): number;
  /** How much memory and time its states have taken so far: the sum of their sizes. */
  size(): number;
  /** Only asked after at least one step: the empty path matches nothing. */
  accepts(state: number): boolean;
  /** The state after one more service. */
  step(state: number, symbol: number): number;
  /** Whether a longer path that ends with the same services never leaves less open (in the sense of `isWithin`), as no path has to begin at its entry. */
  readonly isMonotone: boolean;
  /** Whether whatever is accepted after the one state is accepted after the other because the latter has all parts of the former. */
  isWithin(state: number, other: number): boolean;
}

/** The automaton of a context with its suffix semantics (design §3): `.*L` without the empty suffix, or `L` if anchored. */
export function automaton(context: Context, versions: VersionReading): Automaton {
  const nfa = build(context.expression, versions);
  const symbols = symbolsOf(nfa.atoms);
  const first = closure(nfa, [nfa.start]);
  const numbers = new Map<string, number>();
  const states: { readonly live: readonly number[]; readonly accepts: boolean; readonly next: number[] }[] =
    [];
  let size = 0;
  const numberOf = (members: readonly number[]): number => {
    const key = members.join(",");
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    states.push({ live: members, accepts: members.includes(nfa.end), next: [] });
    size += members.length;
    return states.length - 1;
  };
  const stateAt = (number: number): (typeof states)[number] => {
    const state = states[number];
    if (state === undefined) throw new RangeError("a state comes from this automaton");
    return state;
  };
  return {
    start: numberOf(context.anchored ? first : []),
    named: symbols.named,
    isMonotone: !context.anchored,
    symbol: symbols.symbol,
    size: () => size,
    accepts: (state) => stateAt(state).accepts,
    step(state, symbol) {
      const here = stateAt(state);
      const known = here.next[symbol];
      if (known !== undefined) return known;
      const live = context.anchored ? here.live : [...here.live, ...first];
      const having = symbols.having[symbol];
      const moved = live.flatMap((member) =>
        (nfa.steps[member] ?? [])
          .filter((atom) => (having?.has(atom) ?? false) === nfa.atoms[atom]?.wanted)
          .map((atom) => nfa.atoms[atom]?.to ?? 0),
      );
      const next = numberOf(closure(nfa, moved));
      here.next[symbol] = next;
      return next;
    },
    isWithin(state, other) {
      const members = new Set(stateAt(other).live);
      return stateAt(state).live.every((member) => members.has(member));
    },
  };
}

/** One step over a service: one of those listed, or with `wanted` false any other. */
interface Atom {
  readonly to: number;
  readonly wanted: boolean;
  readonly listed: readonly Name[];
  readonly reading: VersionReading;
}

interface Nfa {
  readonly start: number;
  readonly end: number;
  readonly atoms: readonly Atom[];
  /** By state: the numbers of the atoms that begin there. */
  readonly steps: readonly (readonly number[])[];
  readonly empty: readonly (readonly number[])[];
}

/** Services, with or without a version, by the set of atoms that list them: those with the same set have one symbol. */
function symbolsOf(atoms: readonly Atom[]): {
  readonly named: ReadonlySet<string>;
  readonly having: readonly ReadonlySet<number>[];
  symbol(service: string, version?: string): number;
} {
  const mentions = new Map<string, { readonly atom: number; readonly version: string | undefined }[]>();
  for (const [atom, { listed }] of atoms.entries()) {
    for (const { name, version } of listed) {
      const all = mentions.get(name) ?? [];
      mentions.set(name, all);
      all.push({ atom, version });
    }
  }
  const having: ReadonlySet<number>[] = [new Set()];
  const bySet = new Map<string, number>([["", 0]]);
  const byName = new Map<string, number>();
  return {
    named: new Set(mentions.keys()),
    having,
    symbol(service, version) {
      const all = mentions.get(service);
      if (all === undefined) return 0;
      const name = version === undefined ? service : `${service}@${version}`;
      const known = byName.get(name);
      if (known !== undefined) return known;
      const set = new Set<number>();
      for (const mention of all) {
        const isUnknown = version === undefined && mention.version !== undefined;
        const has = isUnknown
          ? atoms[mention.atom]?.reading === "may"
          : (mention.version ?? version) === version;
        if (has) set.add(mention.atom);
      }
      const key = [...set].join(",");
      const symbol = bySet.get(key) ?? having.length;
      if (symbol === having.length) having.push(set);
      bySet.set(key, symbol);
      byName.set(name, symbol);
      return symbol;
    },
  };
}

function build(expression: Expression, versions: VersionReading): Nfa {
  const atoms: Atom[] = [];
  const steps: number[][] = [];
  const empty: number[][] = [];
  const state = (): number => {
    steps.push([]);
    empty.push([]);
    return steps.length - 1;
  };
  const skip = (from: number, to: number): void => {
    empty[from]?.push(to);
  };
  const take = (from: number, atom: Omit<Atom, "to">): number => {
    const to = state();
    steps[from]?.push(atoms.length);
    atoms.push({ ...atom, to });
    return to;
  };

  /** Adds the expression after `from` and returns the state behind it. */
  function add(node: Expression, from: number): number {
    switch (node.kind) {
      case "service":
        return take(from, { listed: [node], wanted: true, reading: versions });
      case "set":
        return take(from, { listed: node.names, wanted: true, reading: versions });
      case "any":
        // Inside a complement the careful reading turns round.
        return take(from, {
          listed: node.except,
          wanted: false,
          reading: versions === "may" ? "must" : "may",
        });
      case "sequence":
        return node.items.reduce((at, item) => add(item, at), from);
      case "choice": {
        const end = state();
        for (const option of node.options) {
          const begin = state();
          skip(from, begin);
          skip(add(option, begin), end);
        }
        return end;
      }
      case "repeat": {
        const begin = state();
        const end = state();
        skip(from, begin);
        const last = add(node.item, begin);
        skip(last, end);
        if (node.min === 0) skip(begin, end);
        if (node.max === "infinity") skip(last, begin);
        return end;
      }
      default:
        return node satisfies never;
    }
  }

  const start = state();
  const end = add(expression, start);
  return { start, end, atoms, steps, empty };
}

function closure(nfa: Nfa, from: readonly number[]): readonly number[] {
  const seen = new Set(from);
  for (const state of seen) for (const next of nfa.empty[state] ?? []) seen.add(next);
  return [...seen].sort((a, b) => a - b);
}
