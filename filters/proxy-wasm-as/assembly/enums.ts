// Written by `npm run gen:abi` from abi/enums.ts.

/** What a host function says about how it went. */
export enum Status {
  /** It is done. */
  Ok = 0,
  /** There is none: no such header, key, property, queue, function or call. */
  NotFound = 1,
  /** What was given cannot be, or not now: the wrong phase, an unknown cluster, a stream that has gone. */
  BadArgument = 2,
  /** A value of the host's could not be written as bytes. */
  SerializationFailure = 3,
  /** What was given could not be read; also an unknown cluster of a gRPC call. */
  ParseFailure = 4,
  /** A pointer leads out of memory, or the module's allocator failed. */
  InvalidMemoryAccess = 6,
  /** The queue has no item. */
  Empty = 7,
  /** Somebody else has changed the value since it was read. */
  CasMismatch = 8,
  /** The host failed. */
  InternalFailure = 10,
  /** The host does not have this. */
  Unimplemented = 12,
}

/** How much a log line matters. */
export enum LogLevel {
  /** For tracing each step. */
  Trace = 0,
  /** For looking for a mistake. */
  Debug = 1,
  /** Worth knowing. */
  Info = 2,
  /** Not as it should be; Envoy's default shows it and what is above `Info`. */
  Warn = 3,
  /** Something failed. */
  Error = 4,
  /** The filter cannot go on. */
  Critical = 5,
}

/** The buffers, and when each can be read. */
export enum BufferType {
  /** In `proxy_on_request_body`, or while the request is paused from it. */
  HttpRequestBody = 0,
  /** In `proxy_on_response_body`, or while the response is paused from it. */
  HttpResponseBody = 1,
  /** In `proxy_on_downstream_data`, or while the connection is paused from it. */
  DownstreamData = 2,
  /** In `proxy_on_upstream_data`, or while the connection is paused from it. */
  UpstreamData = 3,
  /** In `proxy_on_http_call_response`. */
  HttpCallResponseBody = 4,
  /** In `proxy_on_grpc_receive`. */
  GrpcCallMessage = 5,
  /** In `proxy_on_vm_start`. */
  VmConfiguration = 6,
  /** In `proxy_on_configure`. */
  PluginConfiguration = 7,
  /** In `proxy_on_foreign_function`. */
  ForeignFunctionArguments = 8,
}

/** The maps of headers, trailers and metadata, and when each can be read. */
export enum MapType {
  /** From `proxy_on_request_headers` until they are let go, and in `proxy_on_log`. */
  HttpRequestHeaders = 0,
  /** In `proxy_on_request_trailers` and `proxy_on_log`. */
  HttpRequestTrailers = 1,
  /** From `proxy_on_response_headers` until they are let go, and in `proxy_on_log`. */
  HttpResponseHeaders = 2,
  /** In `proxy_on_response_trailers` and `proxy_on_log`. */
  HttpResponseTrailers = 3,
  /** In `proxy_on_grpc_receive_initial_metadata`. */
  GrpcCallInitialMetadata = 4,
  /** In `proxy_on_grpc_receive_trailing_metadata`. */
  GrpcCallTrailingMetadata = 5,
  /** In `proxy_on_http_call_response`. */
  HttpCallResponseHeaders = 6,
  /** In `proxy_on_http_call_response`. */
  HttpCallResponseTrailers = 7,
}

/** What is paused, resumed or closed. */
export enum StreamType {
  /** The request. */
  HttpRequest = 0,
  /** The response. */
  HttpResponse = 1,
  /** The connection from the client. */
  Downstream = 2,
  /** The connection to the server. */
  Upstream = 3,
}

/** The kinds of metrics. */
export enum MetricType {
  /** Goes up, by at least 1. */
  Counter = 0,
  /** Goes up and down, or is set. */
  Gauge = 1,
  /** Records values. */
  Histogram = 2,
}

/** Who closed a connection. */
export enum Peer {
  /** The host does not say. */
  Unknown = 0,
  /** This proxy. */
  Local = 1,
  /** The other end. */
  Remote = 2,
}

/** Whether a stream goes on after a callback; the ABI calls it action. */
export enum Flow {
  /** It goes on. */
  Continue = 0,
  /** It waits until it is resumed, answered or reset, or a later callback of the same message lets it go on; what arrives meanwhile is buffered. Headers that a filter pauses while it has a callback for the body, too, wait with the body that it pauses only where Envoy is configured with `allow_on_headers_stop_iteration: true`; else no body comes. */
  Pause = 1,
}
