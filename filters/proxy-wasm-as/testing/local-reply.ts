import { bytesOf, noBytes, textOf } from "./bytes.ts";
import type { BytePair } from "./header-map.ts";

/** An answer by the filter itself. */
export interface LocalReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly details: string;
  /** For requests of gRPC; by default what the status of HTTP stands for. */
  readonly grpcStatus?: number;
}

/** The same with the bytes as they are; without a status of gRPC it has -1. */
export interface ReplyBytes {
  readonly status: number;
  readonly headers: readonly BytePair[];
  readonly body: Uint8Array;
  readonly details: string;
  readonly grpcStatus: number;
  /** Envoy's flags, of what it answers itself. */
  readonly flags?: bigint;
  /** Of the answer that a caller of gRPC gets: the status that it would have had otherwise. */
  readonly httpStatus?: number;
  /** It stands for a filter that has failed. */
  readonly isFailure?: true;
}

/** An answer of a proxy's own as the client gets it. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, Uint8Array])[];
  readonly body?: Uint8Array;
}

/** What Envoy makes of an answer of its own to a request with this content type. */
export function localResponse(
  requestType: string,
  { status, headers, body, details, grpcStatus = -1 }: LocalReply,
): LocalResponse {
  const pairs = headers.map(([name, value]): BytePair => pair(name, value));
  const given = { status, headers: pairs, body: bytesOf(body), details, grpcStatus };
  const sent = isGrpc(requestType) ? grpcReply(given) : given;
  return {
    status: sent.status,
    headers: headersOf(sent).map(([name, value]) => [textOf(name), value] as const),
    ...(sent.body.length === 0 ? {} : { body: sent.body }),
  };
}

/** Whether a request of this content type is one of gRPC, so that an answer is trailers alone. */
export function isGrpc(requestType: string): boolean {
  return /^application\/grpc(\+|$)/.test(requestType);
}

/** The headers that Envoy gives an answer of its own: what it says itself, nobody else does. */
export function headersOf(reply: ReplyBytes): readonly BytePair[] {
  const others = without(reply.headers, ":status", "content-length");
  if (reply.body.length === 0)
    return reply.httpStatus !== undefined ? others : without(others, "content-type");
  const type = others.some(has("content-type")) ? [] : [pair("content-type", "text/plain")];
  return [...others, pair("content-length", String(reply.body.length)), ...type];
}

const has =
  (wanted: string) =>
  ([name]: BytePair): boolean =>
    textOf(name).toLowerCase() === wanted;

function without(headers: readonly BytePair[], ...names: readonly string[]): readonly BytePair[] {
  return headers.filter((header) => !names.some((name) => has(name)(header)));
}

/** What a caller of gRPC gets instead: no body, and the text in a header. */
export function grpcReply(reply: ReplyBytes): ReplyBytes {
  const known = reply.grpcStatus >= 0 && reply.grpcStatus <= 16;
  const code = known ? reply.grpcStatus : grpcStatusOf(reply.status);
  const message = percentEncoded(reply.body);
  const taken = ["content-type", ...(message === "" ? [] : ["grpc-message"])];
  return {
    ...reply,
    status: 200,
    body: noBytes,
    httpStatus: reply.status,
    headers: [
      pair("content-type", "application/grpc"),
      ...(reply.headers.some(has("grpc-status")) ? [] : [pair("grpc-status", String(code))]),
      ...(message === "" ? [] : [pair("grpc-message", message)]),
      ...without(reply.headers, ...taken),
    ],
  };
}

/** What a status of HTTP stands for. */
export function grpcStatusOf(code: number): number {
  return grpcStatuses[code] ?? 2;
}

/** The mapping that gRPC has for proxies that know nothing of it. */
const grpcStatuses: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

function pair(name: string, value: string): BytePair {
  return [bytesOf(name), bytesOf(value)];
}

function percentEncoded(text: Uint8Array): string {
  return Array.from(text, (byte) =>
    byte < 0x20 || byte >= 0x7e || byte === 0x25
      ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      : String.fromCharCode(byte),
  ).join("");
}
