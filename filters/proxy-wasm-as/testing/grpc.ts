import { bytesOf, textOf } from "./bytes.ts";
import { checkPairs } from "./check-input.ts";
import type { Timer } from "./event-loop.ts";
import { textPairs } from "./fetches.ts";
import { type BytePair, createHeaderMap, type Header, type HeaderMap } from "./header-map.ts";

/** A gRPC call of the filter's, or a stream, which also sends. */
export interface GrpcCall {
  readonly kind: "call" | "stream";
  readonly cluster: string;
  readonly service: string;
  readonly method: string;
  readonly metadata: readonly (readonly [string, string])[];
  /** The messages that the filter sends, so far; of a call there is one. */
  readonly messages: readonly string[];
  readonly messageBytes: readonly Uint8Array[];
  /** The filter sends no more. */
  readonly isHalfClosed: boolean;
  readonly isOpen: boolean;
  /** Something has been sent to the filter. */
  readonly isAnswered: boolean;
  /** Metadata before the first message; of a call the filter does not hear of it. */
  sendMetadata(metadata: readonly Header[]): void;
  /** A message; the one that ends a call. */
  send(message: string | Uint8Array): void;
  sendTrailers(metadata: readonly Header[]): void;
  /** The end, with a status of gRPC and what `grpc-message` says, to which Envoy adds where it comes from. A call that has its message hears of no status. */
  close(status?: number, message?: string): void;
}

/** Answers the calls to a cluster, or what the filter sends on a stream: said when it opens, and of each message. */
export type GrpcHandler = (call: GrpcCall) => void;

/** What comes in for a call, as the module's callbacks tell of it. */
export type GrpcEvent =
  | { readonly kind: "metadata"; readonly map: HeaderMap }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "trailers"; readonly map: HeaderMap }
  | { readonly kind: "close"; readonly status: number; readonly message: string };

/** The filter's own end of a call. */
export interface GrpcEnd {
  readonly call: GrpcCall;
  send(message: Uint8Array, isLast: boolean): void;
  /** No more from the filter; the other end goes on. */
  halfClose(): void;
  /** The filter wants no more of it. */
  cancel(): void;
}

/** What a call needs besides itself. */
export interface GrpcSetting {
  readonly kind: GrpcCall["kind"];
  readonly cluster: string;
  readonly service: string;
  readonly method: string;
  readonly metadata: readonly BytePair[];
  /** In milliseconds; 0 is none. */
  readonly timeoutMs: number;
  readonly happened: (event: GrpcEvent) => void;
  after(nanoseconds: bigint, run: () => void): Timer;
}

/** Envoy ends a call that takes too long as it would a request, by 504, which is this status of gRPC; a server may say 4 before. */
const late = {
  kind: "close",
  status: 14,
  message: "upstream request timeout{response_timeout}",
} as const;

export function createGrpc(setting: GrpcSetting): GrpcEnd {
  const messages: Uint8Array[] = [];
  const isCall = setting.kind === "call";
  let isHalfClosed = isCall;
  let isOpen = true;
  let isAnswered = false;
  const tell = (event: GrpcEvent): void => {
    if (!isOpen) return;
    isAnswered = true;
    setting.happened(event);
  };
  const end = (event: GrpcEvent): void => {
    tell(event);
    isOpen = false;
    timer?.cancel();
  };
  const call: GrpcCall = {
    kind: setting.kind,
    cluster: setting.cluster,
    service: setting.service,
    method: setting.method,
    metadata: textPairs(setting.metadata),
    get messages() {
      return messages.map(textOf);
    },
    messageBytes: messages,
    get isHalfClosed() {
      return isHalfClosed;
    },
    get isOpen() {
      return isOpen;
    },
    get isAnswered() {
      return isAnswered;
    },
    sendMetadata(metadata) {
      checkPairs("metadata", metadata);
      if (!isCall) tell({ kind: "metadata", map: createHeaderMap(metadata) });
    },
    send(message) {
      const event: GrpcEvent = { kind: "message", bytes: bytesOf(message) };
      if (isCall) end(event);
      else tell(event);
    },
    sendTrailers(metadata) {
      checkPairs("trailers", metadata);
      if (!isCall) tell({ kind: "trailers", map: createHeaderMap(metadata) });
    },
    close: (status = 0, message = "") => end({ kind: "close", status, message: `${message}{via_upstream}` }),
  };
  const timer =
    setting.timeoutMs === 0
      ? undefined
      : setting.after(BigInt(setting.timeoutMs) * 1_000_000n, () => end(late));
  return {
    call,
    send(message, isLast) {
      messages.push(message);
      if (isLast) isHalfClosed = true;
    },
    halfClose() {
      isHalfClosed = true;
    },
    cancel() {
      isOpen = false;
      timer?.cancel();
    },
  };
}
