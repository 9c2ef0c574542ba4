/** Whose headers they are. */
export type HeaderKind = "request" | "response" | "other";

/** The headers that Envoy 1.40 holds in a place of their own, as measured: a value that is added is joined to the first one by a comma. */
export const heldOnce: Readonly<Record<HeaderKind, ReadonlySet<string>>> = {
  request: new Set(
    `accept accept-encoding authorization cache-control connection content-encoding
      content-length content-type expect grpc-accept-encoding grpc-timeout if-match
      if-none-match if-modified-since if-range if-unmodified-since keep-alive origin
      access-control-request-method access-control-request-headers access-control-request-private-network pragma proxy-connection proxy-status
      referer te transfer-encoding upgrade user-agent via
      x-request-id x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-client-cert
      x-client-trace-id x-envoy-attempt-count x-envoy-decorator-operation x-envoy-downstream-service-cluster x-envoy-downstream-service-node x-envoy-expected-rq-timeout-ms
      x-envoy-external-address x-envoy-force-trace x-envoy-hedge-on-per-try-timeout x-envoy-internal x-envoy-ip-tags x-envoy-is-timeout-retry
      x-envoy-max-retries x-envoy-original-path x-envoy-original-url x-envoy-original-host x-envoy-retriable-header-names x-envoy-retriable-status-codes
      x-envoy-retry-on x-envoy-retry-grpc-on x-envoy-upstream-alt-stat-name x-envoy-upstream-rq-timeout-alt-response x-envoy-upstream-rq-timeout-ms x-envoy-upstream-rq-per-try-timeout-ms
      x-envoy-upstream-stream-duration-ms :method :path :authority :scheme :protocol`.split(/\s+/),
  ),
  response: new Set(
    `cache-control connection content-encoding content-length content-type date
      etag expires grpc-status grpc-message keep-alive last-modified
      location access-control-allow-origin access-control-allow-headers access-control-allow-methods access-control-allow-credentials access-control-expose-headers
      access-control-max-age proxy-connection proxy-status server transfer-encoding upgrade
      vary via x-request-id x-envoy-attempt-count x-envoy-decorator-operation x-envoy-degraded
      x-envoy-immediate-health-check-fail x-envoy-ratelimited x-envoy-upstream-canary x-envoy-upstream-healthchecked-cluster x-envoy-upstream-service-time :status`.split(
      /\s+/,
    ),
  ),
  other: new Set(),
};
