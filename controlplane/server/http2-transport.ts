import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { roomBytes } from "./encode.ts";
import { createUnframer, fillHead } from "./grpc-frame.ts";
import { methods } from "./methods.ts";
import { timerMs } from "./timer.ts";
import type {
  Call,
  CallEnd,
  Credentials,
  Ending,
  Peer,
  StartTransport,
  TransportOptions,
} from "./transport.ts";

const {
  HTTP2_HEADER_PATH,
  HTTP2_HEADER_STATUS,
  HTTP2_HEADER_CONTENT_TYPE,
  NGHTTP2_NO_ERROR,
  NGHTTP2_CANCEL,
} = constants;

/** So long a client that is told of the end of its stream may take to read what is still on its way to it. */
const endMs = 5_000;
/** So long a client may take to end its connection when the server ends. */
const closeMs = 1_000;
/** Streams of one connection that have not said a word yet. */
const silentMax = 100;

/** What the streams of one connection share. */
interface Connection {
  /** Those that have not said a whole message yet. */
  readonly silent: Set<ServerHttp2Stream>;
  /** Of messages that are not whole yet. */
  begunBytes: number;
}

/** gRPC over Node's own HTTP/2: each message is written as it is, so that what all streams share is not copied for each. */
export const startHttp2Transport: StartTransport = async (options) => {
  const sessions = new Map<ServerHttp2Session, Connection>();
  const server = createHttp2(options);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const keepaliveMs = timerMs(options.keepaliveMs);
  server.on("session", (session: ServerHttp2Session) => {
    sessions.set(session, { silent: new Set(), begunBytes: 0 });
    const keepalive = setInterval(() => ping(session, keepaliveMs), keepaliveMs).unref();
    session.on("close", () => {
      sessions.delete(session);
      clearInterval(keepalive);
    });
    // It closes; its streams say why.
    session.on("error", () => {});
    // TLS takes a session up again that began with a certificate which has ended since.
    const { socket } = session;
    const ended = socket instanceof TLSSocket ? endOf(socket) : undefined;
    if (ended === undefined) return;
    options.onHandshakeError({
      address: addressOf(socket),
      reason: `the client's certificate has ended: ${ended}`,
    });
    session.destroy();
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const connection = sessions.get(stream.session as ServerHttp2Session);
    if (connection !== undefined) serve(stream, headers, connection, options);
  });
  server.on("sessionError", () => {});
  if (options.credentials !== undefined) watchHandshakes(server, options.onHandshakeError);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...options.listen, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    rotate: (credentials) => {
      if ("setSecureContext" in server) server.setSecureContext(context(credentials));
    },
    drain: () => {
      server.close();
      for (const session of sessions.keys()) session.goaway(NGHTTP2_NO_ERROR);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions.keys()) session.destroy();
        // One that has gone without a word, or will not hear of it, would keep the server for as long as it likes.
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, closeMs).unref();
      }),
  };
};

/** A handshake that fails has no address any more, and the socket below it none of its errors: they follow each other. */
function watchHandshakes(
  server: Http2Server | Http2SecureServer,
  failed: TransportOptions["onHandshakeError"],
): void {
  const secured = new Set<string>();
  const reasons: string[] = [];
  server.on("connection", (socket: Socket) => {
    const address = addressOf(socket);
    socket.on("close", () => {
      if (secured.delete(address)) return;
      failed({ address, reason: reasons.shift() ?? "the client went away before it said who it is" });
    });
  });
  server.on("secureConnection", (socket: TLSSocket) => secured.add(addressOf(socket)));
  server.on("tlsClientError", ({ message }: Error) => reasons.push(message));
}

function createHttp2({ credentials }: TransportOptions): Http2Server | Http2SecureServer {
  const settings = {
    // What clients send is small; a reconnecting one names all that it holds.
    settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 1_000, maxHeaderListSize: 16 << 10 },
    // In MB: 10, the default, is too small for one message with all of a large mesh (xds.md P28).
    maxSessionMemory: 1_000,
  };
  return credentials === undefined
    ? createServer(settings)
    : createSecureServer({ ...settings, ...context(credentials), allowHTTP1: false });
}

function context({ key, certificate, clientAuthorities }: Credentials) {
  return {
    key,
    cert: certificate,
    minVersion: "TLSv1.2" as const,
    ...(clientAuthorities === undefined
      ? {}
      : { ca: clientAuthorities, requestCert: true, rejectUnauthorized: true }),
  };
}

/** A client that does not answer within the time is gone. */
function ping(session: ServerHttp2Session, timeoutMs: number): void {
  if (session.destroyed) return;
  const late = setTimeout(() => session.destroy(), timeoutMs).unref();
  session.ping((error) => {
    clearTimeout(late);
    if (error !== null) session.destroy();
  });
}

function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  connection: Connection,
  options: TransportOptions,
): void {
  const method = methods.get(String(headers[HTTP2_HEADER_PATH] ?? ""));
  const isGrpc = String(headers[HTTP2_HEADER_CONTENT_TYPE] ?? "").startsWith("application/grpc");
  let ending: Ending | undefined;
  let end: CallEnd | undefined;
  stream.on("error", () => {});
  stream.on("wantTrailers", () => {
    if (stream.destroyed) return;
    stream.sendTrailers({
      "grpc-status": String(ending?.code ?? 0),
      ...(ending?.details ? { "grpc-message": percentEncoded(ending.details) } : {}),
    });
    // A client that goes on all the same says it to nobody: all has been said, also to the half that it keeps open.
    setImmediate(() => stream.close(NGHTTP2_NO_ERROR));
  });
  const { silent } = connection;
  const unframer = createUnframer(options.messageBytesMax);
  let begunBytes = 0;
  const begin = (bytes: number): void => {
    connection.begunBytes += bytes - begunBytes;
    begunBytes = bytes;
  };
  const leave = (): void => {
    silent.delete(stream);
    begin(0);
  };
  const finish = (how: Ending): void => {
    if (ending !== undefined || stream.destroyed) return;
    ending = how;
    leave();
    stream.removeAllListeners("data");
    stream.resume();
    stream.end();
    const late = setTimeout(() => stream.close(NGHTTP2_CANCEL), endMs).unref();
    stream.on("close", () => clearTimeout(late));
  };
  if (!isGrpc) {
    stream.respond({ [HTTP2_HEADER_STATUS]: 415 }, { endStream: true });
    stream.close(NGHTTP2_NO_ERROR);
    return;
  }
  stream.respond(
    { [HTTP2_HEADER_STATUS]: 200, [HTTP2_HEADER_CONTENT_TYPE]: "application/grpc" },
    { waitForTrailers: true },
  );
  if (method === undefined) {
    finish({ code: 12, details: "there is no such method here" });
    return;
  }
  if (silent.size >= silentMax) {
    finish({ code: 8, details: `${silentMax} streams of this connection have said nothing yet` });
    return;
  }
  const call: Call = {
    method,
    peer: peerOf(stream.session),
    send: (pieces) => {
      if (ending !== undefined || stream.destroyed) return false;
      // Node counts what waits in the stream, and tells when it has gone.
      fillHead(pieces);
      let writable = true;
      for (const piece of pieces) writable = stream.write(piece);
      return writable;
    },
    end: finish,
  };
  silent.add(stream);
  end = options.accept(call);
  stream.on("data", (chunk: Buffer) => {
    for (const message of unframer.take(chunk)) {
      if (ending !== undefined) return;
      silent.delete(stream);
      if (message instanceof Uint8Array) end?.message(message);
      else finish(message);
    }
    if (ending !== undefined) return;
    begin(unframer.bytes());
    // All that a connection has begun to say is no more than what it may say in one message.
    if (connection.begunBytes > options.messageBytesMax + roomBytes)
      finish({ code: 8, details: "too much was begun on this connection, and none of it is whole" });
  });
  stream.on("drain", () => end?.drained());
  stream.on("end", () => finish({ code: 0, details: "" }));
  stream.on("close", () => {
    leave();
    end?.ended();
  });
}

/** As gRPC wants a message in a trailer: all but what is visible in ASCII, and `%`, by its bytes in UTF-8. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}

function addressOf(socket: Pick<Socket, "remoteAddress" | "remotePort"> | undefined): string {
  return `${socket?.remoteAddress}:${socket?.remotePort}`;
}

/** When the client's certificate has ended; undefined where it has not, or there is none. */
function endOf(socket: TLSSocket): string | undefined {
  const { valid_to: until } = socket.getPeerCertificate();
  return until !== undefined && Date.parse(until) < Date.now() ? until : undefined;
}

function peerOf(session: ServerHttp2Stream["session"]): Peer {
  const socket = session?.socket;
  return {
    address: addressOf(socket),
    identities: socket instanceof TLSSocket ? identitiesOf(socket.getPeerCertificate().subjectaltname) : [],
  };
}

/**
 * The URIs among a certificate's alternative names, which come as `URI:spiffe://a, DNS:b`. A name with a comma in it stands between
 * quotation marks, so that what it has inside is not taken for a name of its own.
 */
export function identitiesOf(alternativeNames: string | undefined): readonly string[] {
  const names = (alternativeNames ?? "").matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/gy);
  return [...names].flatMap(([, kind, name = ""]) =>
    kind === "URI" ? [name.startsWith('"') ? String(JSON.parse(name)) : name] : [],
  );
}
