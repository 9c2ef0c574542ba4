import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";

/** One module in one Envoy, before a service that says in `x-got`, `x-got-trailers` and `x-seen` which body, which trailers and which `x-a` it got. */
export interface FilterSetting {
  readonly bytes: Uint8Array;
  readonly configuration?: string;
  /** An own loopback address. */
  readonly address: string;
  /** Default 1. */
  readonly workers?: number;
  /** How many endpoints the service has, which say in `x-endpoint` which one they are; chosen by `x-wire-hash`. Default 1. */
  readonly endpoints?: number;
  /** Headers that are paused hold the body as well: without `allow_on_headers_stop_iteration`, as an Envoy is by default. */
  readonly stopsAll?: boolean;
  /** Whether the manager says `use_remote_address`, so that the client's address is that of its connection. Not by default, as an Envoy is. */
  readonly usesRemoteAddress?: boolean;
  /** A module behind it. Default none. */
  readonly behind?: Pick<FilterSetting, "bytes" | "configuration">;
  /** Where calls of gRPC go, at the same address. Default nowhere else. */
  readonly grpcPort?: number;
}

export interface FilterRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** In pieces that come one by one. */
  readonly body?: readonly string[];
  readonly trailers?: Readonly<Record<string, string>>;
  /** When the client goes without waiting any longer. */
  readonly goneAfterMs?: number;
}

/** Status 0 when the client went. */
export interface FilterAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** All that came on its connection, as it came. */
  readonly received: string;
}

export interface FilterInEnvoy extends AsyncDisposable {
  send(request: FilterRequest): Promise<FilterAnswer>;
  /** What the filter has logged so far. */
  said(): readonly string[];
  stats(filter: string): Promise<ReadonlyMap<string, number>>;
  /** All that the service has been sent so far, of one connection after the other, as it came. */
  received(): readonly string[];
  /** How many requests the service has had at once, at most; those whose client went count until it would have answered them. */
  readonly atOnceMax: number;
}

/** Where it takes requests. */
export const FILTER_PORT = 10_000;

/** Start it; who asks for a WebSocket gets back what it says, and with a request a request's `x-slow` is how many milliseconds the service takes, its `x-status` what it answers. */
export async function startFilter(setting: FilterSetting): Promise<FilterInEnvoy> {
  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind !== "binary") throw new Error("this needs the binary of an Envoy");
  let atOnce = 0;
  let atOnceMax = 0;
  const answer = async (
    endpoint: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    atOnce++;
    atOnceMax = Math.max(atOnceMax, atOnce);
    const got = await textOf(request).catch(() => null);
    if (got === null) {
      // It was broken off, and so nobody waits for an answer.
      atOnce--;
      return;
    }
    const { "x-a": seen = "", "x-slow": slow = 0, "x-status": status = 200 } = request.headers;
    await sleep(Number(slow));
    const trailers = request.headers["x-want"] === "trailers";
    response.writeHead(Number(status), {
      ...(trailers ? { trailer: "t" } : {}),
      // What no header can have is nobody's to see.
      "x-got": got.replaceAll(/[^ -~]/g, ""),
      "x-got-trailers": Object.entries(request.trailers)
        .map(([name, value]) => `${name}: ${value}`)
        .join(", "),
      "x-seen": seen,
      "x-endpoint": endpoint,
    });
    response.write("12");
    await sleep(30);
    // Before the proxy can know that it is over.
    atOnce--;
    if (trailers) response.addTrailers({ t: "1" });
    response.end("34");
  };
  const services = Array.from({ length: setting.endpoints ?? 1 }, (_, endpoint) =>
    createServer((request, response) => void answer(endpoint, request, response)),
  );
  const ports: number[] = [];
  // Nothing closes these but their own ends.
  const upgraded = new Set<Duplex>();
  const received: string[] = [];
  for (const service of services) {
    service.on("connection", (socket) => {
      const place = received.push("") - 1;
      socket.on("data", (chunk: Buffer) => {
        received[place] += chunk.toString("latin1");
      });
    });
    service.on("upgrade", (_, socket) => {
      upgraded.add(socket);
      socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
      socket.on("error", () => socket.destroy()).pipe(socket);
    });
    service.listen(0, setting.address);
    await once(service, "listening");
    ports.push((service.address() as AddressInfo).port);
  }
  let log = "";
  const envoy = await startEnvoy({
    path: found.path,
    config: configOf(setting, ports),
    adminAddress: setting.address,
    concurrency: setting.workers ?? 1,
    onLog: (chunk) => {
      log += chunk;
    },
  });
  return {
    get atOnceMax() {
      return atOnceMax;
    },
    send: (request) => send(setting.address, request),
    said: () => [...log.matchAll(/\bwasm log[^:\n]*: (.*)$/gm)].map(([, line = ""]) => line),
    stats: (filter) => envoy.stats(filter),
    received: () => received,
    async [Symbol.asyncDispose]() {
      await envoy.stop();
      for (const socket of upgraded) socket.destroy();
      for (const service of services) {
        service.closeAllConnections();
        service.close();
      }
    },
  };
}

function configOf(
  setting: FilterSetting,
  servicePorts: readonly number[],
): Readonly<Record<string, unknown>> {
  const { address, grpcPort } = setting;
  const place = (port: number) => ({ socket_address: { address, port_value: port } });
  const typed = (name: string, type: string, config: object) => ({
    name,
    typed_config: { "@type": `type.googleapis.com/${type}`, ...config },
  });
  const plugin = (name: string, { bytes, configuration = "" }: NonNullable<FilterSetting["behind"]>) => ({
    name,
    ...(setting.stopsAll === true ? {} : { allow_on_headers_stop_iteration: true }),
    configuration: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: configuration },
    vm_config: {
      vm_id: name,
      runtime: "envoy.wasm.runtime.v8",
      code: { local: { inline_bytes: Buffer.from(bytes).toString("base64") } },
    },
  });
  const modules = [
    { name: "filter", module: setting },
    ...(setting.behind === undefined ? [] : [{ name: "behind", module: setting.behind }]),
  ];
  const http = "envoy.extensions.filters.http";
  const route = { cluster: "service", hash_policy: [{ header: { header_name: "x-wire-hash" } }] };
  const manager = typed(
    "manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "filter",
      ...(setting.usesRemoteAddress === true ? { use_remote_address: true } : {}),
      http_protocol_options: { enable_trailers: true },
      upgrade_configs: [{ upgrade_type: "websocket" }],
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [
              ...(grpcPort === undefined
                ? []
                : [{ match: { prefix: "/", grpc: {} }, route: { cluster: "grpc", timeout: "0s" } }]),
              { match: { prefix: "/" }, route },
            ],
          },
        ],
      },
      http_filters: [
        ...modules.map(({ name, module }) =>
          typed(name, `${http}.wasm.v3.Wasm`, { config: plugin(name, module) }),
        ),
        typed("router", `${http}.router.v3.Router`, {}),
      ],
    },
  );
  const endpoints = servicePorts.map((port) => ({ endpoint: { address: place(port) } }));
  return {
    admin: { address: place(9901) },
    static_resources: {
      listeners: [{ name: "in", address: place(FILTER_PORT), filter_chains: [{ filters: [manager] }] }],
      clusters: [
        ...(grpcPort === undefined ? [] : [grpcCluster(place(grpcPort))]),
        {
          name: "service",
          type: "STATIC",
          lb_policy: "RING_HASH",
          typed_extension_protocol_options: protocolOptions({
            http_protocol_options: { enable_trailers: true },
          }),
          load_assignment: { cluster_name: "service", endpoints: [{ lb_endpoints: endpoints }] },
        },
      ],
    },
  };
}

function protocolOptions(config: object): object {
  const name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return { [name]: { "@type": `type.googleapis.com/${name}`, explicit_http_config: config } };
}

function grpcCluster(address: object): object {
  return {
    name: "grpc",
    type: "STATIC",
    typed_extension_protocol_options: protocolOptions({ http2_protocol_options: {} }),
    load_assignment: { cluster_name: "grpc", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

/** On a connection of its own, so that all workers get some. */
async function send(
  address: string,
  { headers = {}, body, trailers, goneAfterMs }: FilterRequest,
): Promise<FilterAnswer> {
  const method = body === undefined ? "GET" : "POST";
  const request = httpRequest({
    host: address,
    port: FILTER_PORT,
    path: "/p?q=1",
    method,
    headers: trailers === undefined ? headers : { ...headers, trailer: Object.keys(trailers).join() },
    agent: false,
  });
  let received = "";
  request.on("socket", (socket) =>
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    }),
  );
  const answer = new Promise<Omit<FilterAnswer, "received">>((resolve) => {
    const gone = { status: 0, headers: {}, trailers: {}, body: "" };
    request.on("error", () => resolve(gone));
    request.on("response", (response) => {
      textOf(response).then(
        (text) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            trailers: response.trailers,
            body: text,
          }),
        () => resolve(gone),
      );
    });
  });
  const timer = goneAfterMs === undefined ? undefined : setTimeout(() => request.destroy(), goneAfterMs);
  for (const piece of body ?? []) {
    request.write(piece);
    await sleep(50);
  }
  if (trailers !== undefined) request.addTrailers(trailers);
  request.end();
  try {
    const found = await answer;
    return { ...found, received };
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of message) text += String(piece);
  return text;
}
