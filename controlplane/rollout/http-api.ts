import { strict as assert } from "node:assert";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { WireError } from "../error/wire-error.ts";
import { isLoopback } from "../server/is-loopback.ts";
import { bearsToken } from "./bears-token.ts";
import type { Feed } from "./feed.ts";
import { isCrossSite } from "./is-cross-site.ts";

const bodyLengthMax = 4_096;
const tooLong = `a body has at most ${bodyLengthMax} characters`;

/** A body of a request and what is answered, both JSON. The body is undefined where it is not. */
export type Command = (body: unknown) => Promise<{ readonly status: number; readonly value: unknown }>;

/** What is asked for: the parts of the path after the name, and the query. */
export type Answer = (
  path: readonly string[],
  query: URLSearchParams,
) => Promise<{ readonly status: number; readonly value: unknown }>;

/** A text for Prometheus. */
export type Shown = Promise<{ readonly contentType: string; readonly body: string }>;

export interface HttpApiOptions {
  readonly host: string;
  readonly port: number;
  /** What a request has to bear as `Authorization: Bearer TOKEN`; looked up each time, so that it can change. Absent on loopback alone. */
  token?(): string;
  /** Answers `GET /status`. */
  status(): unknown;
  /** Answers `GET /nodes/NAME`; undefined where there is no such node. */
  node(name: string): unknown;
  /** Answers `GET /metrics`, for Prometheus. */
  metrics(): Shown;
  /** Answers `GET /metrics/calls`: what has a series for each call, which not everybody wants to keep. */
  callMetrics(): Shown;
  /** Followed at `GET /NAME?follower=ID` as JSON lines, acknowledged at `POST /NAME/ack` with `{"revision","follower"}`. */
  readonly feeds: Readonly<Record<string, Feed<unknown>>>;
  /** Answered at `GET /NAME` and below. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Done at `POST /NAME`. */
  readonly commands: Readonly<Record<string, Command>>;
}

export interface HttpApi {
  readonly port: number;
  close(): Promise<void>;
}

/** The HTTP API of the control plane. Off a loopback address it needs a token. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const { token } = options;
  assert(token !== undefined || isLoopback(options.host), "where others reach the HTTP API it has a token");
  const feeds = new Map(Object.entries(options.feeds));
  const answers = new Map(Object.entries(options.answers));
  const commands = new Map(Object.entries(options.commands));
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    if (token !== undefined && !bearsToken(authorization, token())) return refuse(response, authorization);
    if (token === undefined && isCrossSite(request.headers))
      return json(response, 403, { error: "without a token, pages of other sites are answered nothing" });
    const url = URL.parse(request.url ?? "/", "http://localhost");
    const [name = "", ...path] = (url?.pathname ?? "").slice(1).split("/");
    const [action] = path;
    const feed = feeds.get(name);
    if (request.method === "GET" && url?.pathname === "/status") return json(response, 200, options.status());
    if (request.method === "GET" && url?.pathname === "/metrics")
      return void show(response, options.metrics());
    if (request.method === "GET" && url?.pathname === "/metrics/calls")
      return void show(response, options.callMetrics());
    if (request.method === "GET" && feed !== undefined && action === undefined) {
      return stream(response, feed, url?.searchParams.get("follower") ?? undefined);
    }
    if (request.method === "POST" && feed !== undefined && action === "ack") {
      return void acknowledge(request, response, feed);
    }
    if (request.method === "GET" && name === "nodes" && action !== undefined) {
      const node = decoded(action);
      const found = options.node(node);
      return found === undefined
        ? json(response, 404, { error: `no proxy of \`${node}\` is to run` })
        : json(response, 200, found);
    }
    const answer = answers.get(name);
    if (request.method === "GET" && answer !== undefined)
      return void answered(response, answer(path, url?.searchParams ?? new URLSearchParams()));
    const command = commands.get(name);
    if (request.method === "POST" && command !== undefined && action === undefined) {
      return void run(request, response, command);
    }
    const names = [
      ...["status", "metrics", "metrics/calls", "nodes/NAME"],
      ...feeds.keys(),
      ...answers.keys(),
      ...commands.keys(),
    ];
    const paths = [...new Set(names)].map((path) => `/${path}`);
    return json(response, 404, { error: `no such path; there are ${paths.join(", ")}` });
  });
  const port = await listen(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Why, as RFC 6750 has it: one who brought no token is told only what there is to bring. */
function refuse(response: ServerResponse, authorization: string | undefined): void {
  const realm = 'Bearer realm="wire"';
  response.setHeader(
    "www-authenticate",
    authorization === undefined ? realm : `${realm}, error="invalid_token"`,
  );
  json(response, 401, { error: "the control plane's token is wanted, as `Authorization: Bearer TOKEN`" });
}

/** A part of a path; one that is written wrongly names nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

async function show(response: ServerResponse, metrics: Shown): Promise<void> {
  const { contentType, body } = await metrics;
  response.writeHead(200, { "content-type": contentType }).end(body);
}

function stream(response: ServerResponse, feed: Feed<unknown>, follower: string | undefined): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  let isFull = false;
  let latest: unknown;
  const write = (revision: unknown): void => {
    isFull = !response.write(`${JSON.stringify(revision)}\n`);
  };
  const following = feed.follow((revision) => {
    // One that does not read gets the latest when it does, and nothing in between.
    if (isFull) latest = revision;
    else write(revision);
  }, follower);
  response.on("drain", () => {
    isFull = false;
    if (latest !== undefined) write(latest);
    latest = undefined;
  });
  response.on("close", () => following.stop());
}

async function run(request: IncomingMessage, response: ServerResponse, command: Command): Promise<void> {
  await answered(
    response,
    bodyOf(request).then((body) =>
      body === undefined ? { status: 413, value: { error: tooLong } } : command(parsed(body)),
    ),
  );
}

async function answered(response: ServerResponse, answer: ReturnType<Answer>): Promise<void> {
  try {
    const { status, value } = await answer;
    json(response, status, value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    json(response, 500, { error: error.message });
  }
}

async function acknowledge(
  request: IncomingMessage,
  response: ServerResponse,
  feed: Feed<unknown>,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return json(response, 413, { error: tooLong });
  const { revision, follower } = stringsIn(body);
  if (revision !== undefined && follower !== undefined && feed.acknowledge(follower, revision)) {
    return json(response, 200, {});
  }
  const error = 'an acknowledgement is {"revision","follower"} from a follower whose stream is open';
  return json(response, 400, { error });
}

/** Undefined when it is too long, empty when the client goes away before its end. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let body = "";
  try {
    // What comes after that is read and let go of, so that the answer can be.
    for await (const chunk of request.setEncoding("utf8")) if (body.length <= bodyLengthMax) body += chunk;
    return body.length > bodyLengthMax ? undefined : body;
  } catch {
    return "";
  }
}

function stringsIn(text: string): { readonly revision?: string; readonly follower?: string } {
  const value = parsed(text);
  if (typeof value !== "object" || value === null) return {};
  return {
    ...("revision" in value && typeof value.revision === "string" ? { revision: value.revision } : {}),
    ...("follower" in value && typeof value.follower === "string" ? { follower: value.follower } : {}),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listen(server: Server, options: HttpApiOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const used = "code" in cause && cause.code === "EADDRINUSE";
      const why = used ? "the port is in use; choose another with --http-port" : cause.message;
      reject(new WireError("listen", `HTTP API on ${options.host}:${options.port}: ${why}`, { cause }));
    });
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : options.port);
    });
  });
}
