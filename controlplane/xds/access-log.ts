import { create, type JsonObject } from "@bufbuild/protobuf";
import { type AccessLog, AccessLogSchema } from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { StdoutAccessLogSchema } from "./generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { anyOf } from "./resource.ts";

/** A line of JSON for each request on Envoy's standard output. What is absent is left out of its line. */
export function accessLog(
  service: string,
  direction: "inbound" | "outbound",
  tags: readonly string[],
): AccessLog {
  return standardOutput({
    ...request(service, direction),
    ...(tags.length === 0
      ? {}
      : { tags: Object.fromEntries(tags.map((tag) => [tag, `%FILTER_STATE(wasm.wire.tag.${tag}:PLAIN)%`])) }),
  });
}

/** What every line says of its request. */
export function request(service: string, direction: "inbound" | "outbound"): JsonObject {
  return {
    time: "%START_TIME%",
    service,
    direction,
    method: "%REQ(:METHOD)%",
    path: "%REQ(:PATH)%",
    host: "%REQ(:AUTHORITY)%",
    protocol: "%PROTOCOL%",
    status: "%RESPONSE_CODE%",
    details: "%RESPONSE_CODE_DETAILS%",
    flags: "%RESPONSE_FLAGS%",
    milliseconds: "%DURATION%",
    bytesReceived: "%BYTES_RECEIVED%",
    bytesSent: "%BYTES_SENT%",
    requestId: "%REQ(X-REQUEST-ID)%",
    from: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    to: "%UPSTREAM_HOST%",
  };
}

/** Lines of JSON on Envoy's standard output. */
export function standardOutput(line: JsonObject): AccessLog {
  const config = create(StdoutAccessLogSchema, {
    accessLogFormat: {
      case: "logFormat",
      value: { format: { case: "jsonFormat", value: line }, omitEmptyValues: true },
    },
  });
  return create(AccessLogSchema, {
    name: "envoy.access_loggers.stdout",
    configType: { case: "typedConfig", value: anyOf(StdoutAccessLogSchema, config) },
  });
}
