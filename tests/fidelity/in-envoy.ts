import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { status as grpcStatus, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { findEnvoy, type RunningEnvoy, startEnvoy } from "../../envoy/index.ts";
import { seen } from "./in-host.ts";
import { echoOf, type Outcome } from "./outcome.ts";
import type { PluginName, Scenario } from "./scenarios.ts";

const ADDRESS = "127.90.11.1";
const ports: Readonly<Record<PluginName | "tcp", number>> = {
  plain: 10_000,
  stops: 10_001,
  other: 10_002,
  closed: 10_003,
  open: 10_004,
  reload: 10_005,
  tcp: 10_006,
};

/** The probe in one Envoy, which plays scenarios one after the other. */
export interface ProbeInEnvoy extends AsyncDisposable {
  play(scenario: Scenario): Promise<Outcome>;
  readonly envoy: RunningEnvoy;
  /** All that the probe has said, from its start. */
  said(): readonly string[];
}

export async function startProbe(bytes: Uint8Array): Promise<ProbeInEnvoy> {
  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind !== "binary") throw new Error("this needs the binary of an Envoy");
  const services = await startServices();
  // The module is too long for a command line that has it in each listener.
  const folder = await mkdtemp(join(tmpdir(), "wire-probe-"));
  const file = join(folder, "probe.wasm");
  await writeFile(file, bytes);
  let log = "";
  const envoy = await startEnvoy({
    path: found.path,
    config: configOf(file, services),
    adminAddress: ADDRESS,
    concurrency: 1,
    onLog: (chunk) => {
      log += chunk;
    },
  });
  // Bytes of a line may be any, and lines of the VM that failed are the host's as well.
  const said = (): readonly string[] =>
    [...log.matchAll(/\bwasm log[^:\n]*: (.*)$/gm)].map(([, line = ""]) => line);
  return {
    envoy,
    said,
    async play(scenario) {
      const from = said().length;
      const outcome = scenario.tcp === undefined ? await playHttp(scenario) : await playTcp(scenario);
      const fails =
        scenario.plugin === "closed" || scenario.plugin === "open" || scenario.play.includes("trap");
      const ends = (): number =>
        said()
          .slice(from)
          .filter((line) => line === "end").length;
      for (
        let waited = 0;
        waited < 40 && !fails && ends() < (scenario.besideAnother === undefined ? 1 : 2);
        waited++
      )
        await sleep(25);
      await sleep(scenario.play.includes("call:") || scenario.play.includes("g") ? 60 : 5);
      if (fails) await sleep(250);
      return { ...outcome, lines: said().slice(from) };
    },
    async [Symbol.asyncDispose]() {
      await envoy.stop({ drainMs: 0 });
      services.stop();
      await rm(folder, { recursive: true });
    },
  };
}

interface Services {
  readonly http: number;
  readonly tcp: number;
  readonly grpc: number;
  /** Answers no call: the library's server would end those whose time is up before Envoy does. */
  readonly silent: number;
  stop(): void;
}

async function startServices(): Promise<Services> {
  const begun = new EventEmitter();
  const http = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(Buffer.from(piece));
    } catch {
      return;
    }
    if (request.url === "/fetch") {
      if (request.headers["x-slow"] !== undefined) await sleep(Number(request.headers["x-slow"]));
      response.writeHead(200, {
        "x-fetched": "1",
        ...(request.headers["x-want"] === undefined ? {} : { trailer: "t" }),
      });
      if (request.headers["x-break"] !== undefined) {
        response.write("fet");
        await sleep(20);
        response.destroy();
        return;
      }
      response.write("fetched");
      if (request.headers["x-want"] !== undefined) response.addTrailers({ t: "1" });
      response.end();
      return;
    }
    const headers = pairsOf(request.rawHeaders);
    const path = [":path", request.url ?? ""] as const;
    const echo = echoOf(
      [path, ...headers],
      Buffer.concat(pieces).toString("latin1"),
      pairsOf(request.rawTrailers),
    );
    const want = headers.find(([name]) => name === "x-want")?.[1];
    // Of two at a time, one ends when the other has begun, however busy the machine is.
    const other = want === "last" ? once(begun, "other", { signal: AbortSignal.timeout(3000) }) : undefined;
    response.writeHead(200, {
      "x-up": "1",
      "x-echo": echo,
      ...(want === "trailers" ? { trailer: "t" } : {}),
      ...(want === "length" ? { "content-length": "4" } : {}),
    });
    if (want === "large") response.write("x".repeat(1_200_000));
    else if (want === "full") {
      response.write("x".repeat(1_048_000));
      await sleep(15);
    } else if (want === "length") response.write("1234");
    else if (want !== "empty") {
      response.write("12");
      if (request.headers["x-a"] === "other") begun.emit("other");
      await sleep(15);
      await other?.catch(() => undefined);
      if (other !== undefined) await sleep(60);
      response.write("34");
      await sleep(15);
    }
    if (want === "trailers") response.addTrailers({ t: "1" });
    response.end();
  });
  const tcp = createTcpServer((socket) => {
    socket.on("data", (piece) => {
      if (String(piece) === "end!") socket.end();
      else socket.write(piece);
    });
    socket.on("error", () => socket.destroy());
  });
  const sessions = new Set<ServerHttp2Session>();
  const silent = createHttp2Server()
    .on("session", (session) => sessions.add(session))
    // A call that is given up.
    .on("stream", (stream) => stream.on("error", () => undefined));
  for (const server of [http, tcp, silent]) {
    server.listen(0, ADDRESS);
    await once(server, "listening");
  }
  const grpc = new Server();
  const raw = {
    requestStream: false,
    requestSerialize: Buffer.from,
    requestDeserialize: Buffer.from,
    responseSerialize: Buffer.from,
    responseDeserialize: Buffer.from,
  };
  const metadata = (name: string): Metadata => {
    const made = new Metadata();
    made.set(name, "1");
    return made;
  };
  grpc.addService(
    {
      Echo: { ...raw, path: "/probe.Probe/Echo", responseStream: false },
      Fail: { ...raw, path: "/probe.Probe/Fail", responseStream: false },
      Chat: { ...raw, path: "/probe.Probe/Chat", requestStream: true, responseStream: true },
    },
    {
      Echo: (call: { request: Buffer }, done: (error: null, value: Buffer) => void) =>
        done(null, Buffer.from(`echo ${call.request}`)),
      Fail: (_: unknown, done: (error: object) => void) =>
        done({ code: grpcStatus.PERMISSION_DENIED, details: "not you" }),
      Chat: (call: {
        sendMetadata(metadata: Metadata): void;
        on(event: string, run: (message: Buffer) => void): void;
        write(message: Buffer): void;
        end(metadata: Metadata): void;
      }) => {
        let count = 0;
        call.on("data", (message) => {
          if (count++ > 0) return;
          call.sendMetadata(metadata("x-init"));
          call.write(Buffer.from(`echo ${message}`));
        });
        call.on("end", () => call.end(metadata("x-trail")));
        call.on("error", () => undefined);
      },
    },
  );
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync(`${ADDRESS}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return {
    http: (http.address() as AddressInfo).port,
    tcp: (tcp.address() as AddressInfo).port,
    grpc: grpcPort,
    silent: (silent.address() as AddressInfo).port,
    stop() {
      http.closeAllConnections();
      http.close();
      tcp.close();
      grpc.forceShutdown();
      for (const session of sessions) session.destroy();
      silent.close();
    },
  };
}

function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? "", raw[2 * i + 1] ?? ""] as const);
}

async function playHttp(scenario: Scenario): Promise<Omit<Outcome, "lines">> {
  const { body, headers = [], trailers, saysLength } = scenario;
  const want = saysLength === undefined ? scenario.want : "length";
  const other = scenario.besideAnother === undefined ? undefined : paused();
  // The one that comes later is the later one in the proxy, too.
  if (other !== undefined) await sleep(100);
  const request = httpRequest({
    host: ADDRESS,
    port: ports[scenario.plugin ?? "plain"],
    path: "/p?q=1",
    method: scenario.method ?? (body === undefined ? "GET" : "POST"),
    agent: false,
    headers: [
      ...["host", "probe", "x-play", scenario.play],
      ...headers.flat(),
      ...(want === undefined ? [] : ["x-want", want]),
      ...(body === undefined
        ? []
        : saysLength === undefined
          ? ["transfer-encoding", "chunked"]
          : ["content-length", String(body.join("").length)]),
      ...(trailers === undefined ? [] : ["trailer", Object.keys(trailers).join(",")]),
    ],
  });
  request.setTimeout(3000, () => request.destroy());
  const answer = new Promise<Omit<Outcome, "lines">>((resolve) => {
    const gone = { status: 0, body: "", headers: [], trailers: [] };
    request.on("error", () => resolve(gone));
    request.on("response", async (response) => {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of response) pieces.push(piece);
      } catch {
        resolve(gone);
      }
      resolve({
        status: response.statusCode ?? 0,
        body: Buffer.concat(pieces).toString("latin1"),
        headers: seen(pairsOf(response.rawHeaders)),
        trailers: pairsOf(response.rawTrailers).map(([name, value]) => `${name}=${value}`),
      });
    });
  });
  for (const piece of body ?? []) {
    request.write(piece);
    await sleep(20);
  }
  if (trailers !== undefined) request.addTrailers(trailers);
  request.end();
  const outcome = await answer;
  return other === undefined ? outcome : { ...outcome, other: await other };
}

/** A request that the probe pauses: what became of it. */
async function paused(): Promise<number> {
  const headers = { host: "probe", "x-play": "request: ret 1", "x-a": "other" };
  const request = httpRequest({ host: ADDRESS, port: ports.plain, agent: false, headers });
  request.setTimeout(3000, () => request.destroy());
  request.end();
  return new Promise((resolve) => {
    request.on("error", () => resolve(0));
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

async function playTcp({ play, tcp = [], end }: Scenario): Promise<Omit<Outcome, "lines">> {
  const socket = connect(ports.tcp, ADDRESS);
  let body = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    body += piece;
  });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const piece of [play, ...tcp]) {
    socket.write(piece);
    await sleep(60);
  }
  const closed = once(socket, "close", { signal: AbortSignal.timeout(300) }).catch(() => undefined);
  if (end === "client") socket.end();
  if (end === "service") socket.write("end!");
  if (end !== undefined) await closed;
  socket.resetAndDestroy();
  return { status: 0, body, headers: [], trailers: [] };
}

function configOf(file: string, services: Services): Readonly<Record<string, unknown>> {
  const place = (port: number) => ({ socket_address: { address: ADDRESS, port_value: port } });
  const typed = (name: string, type: string, config: object) => ({
    name,
    typed_config: { "@type": `type.googleapis.com/${type}`, ...config },
  });
  const text = (value: string) => ({ "@type": "type.googleapis.com/google.protobuf.StringValue", value });
  const plugin = (name: string, vmId: string, more: object = {}) => ({
    name,
    root_id: "root",
    configuration: text("plugin-config"),
    vm_config: {
      vm_id: vmId,
      runtime: "envoy.wasm.runtime.v8",
      configuration: text("vm-config"),
      environment_variables: { key_values: { GREETING: "hi=you" } },
      code: { local: { filename: file } },
    },
    ...more,
  });
  const http = "envoy.extensions.filters.http";
  const network = "envoy.extensions.filters.network";
  const listener = (name: PluginName, config: object) => {
    const manager = typed("manager", `${network}.http_connection_manager.v3.HttpConnectionManager`, {
      stat_prefix: name,
      generate_request_id: false,
      http_protocol_options: { enable_trailers: true },
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [
              {
                match: { prefix: "/" },
                route: { cluster: "service" },
                metadata: { filter_metadata: { "com.acme": { tier: "gold" } } },
              },
            ],
          },
        ],
      },
      http_filters: [
        typed("metadata", `${http}.set_metadata.v3.Config`, {
          metadata: [
            { metadata_namespace: "com.acme.tier", value: { user: "joe" } },
            {
              metadata_namespace: "deep",
              value: { n: 7, yes: true, list: ["a", "b"], map: { k: { deeper: "v" } } },
            },
          ],
        }),
        typed("probe", `${http}.wasm.v3.Wasm`, { config }),
        typed("router", `${http}.router.v3.Router`, {}),
      ],
    });
    return { name, address: place(ports[name]), filter_chains: [{ filters: [manager] }] };
  };
  const tcp = {
    name: "tcp",
    address: place(ports.tcp),
    filter_chains: [
      {
        filters: [
          typed("probe", `${network}.wasm.v3.Wasm`, { config: plugin("plain", "vm") }),
          typed("proxy", `${network}.tcp_proxy.v3.TcpProxy`, { stat_prefix: "tcp", cluster: "tcp" }),
        ],
      },
    ],
  };
  const cluster = (name: string, port: number, options: object) => ({
    name,
    type: "STATIC",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: options,
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: place(port) } }] }],
    },
  });
  const failing = (policy: string) => ({
    failure_policy: policy,
    ...(policy === "FAIL_RELOAD" ? { reload_config: { backoff: { base_interval: "0.2s" } } } : {}),
  });
  return {
    node: { id: "probe-1", cluster: "probes", metadata: { NAME: "probe" } },
    admin: { address: place(9901) },
    static_resources: {
      listeners: [
        listener("plain", plugin("plain", "vm")),
        listener("stops", plugin("stops", "vm", { allow_on_headers_stop_iteration: true })),
        listener("other", plugin("other", "other")),
        listener("closed", plugin("closed", "closed", failing("FAIL_CLOSED"))),
        listener("open", plugin("open", "open", failing("FAIL_OPEN"))),
        listener("reload", plugin("reload", "reload", failing("FAIL_RELOAD"))),
        tcp,
      ],
      clusters: [
        cluster("service", services.http, { http_protocol_options: { enable_trailers: true } }),
        cluster("tcp", services.tcp, { http_protocol_options: {} }),
        cluster("grpc", services.grpc, { http2_protocol_options: {} }),
        cluster("silent", services.silent, { http2_protocol_options: {} }),
      ],
    },
  };
}
