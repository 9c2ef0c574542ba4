import { type Node as Drawn, drawCalls, drawService, type Kind } from "./draw-service.ts";
import type { Mesh } from "./mesh.ts";
import { type Random, random } from "./random.ts";
import { plainMesh } from "./suite.ts";

/** How many of a thousand applications have so many services. */
const sizes: readonly (readonly [from: number, to: number, weight: number])[] = [
  [1, 1, 60],
  [2, 2, 130],
  [3, 3, 90],
  [4, 4, 160],
  [5, 5, 80],
  [6, 6, 15],
  [7, 7, 420],
  [8, 9, 12],
  [10, 19, 20],
];
const tail = { from: 20, weight: 10, exponent: 1.5, max: 1500 };

/** What depends on the size: calls for each service, and the shares of applications with a cycle and of stores. */
const classes = [
  { to: 4, calls: 0.73, cyclic: 0, memcached: 0.33, databases: 0.02 },
  { to: 9, calls: 0.85, cyclic: 0, memcached: 0.42, databases: 0.02 },
  { to: 19, calls: 1.11, cyclic: 0.12, memcached: 0.13, databases: 0.08 },
  { to: 39, calls: 1.08, cyclic: 0.18, memcached: 0.05, databases: 0.15 },
  { to: 79, calls: 1.3, cyclic: 0.3, memcached: 0.05, databases: 0.16 },
  { to: Number.POSITIVE_INFINITY, calls: 1.5, cyclic: 0.5, memcached: 0.05, databases: 0.17 },
] as const;

/** In larger applications, so many services have so many callers and more. */
const hubs = { above: 200, share: 0.05, callers: 16 };

interface Node extends Drawn {
  readonly depth: number;
  readonly parent: Node | undefined;
}

/** The graph of one application with the statistics of Alibaba's: mostly one service that calls a few, and rarely a large one. */
export function generateApplication({
  seed,
  services,
}: {
  readonly seed: number;
  /** Drawn where it is not given. */
  readonly services?: number;
}): Mesh {
  const draw = random(seed);
  const count = services ?? drawSize(draw);
  const own = classes.find(({ to }) => count <= to) ?? classes[5];
  const nodes = drawTree(count, own, draw);
  addCalls(nodes, callsBeyondTree(count, own.calls), draw);
  if (count > hubs.above) addHubs(nodes, draw);
  if (draw.next() < own.cyclic) addCycle(nodes, draw);
  return plainMesh(
    `application-${count}-${seed}`,
    nodes.map(({ service }) => service),
    drawCalls(nodes, draw),
  );
}

function drawSize(draw: Random): number {
  const total = sizes.reduce((sum, [, , weight]) => sum + weight, tail.weight);
  let left = draw.next() * total;
  for (const [from, to, weight] of sizes) {
    if (left < weight) return from + draw.below(to - from + 1);
    left -= weight;
  }
  return Math.min(tail.max, Math.floor(tail.from * (1 - draw.next()) ** (-1 / tail.exponent)));
}

/** Services that call others, each below an earlier one, and then the leaves; callers before those that they call. */
function drawTree(count: number, own: (typeof classes)[number], draw: Random): readonly Node[] {
  const inner = drawInner(count, draw);
  const depthMax = draw.next() < 0.99 ? 4 : 9;
  const parents: (number | undefined)[] = [undefined];
  const depths = [0];
  for (let index = 1; index < inner; index++) {
    const possible = depths.flatMap((depth, parent) => (depth < depthMax - 1 ? [parent] : []));
    const parent = draw.pick(possible);
    parents.push(parent);
    depths.push((depths[parent] ?? 0) + 1);
  }
  const leaves = count - inner;
  const idle = depths.flatMap((_, index) => (parents.includes(index) ? [] : [index]));
  for (let leaf = 0; leaf < leaves; leaf++) {
    // Some call many more than others: of two, the earlier one.
    const parent = idle[leaf] ?? Math.min(draw.below(inner), draw.below(inner));
    parents.push(parent);
    depths.push((depths[parent] ?? 0) + 1);
  }
  const stores = draw.sample(
    Array.from({ length: count > 1 ? leaves : 0 }, (_, index) => inner + index),
    chance(count * (own.memcached + own.databases), draw),
  );
  const cached = own.memcached / (own.memcached + own.databases);
  const caches = new Set(stores.filter(() => draw.next() < cached));
  const nodes: Node[] = [];
  for (const [index, depth] of depths.entries()) {
    const isStore = stores.includes(index);
    const kind: Kind = index === 0 ? "entry" : index < inner ? "middle" : "leaf";
    const word = kind === "middle" ? "svc" : isStore ? (caches.has(index) ? "cache" : "db") : kind;
    const parent = nodes[parents[index] ?? -1];
    const node: Node = {
      service: drawService(index === 0 ? "entry" : `${word}-${index}`, { kind, isStore }, draw),
      callees: new Set(),
      back: new Set(),
      depth,
      parent,
    };
    parent?.callees.add(node);
    nodes.push(node);
  }
  return nodes;
}

/** How many services call others: of seven mostly one, and of many a third. */
function drawInner(count: number, draw: Random): number {
  if (count <= 2) return 1;
  if (count >= 10) return Math.max(1, Math.round(count * (1 - (0.6 + 0.19 * draw.next()))));
  const isStar = draw.next() < (count === 7 ? 0.97 : 0.4);
  return isStar ? 1 : 2 + draw.below(Math.max(1, Math.ceil(count / 2) - 1));
}

function callsBeyondTree(count: number, callsPerService: number): number {
  // One service calls nobody, and two only each other: what they lack of the mean, those of three and four have.
  if (count < 3) return 0;
  return count <= 4 ? 0.43 : Math.max(0, count * callsPerService - (count - 1));
}

/** From earlier to later services, so that no cycle arises. */
function addCalls(nodes: readonly Node[], wanted: number, draw: Random): void {
  const inner = nodes.filter(({ callees }) => callees.size > 0);
  const few = nodes.filter(({ service }) => service.protocol !== "tcp");
  const count = chance(wanted, draw);
  for (let added = 0, tries = 0; added < count && tries < count * 20; tries++) {
    // Where only one calls others, a leaf becomes a relay.
    const from = draw.pick(inner.length === 1 ? few : inner);
    const to = draw.pick(nodes);
    if (nodes.indexOf(to) > nodes.indexOf(from) && !from.callees.has(to)) {
      from.callees.add(to);
      added++;
    }
  }
}

function addHubs(nodes: readonly Node[], draw: Random): void {
  const inner = nodes.filter(({ callees }) => callees.size > 0);
  const rest = nodes.slice(inner.length).filter(({ service }) => service.protocol !== "tcp");
  for (const hub of draw.sample(rest, Math.round(nodes.length * hubs.share)))
    for (const from of draw.sample(inner, hubs.callers)) from.callees.add(hub);
}

/** A call back to a service above. */
function addCycle(nodes: readonly Node[], draw: Random): void {
  const deep = nodes.filter(({ depth, service }) => depth > 1 && service.protocol !== "tcp");
  if (deep.length === 0) return;
  const from = draw.pick(deep);
  const above: Node[] = [];
  for (let at = from.parent; at !== undefined; at = at.parent) above.push(at);
  const to = draw.pick(above);
  from.callees.add(to);
  from.back.add(to);
}

/** The whole number below, or with the chance of what is left the one above. */
function chance(value: number, draw: Random): number {
  return Math.floor(value) + (draw.next() < value % 1 ? 1 : 0);
}
