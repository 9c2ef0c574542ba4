/** Host functions of Proxy-Wasm ABI 0.2.1, module `env`. All of them return a status. */
export const hostRows = {
  proxy_log: {
    doc: "Write a line to the host's log. The only one that may be called while the module starts or allocates.",
    takes: [
      ["level", "LogLevel"],
      ["message", "bytes"],
    ],
    gives: "Status",
  },
  proxy_get_log_level: {
    doc: "The least level that the host logs, so that no line is built for nothing.",
    takes: [["level", "out LogLevel"]],
    gives: "Status",
  },
  proxy_get_current_time_nanoseconds: {
    doc: "The time since 1970.",
    takes: [["time", "out u64"]],
    gives: "Status",
  },
  proxy_set_tick_period_milliseconds: {
    doc: "Have `proxy_on_tick` called each so many milliseconds, of the root context; 0 ends it.",
    takes: [["period", "u32"]],
    gives: "Status",
  },
  proxy_done: {
    doc: "The context is done, which `proxy_on_done` had said it was not. `NotFound` when nobody waits for it.",
    takes: [],
    gives: "Status",
  },
  proxy_set_effective_context: {
    doc: "Act for another context until the callback ends. `BadArgument` when there is none of this id (any more).",
    takes: [["context", "u32"]],
    gives: "Status",
  },
  proxy_get_buffer_bytes: {
    doc: "Read up to `maxSize` bytes from `start` on. `NotFound` when there is no such buffer now, `BadArgument` when `start + maxSize` overflows.",
    takes: [
      ["buffer", "BufferType"],
      ["start", "size"],
      ["maxSize", "size"],
      ["value", "out bytes"],
    ],
    gives: "Status",
  },
  proxy_set_buffer_bytes: {
    doc: "Put bytes in the place of the first `size` (`start` 0), or behind all others (`start` at the end or beyond). Any other `start` is `BadArgument` in Envoy.",
    takes: [
      ["buffer", "BufferType"],
      ["start", "size"],
      ["size", "size"],
      ["value", "bytes"],
    ],
    gives: "Status",
  },
  proxy_get_buffer_status: {
    doc: "How many bytes a buffer has. `NotFound` when there is no such buffer now.",
    takes: [
      ["buffer", "BufferType"],
      ["size", "out size"],
      ["unused", "out u32"],
    ],
    gives: "Status",
  },
  proxy_get_header_map_size: {
    doc: "How many bytes a map would have when serialized. `BadArgument` when it is not at hand.",
    takes: [
      ["map", "MapType"],
      ["size", "out size"],
    ],
    gives: "Status",
  },
  proxy_get_header_map_pairs: {
    doc: "All pairs of a map, serialized; none when it is not at hand.",
    takes: [
      ["map", "MapType"],
      ["pairs", "out pairs"],
    ],
    gives: "Status",
  },
  proxy_set_header_map_pairs: {
    doc: "Replace all pairs of a map. More than 1,024 pairs, more than 1 MiB or malformed ones count as none in Envoy.",
    takes: [
      ["map", "MapType"],
      ["pairs", "pairs"],
    ],
    gives: "Status",
  },
  proxy_get_header_map_value: {
    doc: "The first value of a key, which the host lowers the case of. `NotFound` when it is missing, `BadArgument` when the map is not at hand.",
    takes: [
      ["map", "MapType"],
      ["key", "bytes"],
      ["value", "out bytes"],
    ],
    gives: "Status",
  },
  proxy_add_header_map_value: {
    doc: "Add a value behind those of a key. `BadArgument` when the map is not at hand.",
    takes: [
      ["map", "MapType"],
      ["key", "bytes"],
      ["value", "bytes"],
    ],
    gives: "Status",
  },
  proxy_replace_header_map_value: {
    doc: "Replace all values of a key by one. `BadArgument` when the map is not at hand.",
    takes: [
      ["map", "MapType"],
      ["key", "bytes"],
      ["value", "bytes"],
    ],
    gives: "Status",
  },
  proxy_remove_header_map_value: {
    doc: "Remove all values of a key. `Ok` also when there was none, `BadArgument` when the map is not at hand.",
    takes: [
      ["map", "MapType"],
      ["key", "bytes"],
    ],
    gives: "Status",
  },
  proxy_continue_stream: {
    doc: "Let go on what was paused; done once the callback has ended.",
    takes: [["stream", "StreamType"]],
    gives: "Status",
  },
  proxy_close_stream: {
    doc: "Reset the stream, or close the connection.",
    takes: [["stream", "StreamType"]],
    gives: "Status",
  },
  proxy_get_status: {
    doc: "Code and message of the call at hand, in `proxy_on_http_call_response` and `proxy_on_grpc_close`.",
    takes: [
      ["code", "out u32"],
      ["message", "out bytes"],
    ],
    gives: "Status",
  },
  proxy_send_local_response: {
    doc: "Answer in the stead of the service; done once the callback has ended, and once a stream. `grpcStatus` -1 is none.",
    takes: [
      ["statusCode", "u32"],
      ["details", "bytes"],
      ["body", "bytes"],
      ["headers", "pairs"],
      ["grpcStatus", "i32"],
    ],
    gives: "Status",
  },
  proxy_http_call: {
    doc: "Send a request to a cluster; `proxy_on_http_call_response` of the root context gets the answer. `timeout` in milliseconds. `BadArgument` for an unknown cluster and where `:method`, `:path` or `:authority` is missing.",
    takes: [
      ["upstream", "bytes"],
      ["headers", "pairs"],
      ["body", "bytes"],
      ["trailers", "pairs"],
      ["timeout", "u32"],
      ["callId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_grpc_call: {
    doc: "Call a method with one message; `timeout` in milliseconds. `upstream` is a cluster's name or a serialized `GrpcService`; an unknown one is `ParseFailure`.",
    takes: [
      ["upstream", "bytes"],
      ["service", "bytes"],
      ["method", "bytes"],
      ["initialMetadata", "pairs"],
      ["message", "bytes"],
      ["timeout", "u32"],
      ["callId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_grpc_stream: {
    doc: "Open a stream of messages to a method. `upstream` as in `proxy_grpc_call`.",
    takes: [
      ["upstream", "bytes"],
      ["service", "bytes"],
      ["method", "bytes"],
      ["initialMetadata", "pairs"],
      ["callId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_grpc_send: {
    doc: "Send a message on a stream. `BadArgument` for what is no stream, `NotFound` for one that has gone.",
    takes: [
      ["callId", "u32"],
      ["message", "bytes"],
      ["last", "bool"],
    ],
    gives: "Status",
  },
  proxy_grpc_cancel: {
    doc: "Reset a call or stream; nothing more is heard of it. `NotFound` for one that has gone.",
    takes: [["callId", "u32"]],
    gives: "Status",
  },
  proxy_grpc_close: {
    doc: "Close a stream, after which the other end may still send, or cancel a call. `NotFound` for one that has gone.",
    takes: [["callId", "u32"]],
    gives: "Status",
  },
  proxy_set_shared_data: {
    doc: "Set what all VMs of one `vm_id` share under a key. `CasMismatch` when `cas` is not 0 and not the value's.",
    takes: [
      ["key", "bytes"],
      ["value", "bytes"],
      ["cas", "u32"],
    ],
    gives: "Status",
  },
  proxy_get_shared_data: {
    doc: "What stands under a key, and the number to give to `proxy_set_shared_data`. `NotFound` when nothing does.",
    takes: [
      ["key", "bytes"],
      ["value", "out bytes"],
      ["cas", "out u32"],
    ],
    gives: "Status",
  },
  proxy_register_shared_queue: {
    doc: "Make a queue of this VM's, or find it. Of each item the last context that registered it hears, in `proxy_on_queue_ready`.",
    takes: [
      ["name", "bytes"],
      ["queueId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_resolve_shared_queue: {
    doc: "Find a queue of the VM with this `vm_id`. `NotFound` when nobody has registered it.",
    takes: [
      ["vmId", "bytes"],
      ["name", "bytes"],
      ["queueId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_enqueue_shared_queue: {
    doc: "Put an item at the end of a queue. `NotFound` for an unknown one.",
    takes: [
      ["queueId", "u32"],
      ["value", "bytes"],
    ],
    gives: "Status",
  },
  proxy_dequeue_shared_queue: {
    doc: "Take the first item of a queue. `Empty` when it has none, `NotFound` for an unknown one.",
    takes: [
      ["queueId", "u32"],
      ["value", "out bytes"],
    ],
    gives: "Status",
  },
  proxy_define_metric: {
    doc: "Make a metric, or find it. Its name gets the prefix `wasmcustom.` in Envoy; ids are those of one VM.",
    takes: [
      ["type", "MetricType"],
      ["name", "bytes"],
      ["metricId", "out u32"],
    ],
    gives: "Status",
  },
  proxy_record_metric: {
    doc: "Set a gauge, or record a value in a histogram. `NotFound` for an unknown metric.",
    takes: [
      ["metricId", "u32"],
      ["value", "u64"],
    ],
    gives: "Status",
  },
  proxy_increment_metric: {
    doc: "Change a counter or a gauge. `BadArgument` for a counter that would not grow, and for a histogram.",
    takes: [
      ["metricId", "u32"],
      ["delta", "i64"],
    ],
    gives: "Status",
  },
  proxy_get_metric: {
    doc: "The value of a counter or a gauge. `NotFound` for an unknown one, `BadArgument` for a histogram.",
    takes: [
      ["metricId", "u32"],
      ["value", "out u64"],
    ],
    gives: "Status",
  },
  proxy_get_property: {
    doc: "What the host knows under a path, whose parts have zero bytes between them. `NotFound` when it knows nothing now.",
    takes: [
      ["path", "bytes"],
      ["value", "out bytes"],
    ],
    gives: "Status",
  },
  proxy_set_property: {
    doc: "Write the stream's filter state, under `wasm.` and the path in Envoy.",
    takes: [
      ["path", "bytes"],
      ["value", "bytes"],
    ],
    gives: "Status",
  },
  proxy_call_foreign_function: {
    doc: "Call a function of the host's own. `NotFound` for an unknown one.",
    takes: [
      ["name", "bytes"],
      ["arguments", "bytes"],
      ["results", "out bytes"],
    ],
    gives: "Status",
  },
} as const;

/** WASI functions that Envoy offers, module `wasi_snapshot_preview1`. */
export const wasiRows = {
  fd_write: {
    doc: "Log what the buffers hold: 1 at `Info`, 2 at `Error`.",
    takes: [
      ["descriptor", "FileDescriptor"],
      ["buffers", "pointer"],
      ["count", "size"],
      ["written", "out size"],
    ],
    gives: "Errno",
  },
  clock_time_get: {
    doc: "The time in nanoseconds.",
    takes: [
      ["clock", "ClockId"],
      ["precision", "u64"],
      ["time", "out u64"],
    ],
    gives: "Errno",
  },
  random_get: { doc: "Fill memory with random bytes.", takes: [["buffer", "bytes"]], gives: "Errno" },
  environ_sizes_get: {
    doc: "How many environment variables there are, and how many bytes they need.",
    takes: [
      ["count", "out size"],
      ["bytes", "out size"],
    ],
    gives: "Errno",
  },
  environ_get: {
    doc: "The environment variables of the plugin.",
    takes: [
      ["pointers", "pointer"],
      ["texts", "pointer"],
    ],
    gives: "Errno",
  },
  args_sizes_get: {
    doc: "No arguments: two zeros.",
    takes: [
      ["count", "out size"],
      ["bytes", "out size"],
    ],
    gives: "Errno",
  },
  args_get: {
    doc: "Never called where there are none.",
    takes: [
      ["pointers", "pointer"],
      ["texts", "pointer"],
    ],
    gives: "Errno",
  },
  proc_exit: { doc: "Ends the VM with a failure.", takes: [["code", "u32"]], gives: "none" },
} as const;
