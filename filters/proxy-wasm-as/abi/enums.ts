/** Status codes of host functions. */
export const status = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  serialization: 3,
  parse: 4,
  invalidMemory: 6,
  empty: 7,
  casMismatch: 8,
  internal: 10,
  unimplemented: 12,
} as const;

/** An enumeration: what it is about, and a number and a sentence for each of its members. */
interface Enum {
  readonly doc: string;
  readonly members: Readonly<Record<string, readonly [value: number, doc: string]>>;
}

/** All enumerations of the ABI. The filters' `enums.ts` and the reference page are made from this. */
export const enums: {
  readonly Status: Enum;
  readonly LogLevel: Enum;
  readonly BufferType: Enum;
  readonly MapType: Enum;
  readonly StreamType: Enum;
  readonly MetricType: Enum;
  readonly Peer: Enum;
  readonly Flow: Enum;
  readonly Errno: Enum;
  readonly ClockId: Enum;
  readonly FileDescriptor: Enum;
} = {
  Status: {
    doc: "What a host function says about how it went.",
    members: {
      Ok: [status.ok, "It is done."],
      NotFound: [status.notFound, "There is none: no such header, key, property, queue, function or call."],
      BadArgument: [
        status.badArgument,
        "What was given cannot be, or not now: the wrong phase, an unknown cluster, a stream that has gone.",
      ],
      SerializationFailure: [status.serialization, "A value of the host's could not be written as bytes."],
      ParseFailure: [
        status.parse,
        "What was given could not be read; also an unknown cluster of a gRPC call.",
      ],
      InvalidMemoryAccess: [
        status.invalidMemory,
        "A pointer leads out of memory, or the module's allocator failed.",
      ],
      Empty: [status.empty, "The queue has no item."],
      CasMismatch: [status.casMismatch, "Somebody else has changed the value since it was read."],
      InternalFailure: [status.internal, "The host failed."],
      Unimplemented: [status.unimplemented, "The host does not have this."],
    },
  },
  LogLevel: {
    doc: "How much a log line matters.",
    members: {
      Trace: [0, "For tracing each step."],
      Debug: [1, "For looking for a mistake."],
      Info: [2, "Worth knowing."],
      Warn: [3, "Not as it should be; Envoy's default shows it and what is above `Info`."],
      Error: [4, "Something failed."],
      Critical: [5, "The filter cannot go on."],
    },
  },
  BufferType: {
    doc: "The buffers, and when each can be read.",
    members: {
      HttpRequestBody: [0, "In `proxy_on_request_body`, or while the request is paused from it."],
      HttpResponseBody: [1, "In `proxy_on_response_body`, or while the response is paused from it."],
      DownstreamData: [2, "In `proxy_on_downstream_data`, or while the connection is paused from it."],
      UpstreamData: [3, "In `proxy_on_upstream_data`, or while the connection is paused from it."],
      HttpCallResponseBody: [4, "In `proxy_on_http_call_response`."],
      GrpcCallMessage: [5, "In `proxy_on_grpc_receive`."],
      VmConfiguration: [6, "In `proxy_on_vm_start`."],
      PluginConfiguration: [7, "In `proxy_on_configure`."],
      ForeignFunctionArguments: [8, "In `proxy_on_foreign_function`."],
    },
  },
  MapType: {
    doc: "The maps of headers, trailers and metadata, and when each can be read.",
    members: {
      HttpRequestHeaders: [
        0,
        "From `proxy_on_request_headers` until they are let go, and in `proxy_on_log`.",
      ],
      HttpRequestTrailers: [1, "In `proxy_on_request_trailers` and `proxy_on_log`."],
      HttpResponseHeaders: [
        2,
        "From `proxy_on_response_headers` until they are let go, and in `proxy_on_log`.",
      ],
      HttpResponseTrailers: [3, "In `proxy_on_response_trailers` and `proxy_on_log`."],
      GrpcCallInitialMetadata: [4, "In `proxy_on_grpc_receive_initial_metadata`."],
      GrpcCallTrailingMetadata: [5, "In `proxy_on_grpc_receive_trailing_metadata`."],
      HttpCallResponseHeaders: [6, "In `proxy_on_http_call_response`."],
      HttpCallResponseTrailers: [7, "In `proxy_on_http_call_response`."],
    },
  },
  StreamType: {
    doc: "What is paused, resumed or closed.",
    members: {
      HttpRequest: [0, "The request."],
      HttpResponse: [1, "The response."],
      Downstream: [2, "The connection from the client."],
      Upstream: [3, "The connection to the server."],
    },
  },
  MetricType: {
    doc: "The kinds of metrics.",
    members: {
      Counter: [0, "Goes up, by at least 1."],
      Gauge: [1, "Goes up and down, or is set."],
      Histogram: [2, "Records values."],
    },
  },
  Peer: {
    doc: "Who closed a connection.",
    members: {
      Unknown: [0, "The host does not say."],
      Local: [1, "This proxy."],
      Remote: [2, "The other end."],
    },
  },
  Flow: {
    doc: "Whether a stream goes on after a callback; the ABI calls it action.",
    members: {
      Continue: [0, "It goes on."],
      Pause: [
        1,
        "It waits until it is resumed, answered or reset, or a later callback of the same message lets it go on; what arrives meanwhile is buffered. Headers that a filter pauses while it has a callback for the body, too, wait with the body that it pauses only where Envoy is configured with `allow_on_headers_stop_iteration: true`; else no body comes.",
      ],
    },
  },
  Errno: {
    doc: "What a WASI function says about how it went.",
    members: {
      Success: [0, "It is done."],
      BadFileDescriptor: [8, "No file descriptor that the host has."],
      Fault: [21, "A pointer leads out of memory."],
      Invalid: [28, "Too much was asked for."],
      NotSupported: [58, "No clock that the host has."],
    },
  },
  ClockId: {
    doc: "The clocks of WASI.",
    members: {
      Realtime: [0, "The time since 1970."],
      Monotonic: [1, "The time since some moment, which never goes back."],
    },
  },
  FileDescriptor: {
    doc: "Where WASI's `fd_write` can write to.",
    members: {
      Stdout: [1, "Logged at `Info`."],
      Stderr: [2, "Logged at `Error`."],
    },
  },
};
