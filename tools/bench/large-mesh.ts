import type { Mesh, Service } from "../../controlplane/mesh/mesh.ts";

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A mesh with some services that very many call, ways of a handful of calls and some cycles: each service but the entries is called by an earlier
 * one, and the other calls prefer low numbers as callers and popular services as callees. Stores are at the end.
 */
export function largeMesh(size: { readonly services: number; readonly calls: number }, seed: number): Mesh {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const entries = Math.ceil(size.services / 100);
  const service = (number: number): Service => ({
    name: `s${number}`,
    entry: number < entries,
    origin: false,
    protocol: number > size.services * 0.9 ? "tcp" : "http",
    port: 8080,
    replicas: 1,
    versions: new Map(),
    proxy: "any",
    endpoints: [],
  });
  const services = new Map(
    Array.from({ length: size.services }, (_, number) => [`s${number}`, service(number)]),
  );
  const calls = new Map<string, Mesh["calls"][number]>();
  const add = (from: number, to: number): void => {
    if (from !== to) calls.set(`${from} ${to}`, { from: `s${from}`, to: `s${to}`, rate: 1 });
  };
  const caller = (callee: number): number =>
    Math.floor(next() ** 1.5 * Math.min(callee, size.services * 0.9));
  for (let number = entries; number < size.services; number++) add(caller(number), number);
  while (calls.size < size.calls) {
    const popular = entries + Math.floor(next() ** 3 * (size.services - entries));
    // Now and then a callee calls back.
    add(next() < 0.02 ? below(Math.floor(size.services * 0.9)) : caller(popular), popular);
  }
  return {
    name: "large",
    identity: "address",
    stateHeader: "tracestate",
    services,
    calls: [...calls.values()],
  };
}

/** Contexts such as people write, about services of the mesh that call each other: most name two ends, some the way or what comes behind. */
export function contextsOf(mesh: Mesh, count: number, seed: number): readonly string[] {
  const next = random(seed);
  const callees = Map.groupBy(mesh.calls, ({ from }) => from);
  const pick = <T>(list: readonly T[]): T => {
    const item = list[Math.floor(next() * list.length)];
    if (item === undefined) throw new Error("there is nothing to pick");
    return item;
  };
  return Array.from({ length: count }, () => {
    const first = pick(mesh.calls);
    const second = pick(callees.get(first.to) ?? [first]);
    const other = pick(mesh.calls);
    const entry = `s${Math.floor((next() * mesh.services.size) / 100)}`;
    return pick([
      `${first.from} -> ${first.to}`,
      `. -> ${first.to}`,
      `${first.from} -> .`,
      `[${first.to}, ${other.to}]`,
      `[^${other.from}] -> ${first.to}`,
      `${first.from} -> ${first.to} -> ${second.to}`,
      `${first.from} -> .* -> ${second.to}`,
      `${entry} -> .* -> [${first.to}, ${other.to}]`,
      `^${entry} -> .* -> ${first.to}`,
      `${first.from} -> . -> . | ${other.from} -> ${other.to}?`,
    ]);
  });
}
