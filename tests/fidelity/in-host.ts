import {
  createHost,
  createProxy,
  type GrpcCall,
  type Host,
  type HostConnection,
  type LogLine,
  type Plugin,
} from "../../filters/proxy-wasm-as/testing/index.ts";
import { echoOf, type Outcome, shownHeaders } from "./outcome.ts";
import type { PluginName, Scenario } from "./scenarios.ts";

/** The probe in hosts, which plays scenarios one after the other. */
export interface ProbeInHost {
  play(scenario: Scenario): Outcome;
  /** What the probe said when it started. */
  said(): readonly string[];
  readonly metrics: ReadonlyMap<string, number>;
}

/** The probe's plugins in hosts, as `in-envoy.ts` has them in an Envoy. */
export function createHosts(bytes: Uint8Array): ProbeInHost {
  const proxy = createProxy();
  let lines: string[] = [];
  const onLog = ({ message }: LogLine): void => void lines.push(message);
  const common = {
    proxy,
    vmConfiguration: "vm-config",
    configuration: "plugin-config",
    rootId: "root",
    onLog,
    environment: { GREETING: "hi=you" },
    properties: { "xds.node.id": "probe-1", "xds.node.metadata": { NAME: "probe" } },
  };
  const plain = createHost(bytes, { ...common, vmId: "vm", pluginName: "plain" });
  const started = lines;
  lines = [];
  const stops = plain.addPlugin({ ...common, pluginName: "stops", allowOnHeadersStopIteration: true });
  const other = createHost(bytes, { ...common, vmId: "other", pluginName: "other" });
  const failing = (failure: "closed" | "open" | "reload"): Host =>
    createHost(bytes, { ...common, vmId: failure, pluginName: failure, failure, reloadBackoffMs: 200 });
  if (stops === null) throw new Error("the probe takes any configuration");
  const plugins: Readonly<Record<PluginName, Plugin>> = {
    plain,
    stops,
    other,
    closed: failing("closed"),
    open: failing("open"),
    reload: failing("reload"),
  };
  plain.onFetch("service", ({ headers, timeoutMs }) => {
    const header = (name: string): string | undefined => headers.find(([each]) => each === name)?.[1];
    if (Number(header("x-slow") ?? 0) > timeoutMs) return undefined;
    if (header("x-break") !== undefined) return "fail";
    const trailers = header("x-want") === "trailers" ? { trailers: [["t", "1"]] as const } : {};
    return { headers: [["x-fetched", "1"]], body: "fetched", ...trailers };
  });
  plain.onGrpc("grpc", answerGrpc);
  plain.onGrpc("silent", () => undefined);
  const play = (scenario: Scenario): Outcome => {
    // More than a back-off: the table's requests come one after the other.
    proxy.loop.advance(1_000_000_000n);
    lines = [];
    const plugin = plugins[scenario.plugin ?? "plain"];
    const outcome =
      scenario.tcp === undefined
        ? playHttp(plugin, scenario, () => proxy.loop.advance(1_000_000_000n))
        : playTcp(plugin, scenario, () => proxy.loop.advance(60_000_000n));
    return { ...outcome, lines };
  };
  return { play, said: () => started, metrics: plain.metrics };
}

/** What the service of `in-envoy.ts` answers. */
function answerGrpc(call: GrpcCall): void {
  if (call.kind === "call") {
    if (call.method === "Fail") call.close(7, "not%20you");
    else call.send(`echo ${call.messages[0]}`);
  } else if (call.isHalfClosed) {
    call.sendTrailers([["x-trail", "1"]]);
    call.close(0, "OK");
  } else if (!call.isAnswered && call.messages.length > 0) {
    call.sendMetadata([["x-init", "1"]]);
    call.send(`echo ${call.messages[0]}`);
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const texts = (pairs: readonly (readonly [string, Uint8Array])[]): readonly (readonly [string, string])[] =>
  pairs.map(([name, value]) => [latin1(Buffer.from(name)), latin1(value)] as const);

function playHttp(plugin: Plugin, scenario: Scenario, wait: () => void): Omit<Outcome, "lines"> {
  const { body, headers = [], trailers } = scenario;
  const other = scenario.besideAnother === undefined ? undefined : plugin.open(pausedRequest);
  const stream = plugin.open({
    headers: [
      [":method", scenario.method ?? (body === undefined ? "GET" : "POST")],
      [":path", "/p?q=1"],
      [":authority", "probe"],
      [":scheme", "http"],
      ["x-play", scenario.play],
      ...(scenario.saysLength === undefined || body === undefined
        ? []
        : [["content-length", String(lengthOf(body))] as const]),
      ...headers.map(([name, value]) => [name, Buffer.from(value, "latin1")] as const),
    ],
    // A body in chunks ends with an empty one, unless trailers follow.
    ...(body === undefined
      ? {}
      : {
          body:
            trailers === undefined && scenario.saysLength === undefined
              ? [...body.flatMap(halved), ""]
              : body,
        }),
    ...(trailers === undefined ? {} : { trailers: Object.entries(trailers) }),
    properties: {
      ...{ "connection.mtls": false, "connection.id": 1n, "source.port": 1n },
      "metadata.filter_metadata": metadata,
      "xds.route_metadata.filter_metadata": { "com.acme": { tier: "gold" } },
    },
  });
  if (stream.result().action === "stop" && stream.result().localReply === undefined) wait();
  const got = stream.result();
  const echo = echoOf(texts(got.requestHeaderBytes), latin1(got.requestBodyBytes), got.requestTrailers);
  stream.respond({
    headers: [
      ["x-up", "1"],
      ["x-echo", echo],
      ...(scenario.saysLength === undefined ? [] : [["content-length", "4"] as const]),
    ],
    ...(scenario.want === "empty" ? {} : { body: bodyOf(scenario) }),
    ...(scenario.want === "trailers" ? { trailers: [["t", "1"]] } : {}),
  });
  if (stream.result().response === undefined) wait();
  other?.respond({ body: bodyOf(scenario) });
  other?.end();
  stream.end();
  wait();
  const { response } = stream.result();
  return {
    status: response?.status ?? 0,
    body: response === undefined ? "" : latin1(response.bodyBytes),
    headers: response === undefined ? [] : seen(texts(response.headerBytes)),
    trailers: response?.trailers.map(([name, value]) => `${name}=${value}`) ?? [],
    ...(other === undefined ? {} : { other: other.result().response?.status ?? 0 }),
  };
}

/** What the filter before the probe says, in `in-envoy.ts`. */
const metadata = {
  "com.acme.tier": { user: "joe" },
  deep: { n: 7, yes: true, list: ["a", "b"], map: { k: { deeper: "v" } } },
} as const;

const pausedRequest = {
  headers: [
    [":method", "GET"],
    [":path", "/"],
    ["x-play", "request: ret 1"],
    ["x-a", "other"],
  ],
} as const;

function lengthOf(pieces: readonly string[] = []): number {
  return pieces.join("").length;
}

/** A long piece comes in several. */
function halved(piece: string): readonly string[] {
  return piece.length < 1000 ? [piece] : [piece.slice(0, piece.length / 2), piece.slice(piece.length / 2)];
}

function bodyOf({ want, saysLength }: Scenario): readonly string[] {
  if (saysLength === true) return ["1234"];
  const large = { large: ["x".repeat(600_000), "x".repeat(600_000)], full: ["x".repeat(1_048_000)] };
  const pieces = want === "large" || want === "full" ? large[want] : ["12", "34"];
  // Chunks end with an empty one, unless trailers follow.
  return want === "trailers" ? pieces : [...pieces, ""];
}

/** What the client gets to see, and what the service had got. */
export function seen(headers: readonly (readonly [string, string])[]): readonly string[] {
  const echo = headers.find(([name]) => name === "x-echo")?.[1];
  return [...shownHeaders(headers), ...(echo === undefined ? [] : [decodeURIComponent(echo)])];
}

function playTcp(
  plugin: Plugin,
  { play, tcp = [], end }: Scenario,
  wait: () => void,
): Omit<Outcome, "lines"> {
  const connection: HostConnection = plugin.connect({ address: "127.0.0.1" });
  let echoed = 0;
  // The service says back what it got.
  const echo = (): void => {
    const got = connection.received.subarray(echoed);
    echoed += got.length;
    if (got.length > 0) connection.send(got);
  };
  for (const piece of [play, ...tcp]) {
    connection.receive(piece);
    echo();
    wait();
    echo();
  }
  // An end of one side makes the other end, too.
  if (end === "service") connection.receive("end!");
  if (end === "client") {
    connection.receive("", true);
    echo();
  }
  wait();
  const hasHeard = end !== undefined && connection.send("", true);
  if (end === "service" && hasHeard) connection.receive("", true);
  const body = latin1(connection.sent);
  connection.close();
  return { status: 0, body, headers: [], trailers: [] };
}
