import { dominators } from "./dominators.ts";
import type { Mesh } from "./mesh.ts";

/** The calls of a mesh that carry requests, and none to stores. */
export interface RequestGraph {
  /** Callers and callees by name, of calls that carry requests. */
  readonly calls: readonly { readonly from: string; readonly to: string }[];
  readonly callers: ReadonlyMap<string, readonly string[]>;
  readonly callees: ReadonlyMap<string, readonly string[]>;
  /** Those that every path to a service passes, itself first. */
  chain(service: string): readonly string[];
  /** Those that calls lead to from a service, with itself. */
  reached(service: string): ReadonlySet<string>;
}

export function requestGraph({ services, calls }: Mesh): RequestGraph {
  const names = [...services.keys()];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const requests = calls.flatMap(({ from, to }) =>
    from === null || services.get(to)?.protocol === "tcp" ? [] : [{ from, to }],
  );
  const callees = listed(requests, "from", "to");
  const above = dominators(
    names.map((name) => (callees.get(name) ?? []).map((to) => numbers.get(to) ?? -1)),
    [...services.values()].flatMap(({ name, entry, origin }) =>
      entry || origin ? [numbers.get(name) ?? -1] : [],
    ),
  );
  return {
    calls: requests,
    callers: listed(requests, "to", "from"),
    callees,
    chain(service) {
      const found: string[] = [];
      for (let at = numbers.get(service) ?? -1; at !== -1; at = above[at] ?? -1) found.push(names[at] ?? "");
      return found;
    },
    reached(service) {
      const seen = new Set([service]);
      for (const name of seen) for (const to of callees.get(name) ?? []) seen.add(to);
      return seen;
    },
  };
}

function listed<Key extends "from" | "to">(
  calls: RequestGraph["calls"],
  key: Key,
  value: "from" | "to",
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...Map.groupBy(calls, (call) => call[key])].map(([name, list]) => [
      name,
      list.map((call) => call[value]),
    ]),
  );
}
