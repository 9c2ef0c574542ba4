import type { Pieces } from "./encode.ts";
import type { Method } from "./methods.ts";

/** Who is at the other end. */
export interface Peer {
  /** `HOST:PORT`. */
  readonly address: string;
  /** What its certificate says it is: the URIs of the subject's alternative names, as `spiffe://mesh/ns/a/sa/b`. Empty without one. */
  readonly identities: readonly string[];
}

/** How a call ends: gRPC's code, 0 for well. */
export interface Ending {
  readonly code: number;
  readonly details: string;
}

/** One stream of a client. */
export interface Call {
  readonly method: Method;
  readonly peer: Peer;
  /** Send one message; false when the client reads more slowly than it is written to, until `CallEnd.drained`. */
  readonly send: (pieces: Pieces) => boolean;
  readonly end: (ending: Ending) => void;
}

/** Our end of a call. */
export interface CallEnd {
  readonly message: (bytes: Uint8Array) => void;
  readonly drained: () => void;
  /** Once, whoever ended it. */
  readonly ended: () => void;
}

export interface Credentials {
  /** PEM; of the server. */
  readonly key: string | Buffer;
  readonly certificate: string | Buffer;
  /** PEM; who signs clients' certificates. With it a client without one is turned away. */
  readonly clientAuthorities?: string | Buffer;
}

/** A connection that did not come about. */
export interface HandshakeFailure {
  /** `HOST:PORT` of the client. */
  readonly address: string;
  readonly reason: string;
}

export interface TransportOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent: plain text. */
  readonly credentials?: Credentials;
  /** Bytes of the largest message that is taken. */
  readonly messageBytesMax: number;
  readonly keepaliveMs: number;
  readonly accept: (call: Call) => CallEnd;
  /** Told where the transport hears of it. */
  readonly onHandshakeError: (failure: HandshakeFailure) => void;
}

/** What carries calls: an HTTP/2 server that speaks gRPC. */
export interface Transport {
  readonly port: number;
  /** For new connections; those that are there go on with what they have. */
  readonly rotate: (credentials: Credentials) => void;
  /** No more connections; clients are told to go elsewhere, and their calls go on until they are ended. */
  readonly drain: () => void;
  readonly close: () => Promise<void>;
}

/** Rejects with the system's error where nothing can listen there. */
export type StartTransport = (options: TransportOptions) => Promise<Transport>;
