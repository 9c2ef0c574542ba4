import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { WireError } from "../error/wire-error.ts";
import type { Feed, Follower } from "./feed.ts";

export interface HttpApiOptions {
  readonly host: string;
  readonly port: number;
  /** Answers `GET /status`. */
  status(): unknown;
  /** Followed at `GET /NAME?follower=ID` as JSON lines, acknowledged at `POST /NAME/ack` with `{"revision","follower"}`. */
  readonly feeds: Readonly<Record<string, Feed<unknown>>>;
}

export interface HttpApi {
  readonly port: number;
  close(): Promise<void>;
}

/** The HTTP API of the control plane, without authentication: it listens on a loopback address only. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const followers = new Map<string, Follower>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [name = "", action] = url.pathname.slice(1).split("/");
    const feed = options.feeds[name];
    const key = (follower: string): string => `${name} ${follower}`;
    if (request.method === "GET" && url.pathname === "/status") return json(response, 200, options.status());
    if (request.method === "GET" && feed !== undefined && action === undefined) {
      return stream(response, feed, (follower) =>
        followers.set(key(url.searchParams.get("follower") ?? ""), follower),
      );
    }
    if (request.method === "POST" && feed !== undefined && action === "ack") {
      return void acknowledge(request, response, (follower) => followers.get(key(follower)));
    }
    const paths = ["/status", ...Object.keys(options.feeds).map((feedName) => `/${feedName}`)];
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

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

function stream(response: ServerResponse, feed: Feed<unknown>, started: (follower: Follower) => void): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  const follower = feed.follow((revision) => response.write(`${JSON.stringify(revision)}\n`));
  started(follower);
  response.on("close", () => follower.stop());
}

async function acknowledge(
  request: IncomingMessage,
  response: ServerResponse,
  find: (follower: string) => Follower | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { revision, follower } = stringsIn(Buffer.concat(chunks).toString("utf8"));
  const found = follower === undefined ? undefined : find(follower);
  if (found === undefined || revision === undefined) {
    const error = 'an acknowledgement is {"revision","follower"} from a follower whose stream is open';
    return json(response, 400, { error });
  }
  found.acknowledge(revision);
  return json(response, 200, {});
}

function stringsIn(text: string): { readonly revision?: string; readonly follower?: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return {
      ...("revision" in value && typeof value.revision === "string" ? { revision: value.revision } : {}),
      ...("follower" in value && typeof value.follower === "string" ? { follower: value.follower } : {}),
    };
  } catch {
    return {};
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
