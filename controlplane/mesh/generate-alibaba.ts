import { type Node as Drawn, drawCalls, drawService, type Kind, lognormal } from "./draw-service.ts";
import type { Mesh } from "./mesh.ts";
import { type Random, random } from "./random.ts";
import { plainMesh } from "./suite.ts";

export interface AlibabaOptions {
  readonly seed: number;
  /** Default 10,000. */
  readonly services?: number;
  /** As many as there can be, and never fewer than every service needs to be reached. Default three for each service. */
  readonly calls?: number;
}

/** Shares of services (arXiv 2504.13141). */
const shares: Readonly<Record<Kind, number>> = { entry: 0.13, middle: 0.48, leaf: 0.39 };

/** Of all services, in graphs of twenty and more. */
const memcached = 0.05;
const databases = 0.16;
/** Services of an in-degree of 16 and more, in graphs of over 200. */
const hubs = 0.05;
const hubWeight = 60;
/** Of the calls, those that go back to where a request came from. */
const backCalls = 0.005;
const levelsMax = 5;

interface Node extends Drawn {
  readonly kind: Kind;
  /** A call goes from a lower to a higher one: it bounds the depth of traces. */
  readonly level: number;
  readonly callers: Node[];
  /** How often others call it, and it others, beside what keeps the graph together. */
  readonly popularity: number;
  readonly appetite: number;
}

/** One mesh with the shares, hubs, cycles, replicas and rates that studies of Alibaba's traces found. */
export function generateAlibaba(options: AlibabaOptions): Mesh {
  const { services: count = 10_000 } = options;
  const draw = random(options.seed);
  const nodes = drawNodes(count, draw);
  connect(nodes, draw);
  const wanted = options.calls ?? count * 3;
  const missing = wanted - nodes.reduce((sum, { callees }) => sum + callees.size, 0);
  const back = Math.max(0, Math.min(missing, Math.round(wanted * backCalls)));
  addCalls(nodes, missing - back, draw);
  addBackCalls(nodes, back, draw);
  return plainMesh(
    `alibaba-${count}-${options.seed}`,
    nodes.map(({ service }) => service),
    drawCalls(nodes, draw),
  );
}

/** Callers before those that they call. */
function drawNodes(count: number, draw: Random): readonly Node[] {
  const entries = Math.max(1, Math.round(count * shares.entry));
  const leaves = Math.min(count - entries, Math.round(count * shares.leaf));
  const stores = Math.min(leaves, Math.round(count * memcached) + Math.round(count * databases));
  const caches = Math.min(stores, Math.round(count * memcached));
  const middles = count - entries - leaves;
  const levels = Array.from({ length: middles }, (_, index) =>
    // Some have to be called by entries, whose level is 0.
    index === 0 ? 1 : 1 + draw.below(levelsMax - 1),
  ).sort((a, b) => a - b);
  return [
    ...Array.from({ length: entries }, (_, index) => node("entry", `entry-${index}`, 0)),
    ...levels.map((level, index) => node("middle", `svc-${index}`, level)),
    ...Array.from({ length: leaves - stores }, (_, index) => node("leaf", `leaf-${index}`, levelsMax)),
    ...Array.from({ length: stores }, (_, index) =>
      node("leaf", index < caches ? `cache-${index}` : `db-${index - caches}`, levelsMax, true),
    ),
  ];

  function node(kind: Kind, name: string, level: number, isStore = false): Node {
    const isHub = level > 1 && !isStore && draw.next() < hubs / hubable;
    return {
      service: drawService(name, { kind, isStore }, draw),
      kind,
      level,
      callees: new Set(),
      back: new Set(),
      callers: [],
      // A store is its service's own.
      popularity: (isHub ? hubWeight : isStore ? 0.2 : 1) * lognormal(draw, 1, 0.3),
      appetite: lognormal(draw, 1, 1),
    };
  }
}

/** Of all services, those that can be hubs: at the first level, only entries could call them. */
const hubable = (shares.middle * (levelsMax - 2)) / (levelsMax - 1) + shares.leaf - memcached - databases;

/** Every service gets a caller of a lower level, and every one but the leaves something to call. */
function connect(nodes: readonly Node[], draw: Random): void {
  const callers: Node[] = [];
  /** Those that call nobody yet. */
  const idle: Node[] = [];
  let waiting: Node[] = [];
  const add = (list: readonly Node[]): void => {
    callers.push(...list);
    idle.push(...list);
  };
  let level = 0;
  for (const node of nodes) {
    if (node.level !== level) {
      add(waiting);
      waiting = [];
      level = node.level;
    }
    if (node.kind !== "entry") call(nextCaller(), node);
    if (node.kind !== "leaf") waiting.push(node);
  }
  add(waiting);
  const callees = nodes.filter(({ kind }) => kind !== "entry");
  for (const node of callers) {
    const lower =
      node.callees.size > 0 ? [] : callees.slice(callees.findIndex((other) => other.level > node.level));
    if (lower.length > 0) call(node, draw.pick(lower));
  }

  function nextCaller(): Node {
    // Half of them take who calls nobody yet, so that few calls are needed; leaves come last, and all of them do.
    if (idle.length > 0 && (level === levelsMax || draw.next() < 0.5)) {
      const at = draw.below(idle.length);
      const [chosen] = idle.splice(at, 1);
      if (chosen !== undefined) return chosen;
    }
    return draw.pick(callers);
  }
}

function call(from: Node, to: Node): boolean {
  if (from === to || from.callees.has(to)) return false;
  from.callees.add(to);
  to.callers.push(from);
  return true;
}

/** Calls of who calls many to who is called by many. */
function addCalls(nodes: readonly Node[], count: number, draw: Random): void {
  const caller = weighted(
    nodes.filter(({ kind }) => kind !== "leaf"),
    ({ appetite }) => appetite,
    draw,
  );
  const callee = weighted(
    nodes.filter(({ kind }) => kind !== "entry"),
    ({ popularity }) => popularity,
    draw,
  );
  // In a small mesh there may not be so many.
  for (let added = 0, tries = 0; added < count && tries < count * 20; tries++) {
    const [from, to] = [caller(), callee()];
    if (from !== undefined && to !== undefined && from.level < to.level && call(from, to)) added++;
  }
}

/** Calls back to a service that led to the caller, by which the graph has cycles. */
function addBackCalls(nodes: readonly Node[], count: number, draw: Random): void {
  const middles = nodes.filter(({ kind, level }) => kind === "middle" && level > 1);
  for (let done = 0, tries = 0; done < count && middles.length > 0 && tries < count * 20; tries++) {
    const from = draw.pick(middles);
    const to = draw.pick(from.callers);
    if (to.kind === "entry" || !call(from, to)) continue;
    from.back.add(to);
    done++;
  }
}

/** Draws with weights. */
function weighted<Value>(
  values: readonly Value[],
  weightOf: (value: Value) => number,
  draw: Random,
): () => Value | undefined {
  let total = 0;
  const sums = Float64Array.from(values, (value) => {
    total += weightOf(value);
    return total;
  });
  return () => {
    const wanted = draw.next() * total;
    let [low, high] = [0, values.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? total) > wanted) high = middle;
      else low = middle + 1;
    }
    return values[low];
  };
}
