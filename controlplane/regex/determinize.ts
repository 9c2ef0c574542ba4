import type { Nfa } from "./nfa.ts";
import type { Assertion } from "./pattern.ts";

/** A deterministic automaton over intervals of bytes. State 0 is the one that nothing leads out of to an accepted text. */
export interface Dfa {
  readonly start: number;
  /** For each byte its column. */
  readonly columnOf: Uint8Array;
  readonly columns: number;
  /** By `state * columns + column`. */
  readonly next: readonly number[];
  readonly accepting: readonly boolean[];
}

/** How much may be made and done; what a step is does not depend on the machine. */
export interface Effort {
  readonly maxStates: number;
  readonly maxTransitions: number;
  readonly maxSteps: number;
}

/** What stands beside a place between two bytes, as far as assertions ask. */
type Neighbour = "edge" | "newline" | "word" | "other";

/**
 * The subset construction; undefined when it takes more than the effort allowed. Assertions look at the byte before, which is
 * part of a state when one waits in it, and at the byte behind, so that they are decided when that byte comes.
 */
export function determinize(nfa: Nfa, effort: Effort): Dfa | undefined {
  const { nodes } = nfa;
  let steps = 0;
  const seen = new Uint32Array(nodes.length);
  let round = 0;

  /** Where one gets without a byte. Assertions are kept when `holds` is missing, else passed or not. */
  const closure = (from: readonly number[], holds?: (assertion: Assertion) => boolean): number[] => {
    round++;
    const found: number[] = [];
    const open = [...from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen[at] === round) continue;
      seen[at] = round;
      steps++;
      const node = nodes[at];
      if (node?.kind === "fork") open.push(...node.to);
      else if (node?.kind !== "assertion" || holds === undefined) found.push(at);
      else if (holds(node.assertion)) open.push(node.to);
    }
    return found.sort((left, right) => left - right);
  };

  const asserts = nodes.some(({ kind }) => kind === "assertion");
  const { columnOf, columns, neighbours } = split(nfa, asserts);
  const states: { readonly members: readonly number[]; readonly before: Neighbour }[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (members: readonly number[], before: Neighbour): number => {
    const waits = asserts && members.some((member) => nodes[member]?.kind === "assertion");
    const key = `${waits ? before : ""}:${members.join()}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    steps += members.length;
    numbers.set(key, states.length);
    return states.push({ members, before: waits ? before : "other" }) - 1;
  };
  numberOf([], "other");
  const start = numberOf(closure([nfa.start]), "edge");

  // By the nodes that a byte leads to, which most often is one.
  const reached: Readonly<Record<Neighbour, Map<number | string, number>>> = {
    edge: new Map(),
    newline: new Map(),
    word: new Map(),
    other: new Map(),
  };
  const reach = (to: readonly number[], before: Neighbour): number => {
    const [only] = to;
    if (only === undefined) return 0;
    const key = to.length === 1 ? only : to.join();
    const found = reached[before].get(key);
    if (found !== undefined) return found;
    const state = numberOf(closure(to), before);
    reached[before].set(key, state);
    return state;
  };

  const next: number[] = [];
  const accepting: boolean[] = [];
  const targets: number[][] = Array.from({ length: columns }, () => []);
  for (let state = 0; state < states.length; state++) {
    const { members = [], before = "other" } = states[state] ?? {};
    if (states.length > effort.maxStates || states.length * columns > effort.maxTransitions) return undefined;
    if (steps > effort.maxSteps) return undefined;
    const waits = members.some((member) => nodes[member]?.kind === "assertion");
    const facing = (behind: Neighbour): readonly number[] =>
      waits ? closure(members, (assertion) => holdsBetween(assertion, before, behind)) : members;
    accepting.push(facing("edge").some((member) => nodes[member]?.kind === "final"));
    for (const to of targets) to.length = 0;
    for (const behind of waits ? (["newline", "word", "other"] as const) : (["any"] as const)) {
      for (const member of behind === "any" ? members : facing(behind)) {
        const node = nodes[member];
        if (node?.kind !== "bytes") continue;
        for (const { first, last, to } of node.edges) {
          for (let column = columnOf[first] ?? 0; column <= (columnOf[last] ?? 0); column++) {
            steps++;
            if (behind === "any" || neighbours[column] === behind) targets[column]?.push(to);
          }
        }
      }
    }
    for (let column = 0; column < columns; column++) {
      next.push(reach(targets[column] ?? [], neighbours[column] ?? "other"));
    }
  }
  return { start, columnOf, columns, next, accepting };
}

/** Cut the bytes into the intervals that nothing in the pattern tells apart, numbered in their order. */
function split(
  nfa: Nfa,
  asserts: boolean,
): { readonly columnOf: Uint8Array; readonly columns: number; readonly neighbours: readonly Neighbour[] } {
  const cuts = new Set<number>();
  for (const node of nfa.nodes) {
    if (node.kind !== "bytes") continue;
    for (const { first, last } of node.edges) cuts.add(first).add(last + 1);
  }
  const columnOf = new Uint8Array(256);
  const neighbours: Neighbour[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const neighbour = asserts ? neighbourOf(byte) : "other";
    if (byte === 0 || cuts.has(byte) || neighbours.at(-1) !== neighbour) neighbours.push(neighbour);
    columnOf[byte] = neighbours.length - 1;
  }
  return { columnOf, columns: neighbours.length, neighbours };
}

function neighbourOf(byte: number): Neighbour {
  if (byte === 10) return "newline";
  return /\w/.test(String.fromCharCode(byte)) ? "word" : "other";
}

function holdsBetween(assertion: Assertion, before: Neighbour, behind: Neighbour): boolean {
  switch (assertion) {
    case "textStart":
      return before === "edge";
    case "textEnd":
      return behind === "edge";
    case "lineStart":
      return before === "edge" || before === "newline";
    case "lineEnd":
      return behind === "edge" || behind === "newline";
    case "wordBoundary":
      return (before === "word") !== (behind === "word");
    case "notWordBoundary":
      return (before === "word") === (behind === "word");
    default:
      return assertion satisfies never;
  }
}
