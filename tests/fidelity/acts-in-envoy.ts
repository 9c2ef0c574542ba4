import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";
import { type ActOutcome, codeOf, type Play } from "./acts.ts";

const ADDRESS = "127.90.11.2";
const PORT = 10_000;
/** Between two pieces of a request, in which a call is answered. */
const GAP_MS = 60;
/** How long the service takes to answer, in which one that was made in the last callback is. */
const ANSWER_MS = 120;
/** What has not ended by then waits for ever. */
const END_MS = 2_000;

/** The filter in one Envoy, which plays as many at once as are asked for. */
export interface ActsInEnvoy extends AsyncDisposable {
  play(play: Play, protocol: "HTTP/1" | "HTTP/2"): Promise<ActOutcome>;
}

export async function startActs(bytes: Uint8Array): Promise<ActsInEnvoy> {
  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind !== "binary") throw new Error("this needs the binary of an Envoy");
  const got = new Map<string, string[]>();
  const servers = [
    createServer((request, response) => void serve(request, response, got)),
    createServer((_, response) => response.end("yes")),
    createServer(async (_, response) => {
      response.writeHead(200);
      response.write("y");
      await sleep(10);
      response.destroy();
    }),
  ];
  let garbage = 0;
  servers[0]?.on("clientError", ({ code = "" }: NodeJS.ErrnoException, socket) => {
    // One that Envoy gives up breaks off, at any place.
    if (code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE") garbage++;
    socket.destroy();
  });
  for (const server of servers) {
    server.listen(0, ADDRESS);
    await once(server, "listening");
  }
  const [service = 0, ok = 0, broken = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const lines = new Map<string, string[]>();
  let rest = "";
  const envoy = await startEnvoy({
    path: found.path,
    config: configOf(bytes, { service, ok, break: broken }),
    adminAddress: ADDRESS,
    concurrency: 1,
    onLog(chunk) {
      const texts = `${rest}${chunk}`.split("\n");
      rest = texts.pop() ?? "";
      for (const text of texts) {
        const [, id = "", line = ""] = /\bwasm log[^:\n]*: #(\d+) (.*)$/.exec(text) ?? [];
        if (id !== "") lines.set(id, [...(lines.get(id) ?? []), line]);
      }
    },
  });
  let count = 0;
  return {
    async play(play, protocol) {
      const id = String(++count);
      const send = protocol === "HTTP/1" ? sendHttp1 : sendHttp2;
      const answer = await send(play, id);
      for (let waited = 0; waited < 100 && lines.get(id)?.at(-1) !== "end"; waited++) await sleep(20);
      const said = lines.get(id) ?? [];
      return {
        ...answer,
        got: answer.status === 200 ? (got.get(id) ?? []) : [],
        lines:
          garbage === 0 ? said : [...said, `the service got what is no request, ${garbage} times so far`],
      };
    },
    async [Symbol.asyncDispose]() {
      await envoy.stop({ drainMs: 0 });
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  got: Map<string, string[]>,
): Promise<void> {
  const id = String(request.headers["x-id"]);
  const mine = got.get(id) ?? [];
  got.set(id, mine);
  const place = mine.push("") - 1;
  let body = "";
  try {
    for await (const piece of request) body += String(piece);
  } catch {
    return;
  }
  mine[place] = body + (request.rawTrailers.length > 0 ? "+t" : "");
  await sleep(ANSWER_MS);
  const trailers = request.headers["x-want"] === "trailers";
  response.writeHead(200, { "transfer-encoding": "chunked", ...(trailers ? { trailer: "t" } : {}) });
  if (trailers) response.addTrailers({ t: "1" });
  // All of it at once: nothing else comes between.
  response.end("ok");
}

function headersOf(play: Play, id: string): Readonly<Record<string, string>> {
  return { "x-act": codeOf(play), "x-id": id, ...(play.trailersBack ? { "x-want": "trailers" } : {}) };
}

type Answer = Pick<ActOutcome, "status" | "body" | "trailers">;
const gone: Answer = { status: 0, body: "", trailers: false };

async function sendHttp1(play: Play, id: string): Promise<Answer> {
  const request = httpRequest({
    host: ADDRESS,
    port: PORT,
    method: "POST",
    agent: false,
    headers: {
      ...headersOf(play, id),
      "transfer-encoding": "chunked",
      ...(play.trailers ? { trailer: "t" } : {}),
    },
  });
  const timer = setTimeout(() => request.destroy(), END_MS);
  const answer = new Promise<Answer>((resolve) => {
    request.on("error", () => resolve(gone));
    request.on("response", async (response) => {
      let body = "";
      try {
        for await (const piece of response) body += String(piece);
      } catch {
        resolve(gone);
      }
      resolve({ status: response.statusCode ?? 0, body, trailers: response.rawTrailers.length > 0 });
    });
  });
  request.flushHeaders();
  await sleep(GAP_MS);
  for (const piece of ["ab", "cd"]) {
    request.write(piece);
    await sleep(GAP_MS);
  }
  if (play.trailers) request.addTrailers({ t: "1" });
  request.end();
  const found = await answer;
  clearTimeout(timer);
  request.destroy();
  return found;
}

async function sendHttp2(play: Play, id: string): Promise<Answer> {
  const session = connectHttp2(`http://${ADDRESS}:${PORT}`);
  session.on("error", () => undefined);
  const stream = session.request(
    { ":method": "POST", ":path": "/", ...headersOf(play, id) },
    { waitForTrailers: play.trailers },
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ t: "1" }));
  let status = 0;
  let body = "";
  let trailers = false;
  stream.on("response", (headers) => {
    status = Number(headers[":status"]);
  });
  stream.on("trailers", () => {
    trailers = true;
  });
  stream.on("data", (piece) => {
    body += String(piece);
  });
  let ended = false;
  stream.on("end", () => {
    ended = true;
  });
  stream.on("error", () => undefined);
  const over = Promise.race([once(stream, "close"), once(stream, "end"), sleep(END_MS)]).catch(
    () => undefined,
  );
  await sleep(GAP_MS);
  for (const piece of ["ab", "cd"]) {
    if (!stream.destroyed) stream.write(piece);
    await sleep(GAP_MS);
  }
  if (!stream.destroyed) stream.end();
  await over;
  const broken = !ended || status === 0 || (stream.rstCode !== 0 && stream.destroyed);
  session.destroy();
  return broken ? gone : { status, body, trailers };
}

function configOf(
  bytes: Uint8Array,
  clusters: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  const place = (port: number) => ({ socket_address: { address: ADDRESS, port_value: port } });
  const typed = (name: string, type: string, config: object) => ({
    name,
    typed_config: { "@type": `type.googleapis.com/${type}`, ...config },
  });
  const http = "envoy.extensions.filters.http";
  const manager = typed(
    "manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "acts",
      http_protocol_options: { enable_trailers: true },
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }],
          },
        ],
      },
      http_filters: [
        typed("filter", `${http}.wasm.v3.Wasm`, {
          config: {
            name: "filter",
            allow_on_headers_stop_iteration: true,
            vm_config: {
              vm_id: "filter",
              runtime: "envoy.wasm.runtime.v8",
              code: { local: { inline_bytes: Buffer.from(bytes).toString("base64") } },
            },
          },
        }),
        typed("router", `${http}.router.v3.Router`, {}),
      ],
    },
  );
  const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    admin: { address: place(9901) },
    static_resources: {
      listeners: [{ name: "in", address: place(PORT), filter_chains: [{ filters: [manager] }] }],
      clusters: Object.entries(clusters).map(([name, port]) => ({
        name,
        type: "STATIC",
        typed_extension_protocol_options: {
          [options]: {
            "@type": `type.googleapis.com/${options}`,
            explicit_http_config: { http_protocol_options: { enable_trailers: true } },
          },
        },
        load_assignment: {
          cluster_name: name,
          endpoints: [{ lb_endpoints: [{ endpoint: { address: place(port) } }] }],
        },
      })),
    },
  };
}
