import { strict as assert } from "node:assert";
import type { Mesh } from "../mesh/mesh.ts";

/** A call as the analysis names it: `from` is null for a request from outside into an entry. */
export interface CallName {
  readonly from: string | null;
  readonly to: string;
}

/**
 * The services of a mesh and the calls that a request can take, by number: those from outside into entries first, then in the order of the
 * mesh file. The calls of one service lie together, so that a walk goes through arrays.
 */
export interface CallGraph {
  readonly mesh: Mesh;
  readonly calls: readonly CallName[];
  /** By call: the number of the caller, -1 for outside, and of the callee. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly services: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  /** By service: whether what reaches it are connections. */
  readonly isTcp: Uint8Array;
  /** The calls from a service to one that is reached over connections. */
  readonly connections: readonly number[];
  /** Services where a path may begin, in the order of the mesh file. */
  readonly starts: readonly number[];
  /** By service: the number of its call from outside, or -1. */
  readonly outside: Int32Array;
  /** The calls of service `s` are `outgoing.calls` from `outgoing.first[s]` to before `outgoing.first[s + 1]`. */
  readonly outgoing: Adjacency;
  readonly incoming: Adjacency;
  /** By service: the one before it on a shortest path to it, -1 where the path begins, -2 where no path leads. */
  readonly before: Int32Array;
}

export interface Adjacency {
  readonly first: Int32Array;
  readonly calls: Int32Array;
  /** The service at the other end of each. */
  readonly ends: Int32Array;
}

const known = new WeakMap<Mesh, CallGraph>();

/** The graph of a mesh, which is built when it is first asked for. */
export function callGraph(mesh: Mesh): CallGraph {
  const found = known.get(mesh) ?? build(mesh);
  known.set(mesh, found);
  return found;
}

/** The calls of the mesh that a request can take, those from outside into entries first. */
export function callsOf(mesh: Mesh): readonly CallName[] {
  return callGraph(mesh).calls;
}

function build(mesh: Mesh): CallGraph {
  const all = [...mesh.services.values()];
  const services = all.map(({ name }) => name);
  const numbers = new Map(services.map((name, number) => [name, number]));
  const numberOf = (name: string): number => {
    const number = numbers.get(name);
    assert(number !== undefined, "calls are between services of the mesh");
    return number;
  };
  const starts = all.flatMap(({ entry, origin }, number) => (entry || origin ? [number] : []));
  const inside = mesh.calls.flatMap(({ from, to }) =>
    from === null ? [] : [{ name: { from, to }, from: numberOf(from), to: numberOf(to) }],
  );
  const before = shortestWays({
    size: all.length,
    starts,
    from: Int32Array.from(inside, ({ from }) => from),
    to: Int32Array.from(inside, ({ to }) => to),
  });
  const edges = [
    ...all.flatMap(({ name, entry }, number) =>
      entry ? [{ name: { from: null, to: name }, from: -1, to: number }] : [],
    ),
    ...inside.filter(({ from }) => before[from] !== -2),
  ];
  const from = Int32Array.from(edges, (edge) => edge.from);
  const to = Int32Array.from(edges, (edge) => edge.to);
  const isTcp = Uint8Array.from(all, ({ protocol }) => (protocol === "tcp" ? 1 : 0));
  const outside = new Int32Array(all.length).fill(-1);
  for (const [call, edge] of edges.entries()) if (edge.from === -1) outside[edge.to] = call;
  return {
    mesh,
    calls: edges.map(({ name }) => name),
    from,
    to,
    services,
    numbers,
    isTcp,
    connections: [...edges.keys()].filter((call) => (from[call] ?? -1) >= 0 && isTcp[to[call] ?? 0] === 1),
    starts,
    outside,
    outgoing: adjacency(all.length, from, to),
    incoming: adjacency(all.length, to, from),
    before,
  };
}

/** The calls inside the mesh by one of their ends, in order. */
function adjacency(size: number, near: Int32Array, far: Int32Array): Adjacency {
  const isInside = (call: number): boolean => (near[call] ?? -1) >= 0 && (far[call] ?? -1) >= 0;
  const first = new Int32Array(size + 1);
  for (const [call, end] of near.entries()) if (isInside(call)) first[end + 1] = (first[end + 1] ?? 0) + 1;
  for (let service = 0; service < size; service++)
    first[service + 1] = (first[service + 1] ?? 0) + (first[service] ?? 0);
  const next = first.slice();
  const calls = new Int32Array(first[size] ?? 0);
  const ends = new Int32Array(first[size] ?? 0);
  for (const [call, end] of near.entries()) {
    if (!isInside(call)) continue;
    const at = next[end] ?? 0;
    calls[at] = call;
    ends[at] = far[call] ?? 0;
    next[end] = at + 1;
  }
  return { first, calls, ends };
}

function shortestWays(graph: {
  readonly size: number;
  readonly starts: readonly number[];
  readonly from: Int32Array;
  readonly to: Int32Array;
}): Int32Array {
  const { first, ends } = adjacency(graph.size, graph.from, graph.to);
  const before = new Int32Array(graph.size).fill(-2);
  for (const start of graph.starts) before[start] = -1;
  const queue = [...graph.starts];
  for (const service of queue) {
    for (let at = first[service] ?? 0; at < (first[service + 1] ?? 0); at++) {
      const callee = ends[at] ?? 0;
      if (before[callee] !== -2) continue;
      before[callee] = service;
      queue.push(callee);
    }
  }
  return before;
}
