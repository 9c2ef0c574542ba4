/** Headers of requests that Envoy acts on by itself, whether an action writes them or not. Its router takes away what it has read. */
export const envoyHeaders: readonly string[] = [
  "x-envoy-fault-abort-grpc-request",
  "x-envoy-fault-abort-request-percentage",
  "x-envoy-fault-delay-request-percentage",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-max-retries",
  "x-envoy-retriable-header-names",
  "x-envoy-retriable-status-codes",
  "x-envoy-retry-grpc-on",
  "x-envoy-retry-on",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-stream-duration-ms",
];
