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
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { createUnframer, fillHead } from "./grpc-frame.ts";
import { methods } from "./methods.ts";
import type {
  Call,
  CallEnd,
  Credentials,
  Ending,
  Peer,
  StartTransport,
  TransportOptions,
} from "./transport.ts";

const { HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS, HTTP2_HEADER_CONTENT_TYPE, NGHTTP2_NO_ERROR } = constants;

/** gRPC over Node's own HTTP/2: each message is written as it is, so that what all streams share is not copied for each. */
export const startHttp2Transport: StartTransport = async (options) => {
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2(options);
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    const keepalive = setInterval(() => ping(session, options.keepaliveMs), options.keepaliveMs).unref();
    session.on("close", () => {
      sessions.delete(session);
      clearInterval(keepalive);
    });
    // It closes; its streams say why.
    session.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    serve(stream, headers, options),
  );
  server.on("sessionError", () => {});
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
      for (const session of sessions) session.goaway(NGHTTP2_NO_ERROR);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
};

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

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: TransportOptions): void {
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
  });
  const finish = (how: Ending): void => {
    if (ending !== undefined || stream.destroyed) return;
    ending = how;
    stream.end();
  };
  if (!isGrpc) {
    stream.respond({ [HTTP2_HEADER_STATUS]: 415 }, { endStream: true });
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
  end = options.accept(call);
  const unframe = createUnframer(options.messageBytesMax);
  stream.on("data", (chunk: Buffer) => {
    for (const message of unframe(chunk)) {
      if (ending !== undefined) return;
      if (message instanceof Uint8Array) end?.message(message);
      else finish(message);
    }
  });
  stream.on("drain", () => end?.drained());
  stream.on("end", () => finish({ code: 0, details: "" }));
  stream.on("close", () => end?.ended());
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

function peerOf(session: ServerHttp2Stream["session"]): Peer {
  const socket = session?.socket;
  return {
    address: `${socket?.remoteAddress}:${socket?.remotePort}`,
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
