import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Placement } from "../placement/placement.ts";
import { counted } from "./counted.ts";

/** What was seen of one call: how many requests, and how many of them show each effect. */
interface Seen {
  requests: number;
  readonly effects: Map<string, number>;
  /** Of the callee. Not an effect by itself: services with versions take turns. */
  readonly versions: Map<string, number>;
}

/** Collects what the services saw, and tells it policy by policy. */
export interface Observation {
  readonly requests: number;
  add(tree: CallTree): void;
  /** For each policy what its calls show; then all other calls, which no policy may touch. */
  lines(placement: Placement): readonly string[];
}

/** Headers that a client or the mesh itself sets; any other one was set by a policy. */
const ordinary = new Set([
  ...[
    ":method",
    ":path",
    ":scheme",
    ":authority",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
  ],
  ...["user-agent", "x-canary", "x-forwarded-for", "x-forwarded-proto", "x-request-id"],
  ...["traceparent", "tracestate", "baggage"],
]);

export function observe(): Observation {
  const calls = new Map<string, Seen>();
  let requests = 0;

  function visit(tree: CallTree, caller: string): void {
    const key = `${caller} -> ${tree.service}`;
    const seen = calls.get(key) ?? { requests: 0, effects: new Map(), versions: new Map() };
    calls.set(key, seen);
    seen.requests++;
    for (const effect of effectsOf(tree)) count(seen.effects, effect);
    if (tree.version !== undefined) count(seen.versions, `version ${tree.version}`);
    for (const call of tree.calls ?? []) visit(call, tree.service);
  }

  return {
    get requests() {
      return requests;
    },
    add(tree) {
      requests++;
      visit(tree, "outside");
    },
    lines(placement) {
      const placed = callsByPolicy(placement);
      const covered = new Set([...placed.values()].flat());
      const others = [...calls].filter(([call]) => !covered.has(call));
      const touched = others.filter(([, seen]) => seen.effects.size > 0);
      const untouched = others.filter(([, seen]) => seen.effects.size === 0).map(([call]) => call);
      return [
        ...[...placed].flatMap(([policy, own]) => [
          `${policy}:`,
          ...own.map((call) => `  ${call.padEnd(24)} ${describe(calls.get(call))}`),
        ]),
        ...touched.map(([call, seen]) => `not placed there: ${call} ${describe(seen)}`),
        `no policy: ${counted(untouched.length, "other call")}, as ${untouched.length === 1 ? "it was" : "they were"} sent (${abridged(untouched)})`,
      ];
    },
  };
}

function effectsOf(tree: CallTree): readonly string[] {
  return [
    ...answerOf(tree),
    ...Object.entries(tree.headers ?? {})
      .filter(([name]) => !ordinary.has(name))
      .flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)),
  ];
}

/** A service's own answer is no effect; one without what a service tells came from a proxy on the way. */
function answerOf({ status, body }: CallTree): readonly string[] {
  if (status !== 200) return [`answered ${status}`];
  return body === undefined ? [] : ["answered 200 by a proxy"];
}

function callsByPolicy(placement: Placement): ReadonlyMap<string, readonly string[]> {
  const calls = new Map<string, string[]>();
  for (const { policy, calls: placed } of placement.proxies.flatMap((proxy) => proxy.policies)) {
    const own = calls.get(policy) ?? [];
    own.push(...placed.map(([from, to]) => `${from ?? "outside"} -> ${to}`));
    calls.set(policy, own);
  }
  return calls;
}

function describe(seen: Seen | undefined): string {
  if (seen === undefined) return "no request";
  const effects = [...seen.effects, ...seen.versions].map(([what, times]) => `${what} in ${times}`);
  return `${seen.requests} requests${effects.length === 0 ? ", none changed" : `: ${effects.join(", ")}`}`;
}

function abridged(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")}, …`;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
