import type { Context, Expression, Name } from "../language/context.ts";

/**
 * How a version in a context (`reviews@v2`) is read while the version of a request is unknown: `may` takes it
 * to be that version, so that what is rejected never matches; `must` takes it not to be, so that what is accepted always does.
 */
export type VersionReading = "may" | "must";

/** A deterministic automaton over the service names of a mesh; it reads a path from its entry on. */
export interface Automaton {
  readonly start: number;
  /** By state. Only asked after at least one step: the empty path matches nothing. */
  readonly accepting: readonly boolean[];
  /** The state after one more service; the service is one of the names that the automaton was built over. */
  step(state: number, service: string): number;
}

/** The automaton of a context with its suffix semantics (design §3): `.*L` without the empty suffix, or `L` if anchored. */
export function automaton(
  context: Context,
  services: readonly string[],
  versions: VersionReading,
): Automaton {
  const nfa = build(context.expression, versions);
  const first = closure(nfa, [nfa.start]);
  const numbers = new Map<string, number>();
  const states: (readonly number[])[] = [];
  const numberOf = (state: readonly number[]): number => {
    const key = state.join(",");
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    states.push(state);
    return states.length - 1;
  };
  const start = numberOf(context.anchored ? first : []);
  const table: Map<string, number>[] = [];
  // `states` grows while new sets of NFA states are met.
  for (let at = 0; at < states.length; at++) {
    const here = states[at] ?? [];
    const live = context.anchored ? here : [...here, ...first];
    const row = new Map<string, number>();
    for (const service of services) {
      const moved = live.flatMap((state) =>
        (nfa.steps[state] ?? []).filter((edge) => edge.takes(service)).map((edge) => edge.to),
      );
      row.set(service, numberOf(closure(nfa, moved)));
    }
    table.push(row);
  }
  return {
    start,
    accepting: states.map((state) => state.includes(nfa.end)),
    step(state, service) {
      const next = table[state]?.get(service);
      if (next === undefined) throw new Error(`no service ${service} in the automaton's alphabet`);
      return next;
    },
  };
}

interface Nfa {
  readonly start: number;
  readonly end: number;
  readonly steps: readonly (readonly {
    readonly takes: (service: string) => boolean;
    readonly to: number;
  }[])[];
  readonly empty: readonly (readonly number[])[];
}

function build(expression: Expression, versions: VersionReading): Nfa {
  const steps: { takes: (service: string) => boolean; to: number }[][] = [];
  const empty: number[][] = [];
  const state = (): number => {
    steps.push([]);
    empty.push([]);
    return steps.length - 1;
  };
  const skip = (from: number, to: number): void => {
    empty[from]?.push(to);
  };
  const names = (listed: readonly Name[], reading: VersionReading): ReadonlySet<string> =>
    new Set(
      listed.filter((name) => name.version === undefined || reading === "may").map((name) => name.name),
    );

  /** Adds the expression after `from` and returns the state behind it. */
  function add(node: Expression, from: number): number {
    switch (node.kind) {
      case "service":
        return take(from, names([node], versions), true);
      case "set":
        return take(from, names(node.names, versions), true);
      case "any":
        // Inside a complement the careful reading turns round.
        return take(from, names(node.except, versions === "may" ? "must" : "may"), false);
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

  function take(from: number, listed: ReadonlySet<string>, wanted: boolean): number {
    const to = state();
    steps[from]?.push({ takes: (service) => listed.has(service) === wanted, to });
    return to;
  }

  const start = state();
  const end = add(expression, start);
  return { start, end, steps, empty };
}

function closure(nfa: Nfa, from: readonly number[]): readonly number[] {
  const seen = new Set(from);
  for (const state of seen) for (const next of nfa.empty[state] ?? []) seen.add(next);
  return [...seen].sort((a, b) => a - b);
}
