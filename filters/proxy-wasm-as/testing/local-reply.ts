import { bytesOf, type Header } from "./header-map.ts";

/** An answer by the filter itself. */
export interface LocalReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly details: string;
  /** For requests of gRPC; by default what the status of HTTP stands for. */
  readonly grpcStatus?: number;
}

/** An answer of a proxy's own as the client gets it. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body?: string;
}

/**
 * What Envoy makes of an answer of its own. A request that came with a content type of gRPC gets trailers alone, with the text as their
 * message.
 */
export function localResponse(
  requestType: string,
  { status, headers, body, grpcStatus }: LocalReply,
): LocalResponse {
  if (/^application\/grpc(?:$|\+)/.test(requestType)) {
    const own = headers.filter(([name]) => !["content-type", "content-length"].includes(name));
    return {
      status: 200,
      headers: [
        ...own,
        ["content-type", "application/grpc"],
        ...(own.some(([name]) => name === "grpc-status")
          ? []
          : [["grpc-status", String(grpcStatus ?? grpcStatusOf(status))] as const]),
        ...(body === "" ? [] : [["grpc-message", percentEncoded(body)] as const]),
      ],
    };
  }
  const length: Header = ["content-length", String(bytesOf(body).length)];
  const plain: readonly Header[] = body === "" ? [] : [["content-type", "text/plain"]];
  return { status, headers: [...headers, length, ...plain], ...(body === "" ? {} : { body }) };
}

/** By the mapping that gRPC has for proxies that know nothing of it. */
function grpcStatusOf(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

function percentEncoded(text: string): string {
  return Array.from(bytesOf(text), (byte) =>
    byte < 0x20 || byte >= 0x7e || byte === 0x25
      ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      : String.fromCharCode(byte),
  ).join("");
}
