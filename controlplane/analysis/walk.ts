import type { Automaton } from "./automaton.ts";
import type { CallGraph } from "./call-graph.ts";

/** What an automaton can say of the calls of a mesh, over all paths. */
export interface Walk {
  /** By call: `accepted` when some path that ends with it is, and of such calls also `rejected` when some path is not. */
  readonly judged: Uint8Array;
  /** The calls of which some path is accepted, in no order. */
  readonly matching: readonly number[];
  /** The states in which a path can be at a service that calls one that the context names; over a connection they are what its two ends say. */
  statesAt(service: number): readonly number[];
}

export const accepted = 1;
export const rejected = 2;

/** Pairs of service and state, and sizes of all states together, beyond which nobody waits for the answer. */
const pairsMax = 65_535;
const sizeMax = 4_000_000;

/**
 * Go through the product of the graph and the automaton, each pair once. Undefined when there are too many states.
 *
 * Most contexts are in one state, which accepts nothing, wherever no service that they name is near. That state is not followed from service to
 * service: only what is around the services that are named is looked at. Where it matters whether a path can be in that state at some
 * service, one is looked for; when none is found, everything is followed after all.
 */
export function walk(graph: CallGraph, machine: Automaton): Walk | undefined {
  const product = productOf(graph, machine);
  const rest = machine.step(machine.start, 0);
  const found = visits(product, machine.step(rest, 0) === rest && !machine.accepts(rest) ? rest : undefined);
  if (found.rest !== undefined) {
    const isRestingAt = resting(product, found, rest);
    const isEnough = enterNear(product, found, { rest, isRestingAt });
    if (!found.run()) return undefined;
    if (isEnough && judgeResting(product, found, { rest, isRestingAt }))
      return {
        ...found,
        statesAt: (service) => [
          ...new Set([...found.statesAt(service), ...(isRestingAt(service) === "yes" ? [rest] : [])]),
        ],
      };
  }
  found.follow();
  for (const service of graph.starts) {
    const state = machine.step(machine.start, product.symbols[service] ?? 0);
    const call = graph.outside[service] ?? -1;
    if (call >= 0) found.judge(call, state);
    found.enter(service, state);
  }
  return found.run() ? found : undefined;
}

interface Product {
  readonly graph: CallGraph;
  readonly machine: Automaton;
  /** By service. */
  readonly symbols: Int32Array;
  /** The services that the context names and a path leads to. */
  readonly named: readonly number[];
}

function productOf(graph: CallGraph, machine: Automaton): Product {
  const symbols = new Int32Array(graph.services.length);
  const named: number[] = [];
  for (const name of machine.named) {
    const service = graph.numbers.get(name);
    if (service === undefined || graph.before[service] === -2) continue;
    named.push(service);
    symbols[service] = machine.symbol(name);
  }
  return { graph, machine, symbols, named };
}

/** The pairs that have been met. */
interface Visits {
  /** A state that is noted where it is met, and not followed. */
  readonly rest: number | undefined;
  readonly judged: Uint8Array;
  readonly matching: readonly number[];
  judge(call: number, state: number): void;
  enter(service: number, state: number): void;
  has(service: number, state: number): boolean;
  /** The state behind a connection, which may be pooled: it carries no longer path than its two ends (design §3). */
  overBoth(caller: number, callee: number): number;
  /** Go on from all that was entered; false when there are too many states. */
  run(): boolean;
  /** From now on follow every state. */
  follow(): void;
  statesAt(service: number): readonly number[];
}

/** Instead of a state that is not known yet. */
const unmade = -1;

function visits({ graph, machine, symbols, named }: Product, rest: number | undefined): Visits {
  const size = graph.services.length;
  const width = named.reduce((most, service) => Math.max(most, symbols[service] ?? 0), 0) + 1;
  const judged = new Uint8Array(graph.calls.length);
  const matching: number[] = [];
  let held = rest;
  /** By state: the one after each symbol, what it says of a call, and by service whether they have been met. */
  const rows: Int32Array[] = [];
  const bits: number[] = [];
  const met: Uint8Array[] = [];
  const services: number[] = [];
  const states: number[] = [];
  const noted: number[] = [];

  function make(state: number): void {
    for (let number = rows.length; number <= state; number++) {
      rows.push(new Int32Array(width).fill(unmade));
      bits.push(machine.accepts(number) ? accepted : rejected);
      met.push(new Uint8Array(size));
    }
  }

  function after(state: number, symbol: number): number {
    if (state >= rows.length) make(state);
    const row = rows[state];
    const known = row?.[symbol] ?? unmade;
    if (known !== unmade) return known;
    const next = machine.step(state, symbol);
    make(next);
    if (row !== undefined) row[symbol] = next;
    return next;
  }

  function judge(call: number, state: number): void {
    if (state >= rows.length) make(state);
    const bit = bits[state] ?? 0;
    const before = judged[call] ?? 0;
    if ((before & bit) !== 0) return;
    judged[call] = before | bit;
    if (bit === accepted) matching.push(call);
  }

  function enter(service: number, state: number): void {
    if (state >= rows.length) make(state);
    const here = met[state];
    if (here === undefined || here[service] === 1) return;
    here[service] = 1;
    if (state === held) {
      noted.push(service);
    } else {
      services.push(service);
      states.push(state);
    }
  }

  const overBoth = (caller: number, callee: number): number =>
    after(after(machine.start, symbols[caller] ?? 0), symbols[callee] ?? 0);

  let next = 0;
  function run(): boolean {
    const { isTcp } = graph;
    const { first, calls, ends } = graph.outgoing;
    for (; next < services.length; next++) {
      if (services.length > pairsMax || machine.size() > sizeMax) return false;
      const service = services[next] ?? 0;
      const state = states[next] ?? 0;
      const row = rows[state];
      const end = first[service + 1] ?? 0;
      for (let at = first[service] ?? 0; at < end; at++) {
        const callee = ends[at] ?? 0;
        const call = calls[at] ?? 0;
        const symbol = symbols[callee] ?? 0;
        let longer = row?.[symbol] ?? unmade;
        if (longer === unmade) longer = after(state, symbol);
        if (((judged[call] ?? 0) & (bits[longer] ?? 0)) === 0) judge(call, longer);
        if (isTcp[callee] === 1) {
          // Where the way to the caller says something else than the two ends, nobody can tell.
          const both = overBoth(service, callee);
          judge(call, both);
          enter(callee, both);
        } else if (met[longer]?.[callee] === 0) {
          enter(callee, longer);
        }
      }
    }
    return true;
  }

  function follow(): void {
    const state = held;
    held = undefined;
    if (state === undefined) return;
    for (const service of noted) {
      services.push(service);
      states.push(state);
    }
  }

  return {
    rest,
    judged,
    matching,
    judge,
    enter,
    has: (service, state) => met[state]?.[service] === 1,
    overBoth,
    run,
    follow,
    statesAt: (service) => [...met.keys()].filter((state) => met[state]?.[service] === 1),
  };
}

/** Whether a path can be in a state at a service; `unknown` when no such path was found. */
type Answer = "yes" | "no" | "unknown";

interface Rest {
  readonly rest: number;
  isRestingAt(service: number): Answer;
}

/** Enter all other states that a step from the resting one leads to; false when it is not known whether there are more. */
function enterNear(
  { graph, machine, symbols, named }: Product,
  found: Visits,
  { rest, isRestingAt }: Rest,
): boolean {
  const { incoming, outgoing, isTcp } = graph;
  let isEnough = true;
  for (const service of named) {
    const symbol = symbols[service] ?? 0;
    if (graph.before[service] === -1) {
      const state = machine.step(machine.start, symbol);
      const call = graph.outside[service] ?? -1;
      if (call >= 0) found.judge(call, state);
      found.enter(service, state);
    }
    const state = machine.step(rest, symbol);
    for (let at = incoming.first[service] ?? 0; at < (incoming.first[service + 1] ?? 0); at++) {
      const call = incoming.calls[at] ?? 0;
      const caller = incoming.ends[at] ?? 0;
      if (isTcp[service] === 1) {
        const both = found.overBoth(caller, service);
        found.judge(call, both);
        found.enter(service, both);
      }
      const answer = isRestingAt(caller);
      if (answer === "unknown") isEnough = false;
      if (answer !== "yes") continue;
      found.judge(call, state);
      if (isTcp[service] === 0) found.enter(service, state);
    }
    for (let at = outgoing.first[service] ?? 0; at < (outgoing.first[service + 1] ?? 0); at++) {
      const callee = outgoing.ends[at] ?? 0;
      if (isTcp[callee] === 0) continue;
      const both = found.overBoth(service, callee);
      found.judge(outgoing.calls[at] ?? 0, both);
      found.enter(callee, both);
    }
  }
  return isEnough;
}

/** Say of the matching calls what the resting state says; false when it is not known whether a path can be in it. */
function judgeResting(
  { graph, machine, symbols }: Product,
  found: Visits,
  { rest, isRestingAt }: Rest,
): boolean {
  for (const call of found.matching) {
    const caller = graph.from[call] ?? -1;
    if (caller < 0) continue;
    const answer = isRestingAt(caller);
    if (answer === "unknown") return false;
    if (answer === "yes") found.judge(call, machine.step(rest, symbols[graph.to[call] ?? 0] ?? 0));
  }
  return true;
}

/** Services that are asked before nobody looks further, as it takes no longer to go through everything. */
const askedMax = 500;

function resting({ graph, machine, symbols }: Product, found: Visits, rest: number): Rest["isRestingAt"] {
  const { first, ends } = graph.incoming;
  /** By service: one more than the state in which the shortest path arrives, or 0. */
  const arrival = new Int32Array(graph.services.length);
  const arrives = (service: number): boolean => {
    const way: number[] = [];
    for (let at = service; at >= 0 && arrival[at] === 0; at = graph.before[at] ?? -1) way.push(at);
    for (let next = way.pop(); next !== undefined; next = way.pop()) {
      const caller = graph.before[next] ?? -1;
      const before =
        caller < 0
          ? machine.start
          : graph.isTcp[next] === 1
            ? machine.step(machine.start, symbols[caller] ?? 0)
            : (arrival[caller] ?? 0) - 1;
      arrival[next] = machine.step(before, symbols[next] ?? 0) + 1;
    }
    return arrival[service] === rest + 1;
  };
  /** A path that goes on resting from some service on, none of which is named. */
  const goesOn = (service: number): boolean => {
    if (symbols[service] !== 0) return false;
    const asked = new Set([service]);
    for (const callee of asked) {
      if (asked.size > askedMax) return false;
      for (let at = first[callee] ?? 0; at < (first[callee + 1] ?? 0); at++) {
        const caller = ends[at] ?? 0;
        const isSo =
          graph.isTcp[callee] === 1
            ? found.overBoth(caller, callee) === rest
            : arrives(caller) || found.has(caller, rest);
        if (isSo) return true;
        if (symbols[caller] === 0) asked.add(caller);
      }
    }
    return false;
  };
  /** Whether any path that ends with these, and maybe begins earlier, leaves more open than the resting state does. */
  const leavesMore = new Map<string, boolean>();
  const isMore = (symbol: number, before?: number): boolean => {
    const key = `${before} ${symbol}`;
    const known = leavesMore.get(key);
    if (known !== undefined) return known;
    const from = before === undefined ? machine.start : machine.step(machine.start, before);
    const answer = !machine.isWithin(machine.step(from, symbol), rest);
    leavesMore.set(key, answer);
    return answer;
  };
  const never = (service: number): boolean => {
    const symbol = symbols[service] ?? 0;
    const isStart = graph.before[service] === -1;
    if (first[service] === first[service + 1]) return true;
    if (!machine.isMonotone || (isStart && !isMore(symbol))) return false;
    for (let at = first[service] ?? 0; at < (first[service + 1] ?? 0); at++)
      if (!isMore(symbol, symbols[ends[at] ?? 0] ?? 0)) return false;
    return true;
  };
  const answers = new Map<number, Answer>();
  return (service) => {
    const known = answers.get(service);
    if (known !== undefined) return known;
    if (found.has(service, rest) || arrives(service)) return "yes";
    const answer = never(service) ? "no" : goesOn(service) ? "yes" : "unknown";
    answers.set(service, answer);
    return answer;
  };
}
