import { plain } from "./literals.ts";

/**
 * Memory that outlives a callback, which generated code owns and hands to the SDK: there is as much of it as a module needs, and so no
 * number of states or metrics that is too large.
 */
export interface Cells {
  /** Where the number of a metric is kept, by its kind and name. */
  metric(kind: string, name: string): string;
  /** The slot of a state, by the policy that has it and its name there. */
  slot(policy: string, state: string): string;
  /** The records of connections, which so many `CountBytes` count: their memory, and the bytes of each. */
  connections(sites: number): { readonly records: string; readonly recordSize: number };
  /** The declarations of all that was asked for. */
  declarations(): string;
}

export function createCells(use: (file: string, name: string) => string): Cells {
  const names = new Map<string, string>();
  const lines: string[] = [];
  const cell = (letter: string, about: string, size: string): string => {
    const key = `${letter} ${about}`;
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = `${letter}${[...names.keys()].filter((each) => each.startsWith(letter)).length}`;
    names.set(key, name);
    lines.push(`// ${plain(about)}\nconst ${name}: usize = memory.data(${size});`);
    return name;
  };
  return {
    metric: (kind, name) => cell("M", `${kind} ${name}`, "4"),
    slot: (policy, state) => cell("S", `${policy}/${state}`, use("actions/state", "SLOT")),
    connections(sites) {
      const recordSize = 8 + 4 * Math.ceil(sites / 32);
      const size = `${use("actions/connection", "CONNECTIONS")} * ${recordSize}`;
      return { records: cell("C", "connections", size), recordSize };
    },
    declarations: () => (lines.length === 0 ? "" : `${lines.join("\n")}\n\n`),
  };
}
