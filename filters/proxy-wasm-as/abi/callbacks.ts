/** What a module may export for the host to call. A callback that is not exported costs nothing: the host does not enter the VM for it. */
export const callbackRows = {
  proxy_abi_version_0_2_1: {
    doc: "The marker of the ABI; never called, and mandatory.",
    takes: [],
    gives: "none",
  },
  _initialize: {
    doc: "Called when the module is loaded. May call no host function but `proxy_log`.",
    takes: [],
    gives: "none",
  },
  _start: { doc: "The same for a module without `_initialize`.", takes: [], gives: "none" },
  main: {
    doc: "Called after `_initialize`.",
    takes: [
      ["count", "u32"],
      ["texts", "pointer"],
    ],
    gives: "u32",
  },
  proxy_on_memory_allocate: {
    doc: "Give memory for what the host hands over; 0 is a failure. May call no host function but `proxy_log`. This one or `malloc` is mandatory.",
    takes: [["size", "size"]],
    gives: "pointer",
  },
  malloc: { doc: "The same; Envoy looks for it first.", takes: [["size", "size"]], gives: "pointer" },
  proxy_on_context_create: {
    doc: "A context begins: of a plugin configuration when the parent is 0, else of a stream.",
    takes: [
      ["context", "u32"],
      ["parent", "u32"],
    ],
    gives: "none",
  },
  proxy_on_done: {
    doc: "The host is done with a context; false says that `proxy_done` follows.",
    takes: [["context", "u32"]],
    gives: "bool",
  },
  proxy_on_log: {
    doc: "A stream has ended; headers and trailers of both directions can be read.",
    takes: [["context", "u32"]],
    gives: "none",
  },
  proxy_on_delete: {
    doc: "A context has gone, with all that is kept for it.",
    takes: [["context", "u32"]],
    gives: "none",
  },
  proxy_on_vm_start: {
    doc: "The VM starts, which Envoy says of each configuration that begins in it; false refuses.",
    takes: [
      ["root", "u32"],
      ["configurationSize", "size"],
    ],
    gives: "bool",
  },
  proxy_validate_configuration: {
    doc: "Asked before `proxy_on_configure`; false refuses.",
    takes: [
      ["root", "u32"],
      ["configurationSize", "size"],
    ],
    gives: "bool",
    envoy: true,
  },
  proxy_on_configure: {
    doc: "The plugin's configuration is there, also another one later; false refuses it.",
    takes: [
      ["root", "u32"],
      ["configurationSize", "size"],
    ],
    gives: "bool",
  },
  proxy_on_tick: { doc: "The timer's period is over.", takes: [["root", "u32"]], gives: "none" },
  proxy_on_queue_ready: {
    doc: "A queue has got an item.",
    takes: [
      ["root", "u32"],
      ["queueId", "u32"],
    ],
    gives: "none",
  },
  proxy_on_foreign_function: {
    doc: "A foreign function calls back.",
    takes: [
      ["root", "u32"],
      ["functionId", "u32"],
      ["argumentsSize", "size"],
    ],
    gives: "none",
  },
  proxy_on_new_connection: {
    doc: "A connection was accepted.",
    takes: [["context", "u32"]],
    gives: "Flow",
  },
  proxy_on_downstream_data: {
    doc: "The client has sent; the size is that of all that is buffered.",
    takes: [
      ["context", "u32"],
      ["size", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_downstream_connection_close: {
    doc: "The client's connection has ended.",
    takes: [
      ["context", "u32"],
      ["peer", "Peer"],
    ],
    gives: "none",
  },
  proxy_on_upstream_data: {
    doc: "The server has sent; the size is that of all that is buffered.",
    takes: [
      ["context", "u32"],
      ["size", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_upstream_connection_close: {
    doc: "The server's connection has ended.",
    takes: [
      ["context", "u32"],
      ["peer", "Peer"],
    ],
    gives: "none",
  },
  proxy_on_request_headers: {
    doc: "The headers of a request are there; `last` when it has no body.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_request_body: {
    doc: "A part of the request's body is there; the size is that of all that is buffered.",
    takes: [
      ["context", "u32"],
      ["size", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_request_trailers: {
    doc: "The request ends with trailers.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
    ],
    gives: "Flow",
  },
  proxy_on_request_metadata: {
    doc: "HTTP/2 metadata of the request.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
    ],
    gives: "u32",
    envoy: true,
  },
  proxy_on_response_headers: {
    doc: "The headers of a response are there; `last` when it has no body.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_response_body: {
    doc: "A part of the response's body is there; the size is that of all that is buffered.",
    takes: [
      ["context", "u32"],
      ["size", "size"],
      ["last", "bool"],
    ],
    gives: "Flow",
  },
  proxy_on_response_trailers: {
    doc: "The response ends with trailers.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
    ],
    gives: "Flow",
  },
  proxy_on_response_metadata: {
    doc: "HTTP/2 metadata of the response.",
    takes: [
      ["context", "u32"],
      ["count", "size"],
    ],
    gives: "u32",
    envoy: true,
  },
  proxy_on_http_call_response: {
    doc: "The answer to `proxy_http_call`; no headers say that it failed.",
    takes: [
      ["root", "u32"],
      ["callId", "u32"],
      ["headers", "size"],
      ["bodySize", "size"],
      ["trailers", "size"],
    ],
    gives: "none",
  },
  proxy_on_grpc_receive_initial_metadata: {
    doc: "A gRPC call or stream was answered.",
    takes: [
      ["root", "u32"],
      ["callId", "u32"],
      ["count", "size"],
    ],
    gives: "none",
  },
  proxy_on_grpc_receive: {
    doc: "A message has come.",
    takes: [
      ["root", "u32"],
      ["callId", "u32"],
      ["messageSize", "size"],
    ],
    gives: "none",
  },
  proxy_on_grpc_receive_trailing_metadata: {
    doc: "No more messages will come.",
    takes: [
      ["root", "u32"],
      ["callId", "u32"],
      ["count", "size"],
    ],
    gives: "none",
  },
  proxy_on_grpc_close: {
    doc: "A gRPC call or stream has ended with this status; 0 is good.",
    takes: [
      ["root", "u32"],
      ["callId", "u32"],
      ["statusCode", "u32"],
    ],
    gives: "none",
  },
  envoy_on_resolve_dns: {
    doc: "The answer to the foreign function that resolves a name.",
    takes: [
      ["root", "u32"],
      ["token", "u32"],
      ["dataSize", "size"],
    ],
    gives: "none",
    envoy: true,
  },
  envoy_on_stats_update: {
    doc: "Metrics have changed; only in a plugin that is a stats sink.",
    takes: [
      ["root", "u32"],
      ["dataSize", "size"],
    ],
    gives: "none",
    envoy: true,
  },
} as const;
