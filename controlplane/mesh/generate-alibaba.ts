import type { Call, Mesh, Protocol, Service } from "./mesh.ts";
import { type Random, random } from "./random.ts";
import { plainMesh, plainService } from "./suite.ts";

export interface AlibabaOptions {
  readonly seed: number;
  /** Default 10,000. */
  readonly services?: number;
  /** As many as there can be, and never fewer than every service needs to be reached. Default three for each service. */
  readonly calls?: number;
}

/** Shares of services (arXiv 2504.13141), and the mean of their replicas. */
const kinds = {
  entry: { share: 0.13, replicas: 16 },
  middle: { share: 0.48, replicas: 41 },
  leaf: { share: 0.39, replicas: 17 },
} as const;

/** Of all services, in graphs of twenty and more. */
const memcached = 0.05;
const databases = 0.16;
/** Services of an in-degree of 16 and more, in graphs of over 200. */
const hubs = 0.05;
const hubWeight = 60;
/** Of the calls, those that go back to where a request came from. */
const backCalls = 0.005;
/** Of calls between services, those that are plain HTTP. */
const plainHttp = 0.057 / (0.057 + 0.399);
/** Of the calls, those that are made more than once for a request. */
const repeated = 0.16;
const levelsMax = 5;
const spread = 1.2;

interface Node {
  readonly service: Service;
  readonly kind: keyof typeof kinds;
  /** A call goes from a lower to a higher one: it bounds the depth of traces. */
  readonly level: number;
  readonly callees: Set<Node>;
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
  const missing = (options.calls ?? count * 3) - nodes.reduce((sum, { callees }) => sum + callees.size, 0);
  const back = Math.round(Math.max(0, missing) * backCalls);
  addCalls(nodes, missing - back, draw);
  const backs = addBackCalls(nodes, back, draw);
  return plainMesh(
    `alibaba-${count}-${options.seed}`,
    nodes.map(({ service }) => service),
    withRates(nodes, backs, draw),
  );
}

/** Callers before those that they call. */
function drawNodes(count: number, draw: Random): readonly Node[] {
  const entries = Math.max(1, Math.round(count * kinds.entry.share));
  const leaves = Math.min(count - entries, Math.round(count * kinds.leaf.share));
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
      node("leaf", index < caches ? `cache-${index}` : `db-${index - caches}`, levelsMax, "tcp"),
    ),
  ];

  function node(kind: Node["kind"], name: string, level: number, store?: Protocol): Node {
    const protocol = store ?? (kind === "entry" || draw.next() < plainHttp ? "http" : "grpc");
    const isHub = level > 1 && store === undefined && draw.next() < hubs / hubable;
    return {
      service: plainService(name, {
        entry: kind === "entry",
        protocol,
        replicas: Math.max(1, Math.round(lognormal(draw, kinds[kind].replicas, spread))),
      }),
      kind,
      level,
      callees: new Set(),
      callers: [],
      // A store is its service's own.
      popularity: (isHub ? hubWeight : store === undefined ? 1 : 0.2) * lognormal(draw, 1, 0.3),
      appetite: lognormal(draw, 1, 1),
    };
  }
}

/** Of all services, those that can be hubs: at the first level, only entries could call them. */
const hubable =
  (kinds.middle.share * (levelsMax - 2)) / (levelsMax - 1) + kinds.leaf.share - memcached - databases;

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
function addBackCalls(
  nodes: readonly Node[],
  count: number,
  draw: Random,
): ReadonlyMap<Node, ReadonlySet<Node>> {
  const middles = nodes.filter(({ kind, level }) => kind === "middle" && level > 1);
  const added = new Map<Node, Set<Node>>();
  for (let done = 0, tries = 0; done < count && middles.length > 0 && tries < count * 20; tries++) {
    const from = draw.pick(middles);
    const to = draw.pick(from.callers);
    if (to.kind === "entry" || !call(from, to)) continue;
    done++;
    added.set(from, (added.get(from) ?? new Set()).add(to));
  }
  return added;
}

/** What comes in at a service goes on to what it calls, with the chance that a request needs it. */
function withRates(
  nodes: readonly Node[],
  backs: ReadonlyMap<Node, ReadonlySet<Node>>,
  draw: Random,
): readonly Call[] {
  const incoming = new Map<Node, number>();
  // Callers come before those that they call, but for calls back, which are rare and not followed.
  return nodes.flatMap((node) => {
    const from = node.kind === "entry" ? lognormal(draw, 50, spread) : (incoming.get(node) ?? 0);
    return [...node.callees].map((to): Call => {
      const isBack = backs.get(node)?.has(to) === true;
      const times = draw.next() < repeated ? 2 : 1;
      const rate = Math.max(0.001, significant(from * times * (isBack ? 0.01 : draw.next())));
      if (!isBack) incoming.set(to, (incoming.get(to) ?? 0) + rate);
      return { from: node.service.name, to: to.service.name, rate };
    });
  });
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

/** With this mean; `sigma` is that of its logarithm. */
export function lognormal(draw: Random, mean: number, sigma: number): number {
  return mean * Math.exp(sigma * draw.normal() - (sigma * sigma) / 2);
}

/** With three digits, so that a mesh file can be read. */
export function significant(value: number): number {
  return Number(value.toPrecision(3));
}
