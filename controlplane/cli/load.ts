import { type Connections, connections } from "../../envoy/emulator/connections.ts";
import type { CallTree, Protocol } from "../../envoy/emulator/service.ts";
import { treeOf } from "../../envoy/emulator/tree-of.ts";
import { type AddressMap, outside } from "../xds/address-map.ts";

/** What came of a request: what the services saw of it, or why nobody answered. */
export type Answer =
  | { readonly kind: "answered"; readonly tree: CallTree }
  | { readonly kind: "failed"; readonly why: string };

/** The kinds of requests that the load consists of, in turn: what the example policies tell apart. */
const kinds: readonly Readonly<Record<string, string[]>>[] = [
  { "user-agent": ["wire-load"] },
  { "user-agent": ["wire-load"], "x-canary": ["true"] },
  { "user-agent": ["scraper/1.0"] },
];

/** The same for people. */
export const loadKinds = "plain, with `x-canary: true`, and as `user-agent: scraper/1.0`";

export interface Load {
  stop(): void;
}

/** A gentle open loop of requests from outside into the entry services, at a constant rate, in turn. */
export function startLoad(options: {
  readonly rate: number;
  addresses(): AddressMap | undefined;
  protocolOf(service: string): Protocol;
  answered(answer: Answer): void;
}): Load {
  let pool: ReadonlyMap<string, Entry> = new Map();
  let sent = 0;
  const tick = (): void => {
    pool = entriesOf(options.addresses(), options.protocolOf, pool);
    const entries = [...pool.values()];
    const turn = sent++;
    const entry = entries[turn % Math.max(entries.length, 1)];
    // Every entry gets every kind, also where there are as many of the ones as of the others.
    const headers = kinds[Math.floor(turn / Math.max(entries.length, 1)) % kinds.length];
    if (entry !== undefined && headers !== undefined) void send(entry, headers).then(options.answered);
  };
  const timer = setInterval(tick, 1000 / options.rate);
  return {
    stop() {
      clearInterval(timer);
      for (const entry of pool.values()) void entry.open.retire();
    },
  };
}

/** A service that takes requests from outside, and the connections to where it is reached. */
interface Entry {
  readonly service: string;
  readonly protocol: Protocol;
  readonly open: Connections;
}

/** By place; connections do not outlive the place that they lead to. */
function entriesOf(
  addresses: AddressMap | undefined,
  protocolOf: (service: string) => Protocol,
  before: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> {
  const next = new Map<string, Entry>();
  for (const [service, [target]] of Object.entries(addresses?.[outside] ?? {})) {
    if (target === undefined) continue;
    const protocol = protocolOf(service);
    const key = `${service} ${target.address}:${target.port}`;
    next.set(key, before.get(key) ?? { service, protocol, open: connections(protocol, target) });
  }
  for (const [key, { open }] of before) if (!next.has(key)) void open.retire();
  return next;
}

async function send(
  { service, protocol, open }: Entry,
  headers: Readonly<Record<string, string[]>>,
): Promise<Answer> {
  try {
    const reply = await open.send({ authority: service, path: "/", headers });
    return { kind: "answered", tree: treeOf(service, protocol, reply) };
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}
