import type { Chain } from "../../controlplane/codegen/module.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { addressPlan } from "../../controlplane/xds/address-plan.ts";
import { controlHeaders } from "../../controlplane/xds/control-headers.ts";
import {
  createHost,
  type Host,
  type HostConnection,
  type HostRequest,
  type HostStream,
} from "../../filters/proxy-wasm-as/testing/index.ts";
import { type Bytes, ofArray, toArray, utf8 } from "./bytes.ts";
import type { Arrives } from "./draft/request.ts";
import { closed, type Exchange, type Header, type Level, type Outcome, type Response } from "./exchange.ts";

/** A request that is under way in the compiled modules; the same as `Interpreted` is in the interpreter. */
export interface Running {
  readonly outcome: Outcome;
  respond(response: Response & Delivery, now: bigint): Outcome;
  finish(): void;
}

/** How a message comes in, and whether the end of it never does. */
interface Delivery {
  readonly arrives: Arrives;
  readonly isCutOff: boolean;
}

/** A connection that is open in the compiled modules. */
export interface Connected {
  /** What was done when it was made; its reply is `closed` where it was not let through. */
  readonly outcome: Outcome;
  /** So many bytes go each way. */
  pass(received: readonly number[], sent: readonly number[]): Outcome["counts"];
  finish(): void;
}

/** The modules of one chain in the in-process host, one behind the other. */
export interface Modules {
  /** Why a module has failed; null while all run. */
  readonly failure: string | null;
  /** A request; `caller` is who it really comes from, whether or not the proxy can tell. */
  run(exchange: Exchange & Delivery & { readonly sender: string | null }): Running;
  connect(exchange: Pick<Exchange, "now" | "worker"> & { readonly sender: string }): Connected;
  /** The same modules with other configurations, as where policies are switched off; what is under way keeps its own. */
  configure(chain: Pick<Chain, "slots">): void;
}

const levels: readonly Level[] = ["trace", "debug", "info", "warn", "error", "critical"];
/** An address that is none of the mesh's. */
const outside = "203.0.113.7:40000";

/** What modules tell each other and the routes do not read. */
const unseen: ReadonlySet<string> = new Set([controlHeaders.claims, controlHeaders.budget]);

/** Start the modules of a chain, on two workers. */
export function startModules(chain: Chain, mesh: Mesh, now: bigint): Modules {
  const plan = addressPlan(mesh);
  const hosts = chain.slots.map(({ module, configuration, name }) =>
    createHost(module.bytes, {
      configuration,
      failure: module.failure,
      pluginName: name,
      workers: 2,
      now,
      allowOnHeadersStopIteration: true,
    }),
  );
  let clock = now;
  const advance = (to: bigint): void => {
    for (const host of hosts) host.advance(to - clock);
    clock = to;
  };
  return {
    get failure() {
      return hosts.map(({ failure }) => failure).find((failure) => failure !== null) ?? null;
    },
    configure({ slots }) {
      for (const [index, { configuration, name }] of slots.entries())
        if (hosts[index]?.configure(configuration) !== true) throw new Error(`${name} is not taken`);
    },
    connect({ now: at, worker, sender }) {
      advance(at);
      const watch = new Watch(hosts);
      const connections: HostConnection[] = [];
      for (const host of hosts) {
        const connection = host.connect({ address: plan.sources(sender)[0] ?? "", worker });
        connections.push(connection);
        watch.read({ logs: connection.logs, filterState: new Map() });
        if (!connection.isOpen) break;
      }
      const isOpen = connections.every((connection) => connection.isOpen);
      // One that a module behind the others refuses is closed for these too: no byte comes any more.
      if (!isOpen) for (const connection of connections) connection.close();
      return {
        outcome: { ...watch.outcome(), headers: [], ...(isOpen ? {} : { reply: closed }) },
        pass: (received, sent) => {
          const passing = new Watch(hosts);
          for (const size of received) connections.every((connection) => connection.receive(size));
          for (const size of sent) connections.toReversed().every((connection) => connection.send(size));
          return passing.outcome().counts;
        },
        finish: () => {
          for (const connection of connections) connection.close();
        },
      };
    },
    run(exchange) {
      advance(exchange.now);
      const request = new Watch(hosts);
      const streams: HostStream[] = [];
      let headers = [...exchange.headers, ...claimHeaders(exchange.claims)];
      let reply: Outcome["reply"];
      for (const host of hosts) {
        const stream = host.open({
          headers: headers.map(([name, value]) => [name, toArray(value)]),
          ...messageOf(exchange),
          properties: {
            "source.address":
              exchange.sender === null ? outside : `${plan.sources(exchange.sender)[0]}:40000`,
            "xds.route_name": exchange.callee,
          },
          worker: exchange.worker,
        });
        streams.push(stream);
        const result = stream.result();
        headers = result.requestHeaderBytes.map(([name, value]): Header => [name, ofArray(value)]);
        request.read(result);
        if (result.localReply !== undefined)
          reply = { status: result.localReply.status, body: utf8(result.localReply.body) };
        // What waits for more does not go on to the next one.
        if (result.action === "stop") break;
      }
      return {
        outcome: {
          ...request.outcome(),
          headers: headers.filter(([name]) => !unseen.has(name)),
          ...(reply === undefined ? {} : { reply }),
        },
        respond: (response, at) => {
          advance(at);
          const answer = new Watch(hosts);
          // What was said of the request is not said of its answer.
          const said = streams.map((stream) => {
            const { logs, filterState } = stream.result();
            return { logs: [...logs], filterState: new Map(filterState) };
          });
          let back: readonly Header[] = response.headers;
          for (const [index, stream] of [...streams.entries()].reverse()) {
            stream.respond({
              status: response.status,
              headers: back.map(([name, value]) => [name, toArray(value)]),
              ...messageOf(response),
            });
            const result = stream.result();
            back = (result.response?.headerBytes ?? []).map(([name, value]) => [name, ofArray(value)]);
            answer.read(result, said[index]);
            if (result.response === undefined) break;
          }
          return { ...answer.outcome(), headers: back };
        },
        finish: () => {
          for (const stream of streams) stream.end();
        },
      };
    },
  };
}

/** The body in pieces, and what comes behind it. */
function messageOf({
  body,
  arrives: { cuts, trailers },
  isCutOff,
}: Delivery & { readonly body?: Bytes }): Pick<HostRequest, "body" | "trailers" | "isUnfinished"> {
  const places = [...cuts.map((cut) => cut % ((body ?? "").length + 1)), (body ?? "").length];
  const ends = places.sort((one, other) => one - other);
  const pieces = ends.map((end, index) => toArray((body ?? "").slice(ends[index - 1] ?? 0, end)));
  return {
    ...(body === undefined ? {} : { body: pieces }),
    ...(trailers && !isCutOff ? { trailers: [["x-a", "trailer"] as const] } : {}),
    isUnfinished: isCutOff,
  };
}

type Said = Pick<ReturnType<HostStream["result"]>, "logs" | "filterState">;

/** What modules say and count while something passes them. */
class Watch {
  private readonly logs: Outcome["logs"][number][] = [];
  private readonly tags = new Map<string, Bytes>();
  private readonly before: readonly (readonly [ReadonlyMap<string, number>, ReadonlyMap<string, number>])[];
  private readonly hosts: readonly Host[];

  constructor(hosts: readonly Host[]) {
    this.hosts = hosts;
    this.before = hosts.map(({ metrics, histograms }) => [
      new Map(metrics),
      new Map([...histograms].map(([name, values]) => [name, values.length])),
    ]);
  }

  read({ logs, filterState }: Said, earlier?: Said): void {
    for (const { level, message } of logs.slice(earlier?.logs.length ?? 0))
      this.logs.push({ level: levels[level] ?? "critical", message: utf8(message) });
    for (const [name, value] of filterState) {
      if (earlier?.filterState.get(name) === value) continue;
      if (name.startsWith("wasm.wire.tag.")) this.tags.set(name.slice("wasm.wire.tag.".length), utf8(value));
    }
  }

  outcome(): Pick<Outcome, "logs" | "tags" | "counts" | "records"> {
    const counts = new Map<string, bigint>();
    const records: (readonly [string, bigint])[] = [];
    this.hosts.forEach(({ metrics, histograms }, index) => {
      const [valuesBefore, lengthsBefore] = this.before[index] ?? [new Map(), new Map()];
      for (const [name, value] of metrics) {
        const gained = value - (valuesBefore.get(name) ?? 0);
        if (gained !== 0 && !histograms.has(name))
          counts.set(name, (counts.get(name) ?? 0n) + BigInt(gained));
      }
      for (const [name, values] of histograms)
        for (const value of values.slice(lengthsBefore.get(name) ?? 0)) records.push([name, BigInt(value)]);
    });
    return { logs: this.logs, tags: this.tags, counts, records };
  }
}

/** How Envoy's filter for tokens hands their claims on. */
function claimHeaders(claims: Exchange["claims"]): readonly Header[] {
  if (claims === undefined) return [];
  return [[controlHeaders.claims, Buffer.from(JSON.stringify(claims)).toString("base64url")]];
}
