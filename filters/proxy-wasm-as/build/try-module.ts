import { filterCallbacks } from "../abi/filter-callbacks.ts";
import { status } from "../abi/table.ts";
import {
  createHost,
  type FetchAnswer,
  type Host,
  type HostExchange,
  type HostRequest,
  type HostResult,
} from "../testing/index.ts";
import { createProxy } from "../testing/proxy.ts";

/**
 * Run a module on requests that its policies are for and on answers to them, or on connections, and on all else that it is called for, where it makes calls also
 * with answers of each kind, then give it the same configuration again beside the old one, as an update does, and run it once more. Why it does not work, in its own words; empty when it does. Never throws, but may never come back.
 */
export function tryModule(bytes: Uint8Array, configuration: string): readonly string[] {
  try {
    let asks = false;
    let itemsLeft = itemsMax;
    const made = createProxy();
    const proxy = {
      ...made,
      queues: {
        ...made.queues,
        register: (vmId: string, name: string, notify: (id: number) => void) =>
          made.queues.register(vmId, name, (id) => {
            if (itemsLeft-- > 0) notify(id);
          }),
      },
    };
    const host = createHost(bytes, {
      configuration,
      proxy,
      allowOnHeadersStopIteration: true,
      onCall: (name) => {
        asks ||= /^(http_call|grpc_call|grpc_stream)$/.test(name);
      },
    });
    const takes = waysOf(bytes);
    if (host.failure !== null) return [host.failure, ...messages(host.logs)];
    const failing = (answers = ""): readonly string[] => {
      itemsLeft = itemsMax;
      for (const request of requestsFor(configuration)) {
        for (const take of takes) {
          const logs = take(host, request);
          if (host.failure !== null)
            return [
              host.failure,
              ...messages(logs),
              `tried with ${saidOf(request)}${answers}${whereIn(logs)}`,
            ];
        }
      }
      // Who has made a queue is told of an item, and then of one that another worker has taken.
      for (let id = 1; proxy.queues.enqueue(id, item) === status.ok; id++) {}
      host.settle();
      if (host.failure !== null)
        return [host.failure, ...messages(host.logs), `tried by an item in a queue${answers}`];
      for (const [name, args] of Object.entries(rootCallbacks)) {
        host.enter(name, ...args);
        host.settle();
        if (host.failure !== null)
          return [host.failure, ...messages(host.logs), `tried by \`${name}\`${answers}`];
      }
      return [];
    };
    /** The same where all calls are answered, in one way after the other. */
    const failingAnswered = (): readonly string[] => {
      for (const way of answerWays) {
        answerCalls(host, way);
        const reasons = failing(` and ${way.said}`);
        if (reasons.length > 0) return reasons;
      }
      return [];
    };
    const first = failing();
    if (first.length > 0) return first;
    const answered = asks ? failingAnswered() : [];
    if (answered.length > 0) return answered;
    if (!host.configure(configuration))
      return ["the plugin refused the same configuration again", ...messages(host.logs)];
    const second = failing();
    if (second.length > 0) return second;
    host.stop();
    return host.failure === null ? [] : [host.failure, ...messages(host.logs)];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** How all calls are answered. */
interface AnswerWay {
  readonly said: string;
  readonly fetch: FetchAnswer | "fail";
  /** The status of gRPC; 0 comes with a message. */
  readonly grpc: number;
}

const answerWays: readonly AnswerWay[] = [
  {
    said: "calls that are answered",
    fetch: { headers: [["x-answer", "1"]], body: "{}", trailers: [["x-checksum", "1"]] },
    grpc: 0,
  },
  { said: "calls that are answered 503", fetch: { status: 503 }, grpc: 14 },
  { said: "calls that fail", fetch: "fail", grpc: 13 },
];

/** What asks again on each answer would not come to an end. */
const answersMax = 100;

function answerCalls(host: Host, { fetch, grpc }: AnswerWay): void {
  let left = answersMax;
  host.onFetch("*", () => (left-- > 0 ? fetch : undefined));
  host.onGrpc("*", (call) => {
    if (!call.isOpen || call.isAnswered || left-- <= 0) return;
    call.sendMetadata([["x-answer", "1"]]);
    if (grpc === 0) call.send("");
    if (call.kind === "call" && grpc === 0) return;
    call.sendTrailers([["x-checksum", "1"]]);
    call.close(grpc, "");
  });
}

/** Nor would what puts an item back that it cannot do anything about yet. */
const itemsMax = 100;

/** What a queue has in it. */
const item = Buffer.from("{}");

/** A module is for requests, for connections, or for both. */
function waysOf(bytes: Uint8Array): readonly ((host: Host, request: HostExchange) => HostResult["logs"])[] {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(bytes))).map(
    ({ name }) => name,
  );
  const isForConnections = names.some((name) => /^proxy_on_(new_connection|(up|down)stream_)/.test(name));
  const isForRequests = names.some((name) => /^proxy_on_(request|response)_/.test(name));
  return [...(isForRequests || !isForConnections ? [ask] : []), ...(isForConnections ? [connect] : [])];
}

function ask(host: Host, request: HostExchange): HostResult["logs"] {
  return host.exchange(request).logs;
}

/** A connection from where the request would come, with a byte in each direction. */
function connect(host: Host, { properties = {} }: HostRequest): HostResult["logs"] {
  const [address = stranger] = String(properties["source.address"]).split(":");
  const connection = host.connect({ address });
  connection.receive(1);
  connection.send(1);
  connection.send(1, true);
  connection.close();
  return connection.logs;
}

/** What no request leads to: ticks, and answers that come when nobody waits for them any longer. Arguments behind the context's number. */
const rootCallbacks: Readonly<Record<string, readonly number[]>> = {
  proxy_on_tick: [],
  proxy_on_queue_ready: [1],
  proxy_on_foreign_function: [0, 0],
  proxy_on_http_call_response: [1_000_000, 0, 0, 0],
  proxy_on_grpc_receive_initial_metadata: [1_000_000, 0],
  proxy_on_grpc_receive: [1_000_000, 0],
  proxy_on_grpc_receive_trailing_metadata: [1_000_000, 0],
  proxy_on_grpc_close: [1_000_000, 14],
};

/** What any request has, and then none of it. */
const headers: readonly HostRequest["headers"][] = [
  [
    [":method", "GET"],
    [":path", "/"],
    [":authority", "wire"],
    [":scheme", "http"],
    ["user-agent", "wire"],
  ],
  [],
];

/** A request of the trial's, for who reads why it did not work. */
function saidOf({ headers = [], body, trailers }: HostExchange): string {
  const [name, value] = headers.length === 0 ? ["a request", " without headers"] : ["`GET /`", ""];
  const ends = trailers === undefined ? "" : " and trailers";
  const size =
    body === undefined ? "without a body" : Array.isArray(body) ? "with a body in two pieces" : "with a body";
  return `${name}${value}${value === "" ? " " : " and "}${size}${ends}`;
}

/** An address of nobody's, from the block for documentation. */
const stranger = "203.0.113.1";

/** A peer of each policy, which is what makes it run. */
function requestsFor(configuration: string): readonly HostExchange[] {
  const lines = configuration.split("\n").map((line) => line.split("\t"));
  const addresses = new Map(
    lines.flatMap(([kind, name = "", list = ""]) =>
      kind === "@peer" ? [[name, list.split(",")[0] ?? stranger] as const] : [],
    ),
  );
  const known = [...addresses.values()];
  const routes = new Set<string>();
  const sources = new Set<string>();
  for (const [name = "", direction, peers = ""] of lines) {
    if (name === "" || name.startsWith("@")) continue;
    const [first = ""] = peers.split(",");
    const any = first === "*" || first.startsWith("!");
    if (direction === "outbound") routes.add(any ? "wire" : first);
    else
      for (const source of any ? [stranger, ...known] : [addresses.get(first) ?? stranger])
        sources.add(source);
  }
  const properties = [
    ...[...routes].map((route) => ({ "source.address": `${stranger}:1`, "xds.route_name": route })),
    ...[...sources].map((source) => ({ "source.address": `${source}:1`, "xds.route_name": "wire" })),
  ];
  // A module that is no set of policies has no peers, and is for everybody.
  if (properties.length === 0)
    properties.push({ "source.address": `${stranger}:1`, "xds.route_name": "wire" });
  // With a body in two pieces, with trailers, and without any.
  const trailers = [["x-checksum", "1"]] as const;
  const bodies: readonly Omit<HostExchange, "headers">[] = [
    {},
    { body: ['{"wire":', "1}"] },
    { body: "wire", trailers, response: { body: ["wi", "re"], trailers } },
  ];
  return properties.flatMap((each) =>
    headers.flatMap((list = []) => bodies.map((body) => ({ ...body, headers: list, properties: each }))),
  );
}

const whole = "as a whole: it is empty or too long, lacks a policy, or has no room beside others in use";

const linesMax = 3;
const lineMax = 300;

function shortened(line: string): string {
  return line.length > lineMax ? `${line.slice(0, lineMax)}…` : line;
}

/** What the host says of a trap, and in which callback that was. */
const failed = /^wasm failed(?: in (\w+))?: /;

/** The callback that failed, by the name that a filter has for it. */
function whereIn(logs: HostResult["logs"]): string {
  const [name] = logs.flatMap(({ message }) => failed.exec(message)?.[1] ?? []);
  if (name === undefined) return "";
  const own = Object.entries(filterCallbacks).find(([, { signature }]) => signature.startsWith(`${name}(`));
  return `, in \`${own?.[0] ?? name}\``;
}

function messages(logs: HostResult["logs"]): readonly string[] {
  // That it failed, and of what, is said apart. Nothing behind the colon is no line that is wrong.
  const lines = logs
    .map(({ message }) => message.replace(/^configuration refused: $/, `$&${whole}`))
    .filter((message) => !failed.test(message));
  // A loop without an end may have said one thing a thousand times.
  const last = lines.slice(-linesMax).map((line) => shortened(line));
  return lines.length > linesMax ? [`${lines.length - linesMax} lines`, ...last] : last;
}
