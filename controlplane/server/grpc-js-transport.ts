import {
  logVerbosity,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  setLogVerbosity,
} from "@grpc/grpc-js";
import { roomBytes } from "./encode.ts";
import { identitiesOf } from "./http2-transport.ts";
import { type Method, methods } from "./methods.ts";
import type { Call, Credentials, StartTransport } from "./transport.ts";

/** gRPC by the library of its authors. Each message is copied once for each stream. */
export const startGrpcJsTransport: StartTransport = async (options) => {
  // What goes wrong comes back as an error or an event; the library's own lines on stderr would say it twice.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": options.messageBytesMax,
    "grpc.keepalive_time_ms": options.keepaliveMs,
    "grpc.keepalive_timeout_ms": options.keepaliveMs,
  });
  for (const method of methods.values())
    server.addService({ call: definition(method) }, { call: (call: Duplex) => accept(call, method) });

  function accept(duplex: Duplex, method: Method): void {
    const certificate = duplex.getAuthContext().sslPeerCertificate;
    const call: Call = {
      method,
      peer: { address: duplex.getPeer(), identities: identitiesOf(certificate?.subjectaltname) },
      send: (pieces) => duplex.write(Buffer.concat(pieces).subarray(roomBytes)),
      end: ({ code, details }) => {
        if (code === 0) duplex.end();
        else duplex.emit("error", { code, details });
      },
    };
    const end = options.accept(call);
    let over = false;
    const ended = (): void => {
      if (over) return;
      over = true;
      end.ended();
    };
    duplex.on("data", (bytes: Uint8Array) => end.message(bytes));
    duplex.on("drain", () => end.drained());
    duplex.on("end", () => {
      ended();
      duplex.end();
    });
    for (const event of ["cancelled", "error", "close"]) duplex.on(event, ended);
  }

  const port = await new Promise<number>((resolve, reject) => {
    const { host, port } = options.listen;
    server.bindAsync(`${host}:${port}`, credentialsOf(options.credentials), (cause, bound) =>
      cause === null ? resolve(bound) : reject(cause),
    );
  });
  return {
    port,
    // The library reads certificates when a server starts.
    rotate: () => {
      throw new Error("the grpc-js transport cannot change its certificate: use the HTTP/2 one");
    },
    drain: () => server.tryShutdown(() => {}),
    close: async () => server.forceShutdown(),
  };
};

type Duplex = ServerDuplexStream<Uint8Array, Uint8Array>;

function credentialsOf(credentials: Credentials | undefined): ServerCredentials {
  if (credentials === undefined) return ServerCredentials.createInsecure();
  const { key, certificate, clientAuthorities } = credentials;
  return ServerCredentials.createSsl(
    clientAuthorities === undefined ? null : Buffer.from(clientAuthorities),
    [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }],
    clientAuthorities !== undefined,
  );
}

/** Bytes in, bytes out: the server encodes once and judges what is malformed. */
function definition({ path }: Method): MethodDefinition<Uint8Array, Uint8Array> {
  const pass = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: (buffer) => buffer,
    responseSerialize: pass,
    responseDeserialize: (buffer) => buffer,
  };
}
