import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import type { Target } from "./address-map.ts";
import type { Protocol } from "./service.ts";

export interface Outgoing {
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string[]>>;
  /** Default GET. */
  readonly method?: string;
  /** In the pieces in which it is sent. Default none. */
  readonly body?: readonly string[];
}

export interface Reply {
  readonly status: number;
  /** Without pseudo-headers; of TCP there are none. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** The connections of one caller to one target. */
export interface Connections {
  readonly send: (outgoing: Outgoing) => Promise<Reply>;
  /** Close what is idle, let what is in flight finish, settle when nothing is left. Never rejects. */
  readonly retire: () => Promise<void>;
}

const timeoutMs = 30_000;

export interface KeepOptions {
  /** Whether connections to a store are kept for later requests. Default one for each. */
  readonly keepsTcp?: boolean;
}

/** Open connections as they are needed, all from `localAddress` where it is given. */
export function connections(
  protocol: Protocol,
  target: Target,
  localAddress?: string,
  { keepsTcp = false }: KeepOptions = {},
): Connections {
  const from = localAddress === undefined ? {} : { localAddress };
  switch (protocol) {
    case "http":
      return counted(overHttp1(target, from));
    case "grpc":
      return counted(overHttp2(target, from));
    case "tcp":
      return counted(overTcp(target, from, keepsTcp));
    default:
      return protocol satisfies never;
  }
}

interface From {
  readonly localAddress?: string;
}

interface Transport {
  readonly send: (outgoing: Outgoing) => Promise<Reply>;
  readonly close: () => void;
}

function counted(transport: Transport): Connections {
  let inFlight = 0;
  let retired: (() => void) | undefined;
  const settle = (): void => {
    if (inFlight === 0) retired?.();
  };
  return {
    async send(outgoing) {
      inFlight += 1;
      try {
        return await transport.send(outgoing);
      } finally {
        inFlight -= 1;
        settle();
      }
    },
    retire() {
      transport.close();
      return new Promise((resolve) => {
        retired = resolve;
        settle();
      });
    },
  };
}

function overHttp1(target: Target, from: From): Transport {
  const agent = new Agent({ keepAlive: true, ...from });
  const once = (outgoing: Outgoing): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: target.address,
          port: target.port,
          path: outgoing.path,
          method: outgoing.method ?? "GET",
          agent,
          headers: { ...outgoing.headers, host: outgoing.authority },
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: inPairs(response.rawHeaders),
              body: Buffer.concat(chunks).toString(),
            }),
          );
          response.on("error", reject);
        },
      );
      // A kept connection may be closed by the other side just as it is used: nothing was read, so try again.
      sent.on("error", (error: NodeJS.ErrnoException) =>
        sent.reusedSocket && error.code === "ECONNRESET" ? resolve(once(outgoing)) : reject(error),
      );
      for (const piece of outgoing.body ?? []) sent.write(piece);
      sent.end();
    });
  return {
    send: once,
    close() {
      // `destroy` would cut requests in flight: let their connections end when they come back instead.
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    },
  };
}

function overHttp2(target: Target, from: From): Transport {
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const fresh = connectHttp2(`http://${target.address}:${target.port}`, {
      createConnection: () => connect({ host: target.address, port: target.port, ...from }),
    });
    const forget = (): void => {
      if (session === fresh) session = undefined;
    };
    // Errors reach the requests; a session that is going away takes no new ones.
    fresh.on("error", forget).on("goaway", forget).on("close", forget);
    session = fresh;
    return fresh;
  };
  const once = (outgoing: Outgoing, attempt: number): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const used = session;
      const opened = open();
      const reused = used === opened;
      const stream = opened.request({
        ...outgoing.headers,
        ":method": outgoing.method ?? "GET",
        ":path": outgoing.path,
        ":authority": outgoing.authority,
      });
      let status = 0;
      let received: Reply["headers"] = [];
      const chunks: Buffer[] = [];
      stream.setTimeout(timeoutMs, () => stream.close());
      stream.on("response", (headers, _flags, rawHeaders) => {
        status = headers[":status"] ?? 0;
        received = inPairs(rawHeaders);
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      let failure: Error | undefined;
      // What comes after it, always, decides.
      stream.on("error", (error) => {
        failure = error;
      });
      stream.on("close", () => {
        if (status === 0 && reused && attempt === 0) resolve(once(outgoing, 1));
        else if (status === 0 || failure !== undefined)
          reject(failure ?? new Error("the stream was closed before an answer"));
        else resolve({ status, headers: received, body: Buffer.concat(chunks).toString() });
      });
      for (const piece of outgoing.body ?? []) stream.write(piece);
      stream.end();
    });
  return { send: (outgoing) => once(outgoing, 0), close: () => session?.close() };
}

/** Names and values that stand one after the other. */
function inPairs(raw: readonly string[]): Reply["headers"] {
  return raw.flatMap((name, at) =>
    at % 2 === 0 && !name.startsWith(":") ? [[name.toLowerCase(), raw[at + 1] ?? ""] as const] : [],
  );
}

/** One line there, one line back, and nothing else on that connection meanwhile. */
function overTcp(target: Target, from: From, isKept: boolean): Transport {
  const free: Socket[] = [];
  let isClosed = false;
  const open = (): Socket => {
    const socket = connect({ host: target.address, port: target.port, ...from });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("timed out")));
    // What comes after it, always, decides; while nobody uses it nobody needs to know.
    socket.on("error", () => {});
    socket.on("close", () => {
      const at = free.indexOf(socket);
      if (at >= 0) free.splice(at, 1);
    });
    return socket;
  };
  const once = (outgoing: Outgoing): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const kept = free.pop();
      const socket = kept ?? open();
      let text = "";
      let failure: Error | undefined;
      const leave = (): void => {
        socket.off("data", onData).off("error", onError).off("close", onClose);
      };
      const onData = (chunk: Buffer): void => {
        text += chunk.toString();
        if (!text.includes("\n")) return;
        leave();
        if (isKept && !isClosed) free.push(socket);
        else socket.end();
        resolve({ status: text.startsWith("OK ") ? 200 : 500, headers: [], body: text.trim() });
      };
      const onError = (error: Error): void => {
        failure = error;
      };
      const onClose = (): void => {
        leave();
        // A kept connection may be closed by the other side just as it is used.
        if (kept !== undefined && text === "") resolve(once(outgoing));
        else reject(failure ?? new Error("the connection was closed before an answer"));
      };
      socket.on("data", onData).on("error", onError).on("close", onClose);
      socket.write(`GET ${outgoing.authority}\n`);
    });
  return {
    send: once,
    close() {
      isClosed = true;
      for (const socket of free) socket.end();
    },
  };
}
