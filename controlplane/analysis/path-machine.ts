import { strict as assert } from "node:assert";
import type { Automaton } from "./automaton.ts";
import type { CallGraph } from "./call-graph.ts";
import type { Letter, PathMachine } from "./shortest-path.ts";

/** An automaton that reads services of a mesh whose versions it does not know. */
export function unversionedMachine(graph: CallGraph, machine: Automaton): PathMachine {
  const letters = graph.services.map((name) => [{ name, symbols: [machine.symbol(name)] }]);
  return {
    start: machine.start,
    letters: (service) => letters[service] ?? [],
    step: (state, { symbols: [symbol = 0] }) => machine.step(state, symbol),
  };
}

/** An automaton that reads services as they are met, in one of their versions. */
export interface ContextMachine extends PathMachine {
  accepts(state: number): boolean;
  /** As which of its letters a service is met in one of its versions. */
  letterOf(service: number, version: string): Letter;
}

/** Each of several automata for itself. A stop has the same name to all of them: that of a version where any of them tells versions apart. */
export function contextMachines(graph: CallGraph, machines: readonly Automaton[]): readonly ContextMachine[] {
  const { letters } = jointMachine(graph, machines);
  const letterOf = (service: number, version: string): Letter => {
    const name = graph.services[service] ?? "";
    const symbols = machines.map((machine) => machine.symbol(name, version)).join();
    const all = letters(service);
    const letter = all.find((each) => each.symbols.join() === symbols) ?? all[0];
    assert(letter !== undefined, "every service has a letter");
    return letter;
  };
  return machines.map((machine, at) => ({
    start: machine.start,
    letters,
    letterOf,
    step: (state, { symbols }) => machine.step(state, symbols[at] ?? 0),
    accepts: (state) => machine.accepts(state),
  }));
}

/** Several automata, which read one path together. Each of its services is of one version, as those of a request are. */
export interface JointMachine extends PathMachine {
  /** By automaton, the state that it is in. */
  parts(state: number): readonly number[];
  /** By automaton, whether it accepts. */
  accepts(state: number): readonly boolean[];
}

/** Of automata that read a service of unknown version as any of its versions. */
export function jointMachine(graph: CallGraph, machines: readonly Automaton[]): JointMachine {
  const states: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (parts: readonly number[]): number => {
    const key = parts.join(",");
    const number = numbers.get(key) ?? states.length;
    if (number === states.length) states.push(parts);
    numbers.set(key, number);
    return number;
  };
  const lettersOf = (name: string, isTcp: boolean): readonly Letter[] => {
    const isNamed = machines.some(({ named }) => named.has(name));
    // Connections are not told apart by version.
    const versions = isNamed && !isTcp ? [...(graph.mesh.services.get(name)?.versions.keys() ?? [])] : [];
    const read = (version?: string): readonly number[] =>
      machines.map((machine) => machine.symbol(name, version));
    const unversioned = { name, symbols: read() };
    if (versions.length === 0) return [unversioned];
    const all = versions.map((version) => ({ name: `${name}@${version}`, symbols: read(version) }));
    const different = [...new Map(all.map((letter) => [letter.symbols.join(), letter])).values()];
    return different.length === 1 ? different.map((letter) => ({ ...letter, name })) : different;
  };
  const letters: (readonly Letter[])[] = [];
  const nexts: Map<string, number>[] = [];
  return {
    start: numberOf(machines.map(({ start }) => start)),
    letters(service) {
      letters[service] ??= lettersOf(graph.services[service] ?? "", graph.isTcp[service] === 1);
      return letters[service];
    },
    step(state, { symbols }) {
      nexts[state] ??= new Map();
      const letter = symbols.join(" ");
      const known = nexts[state].get(letter);
      if (known !== undefined) return known;
      const next = numberOf(
        machines.map((machine, at) => machine.step(states[state]?.[at] ?? 0, symbols[at] ?? 0)),
      );
      nexts[state].set(letter, next);
      return next;
    },
    parts: (state) => states[state] ?? [],
    accepts: (state) => machines.map((machine, at) => machine.accepts(states[state]?.[at] ?? 0)),
  };
}
