import { strict as assert } from "node:assert";
import type { Context, Expression, Name } from "../language/context.ts";

/**
 * How a version in a context (`reviews@v2`) is read while the version of a request is unknown: `may` takes it
 * to be that version, so that what is rejected never matches; `must` takes it not to be, so that what is accepted always does.
 */
export type VersionReading = "may" | "must";

/** A deterministic automaton over the services of a mesh; it reads a path from its entry on. States are made when they are first met. */
export interface Automaton {
  readonly start: number;
  /** How much memory and time its states have taken so far: the sum of their sizes. */
  size(): number;
  /** Only asked after at least one step: the empty path matches nothing. */
  accepts(state: number): boolean;
  /** The state after one more service. `name@version` is a service whose version is known. */
  step(state: number, service: string): number;
}

/** The automaton of a context with its suffix semantics (design §3): `.*L` without the empty suffix, or `L` if anchored. */
export function automaton(context: Context, versions: VersionReading): Automaton {
  const nfa = build(context.expression, versions);
  const first = closure(nfa, [nfa.start]);
  const numbers = new Map<string, number>();
  const states: { readonly live: readonly number[]; readonly next: Map<string, number> }[] = [];
  let size = 0;
  const numberOf = (members: readonly number[]): number => {
    const key = members.join(",");
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    states.push({ live: members, next: new Map() });
    size += members.length;
    return states.length - 1;
  };
  return {
    start: numberOf(context.anchored ? first : []),
    size: () => size,
    accepts: (state) => states[state]?.live.includes(nfa.end) === true,
    step(state, service) {
      const here = states[state];
      assert(here !== undefined, "a state comes from this automaton");
      const known = here.next.get(service);
      if (known !== undefined) return known;
      const live = context.anchored ? here.live : [...here.live, ...first];
      const moved = live.flatMap((member) =>
        (nfa.steps[member] ?? []).filter((edge) => edge.takes(service)).map((edge) => edge.to),
      );
      const next = numberOf(closure(nfa, moved));
      here.next.set(service, next);
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

/** The names of an atom: what they take of services whose version is unknown, and is known. */
interface Listed {
  readonly unknown: ReadonlySet<string>;
  known(name: string, version: string): boolean;
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
  const names = (listed: readonly Name[], reading: VersionReading): Listed => {
    const bare = listed.filter((name) => name.version === undefined || reading === "may");
    return {
      unknown: new Set(bare.map((name) => name.name)),
      known: (name, version) =>
        listed.some((one) => one.name === name && (one.version ?? version) === version),
    };
  };

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

  function take(from: number, listed: Listed, wanted: boolean): number {
    const to = state();
    const has = (service: string): boolean => {
      const [name = "", version] = service.split("@");
      return version === undefined ? listed.unknown.has(name) : listed.known(name, version);
    };
    steps[from]?.push({ takes: (service) => has(service) === wanted, to });
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
