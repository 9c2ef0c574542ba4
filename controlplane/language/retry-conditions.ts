import type { Span } from "./source.ts";

/** What Envoy's router reads in `x-envoy-retry-on`. */
const http: readonly string[] = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "http3-post-connect-failure",
];
/** What it reads in `x-envoy-retry-grpc-on`: statuses of gRPC. */
const grpc: readonly string[] = [
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];
/** When Envoy's router can be told to try again. */
export const allConditions: readonly string[] = [...http, ...grpc];

/** One name of a list. `kind` says which header it stands in, and is absent where Envoy does not know it; `part` is within the list. */
export interface RetryCondition {
  readonly name: string;
  readonly kind?: "http" | "grpc";
  readonly part: Span;
}

/** Read a list such as `5xx, unavailable`. */
export function readConditions(list: string): readonly RetryCondition[] {
  let at = 0;
  return list.split(",").map((item): RetryCondition => {
    const name = item.trim();
    const start = at + item.length - item.trimStart().length;
    at += item.length + 1;
    const kind = http.includes(name) ? "http" : grpc.includes(name) ? "grpc" : undefined;
    return { name, part: { start, end: start + name.length }, ...(kind === undefined ? {} : { kind }) };
  });
}
