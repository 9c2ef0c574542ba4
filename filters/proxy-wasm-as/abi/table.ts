/** A WebAssembly value type, as the ABI uses them. */
export type ValueType = "i32" | "i64" | "f32" | "f64";

/** What a function takes and gives back. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const signature = (parameters: number | readonly ValueType[], results: 0 | 1 = 1): Signature => ({
  parameters: typeof parameters === "number" ? new Array<ValueType>(parameters).fill("i32") : parameters,
  results: results === 1 ? ["i32"] : [],
});

/** Host functions of Proxy-Wasm ABI 0.2.1, module `env`. All of them return a status. */
export const hostFunctions: Readonly<Record<string, Signature>> = {
  proxy_log: signature(3),
  proxy_get_log_level: signature(1),
  proxy_get_current_time_nanoseconds: signature(1),
  proxy_set_tick_period_milliseconds: signature(1),
  proxy_done: signature(0),
  proxy_set_effective_context: signature(1),
  proxy_get_buffer_bytes: signature(5),
  proxy_set_buffer_bytes: signature(5),
  proxy_get_buffer_status: signature(3),
  proxy_get_header_map_size: signature(2),
  proxy_get_header_map_pairs: signature(3),
  proxy_set_header_map_pairs: signature(3),
  proxy_get_header_map_value: signature(5),
  proxy_add_header_map_value: signature(5),
  proxy_replace_header_map_value: signature(5),
  proxy_remove_header_map_value: signature(3),
  proxy_continue_stream: signature(1),
  proxy_close_stream: signature(1),
  proxy_get_status: signature(3),
  proxy_send_local_response: signature(8),
  proxy_http_call: signature(10),
  proxy_grpc_call: signature(12),
  proxy_grpc_stream: signature(9),
  proxy_grpc_send: signature(4),
  proxy_grpc_cancel: signature(1),
  proxy_grpc_close: signature(1),
  proxy_set_shared_data: signature(5),
  proxy_get_shared_data: signature(5),
  proxy_register_shared_queue: signature(3),
  proxy_resolve_shared_queue: signature(5),
  proxy_enqueue_shared_queue: signature(3),
  proxy_dequeue_shared_queue: signature(3),
  proxy_define_metric: signature(4),
  proxy_record_metric: signature(["i32", "i64"]),
  proxy_increment_metric: signature(["i32", "i64"]),
  proxy_get_metric: signature(2),
  proxy_get_property: signature(4),
  proxy_set_property: signature(4),
  proxy_call_foreign_function: signature(6),
};

/** WASI functions that Envoy offers, module `wasi_snapshot_preview1`. */
export const wasiFunctions: Readonly<Record<string, Signature>> = {
  fd_write: signature(4),
  clock_time_get: signature(["i32", "i64", "i32"]),
  random_get: signature(2),
  environ_sizes_get: signature(2),
  environ_get: signature(2),
  args_sizes_get: signature(2),
  args_get: signature(2),
  proc_exit: signature(1, 0),
};

/** What a module may export for the host to call. The ABI marker is the only one that it must. */
export const callbacks: Readonly<Record<string, Signature>> = {
  proxy_abi_version_0_2_1: signature(0, 0),
  _initialize: signature(0, 0),
  _start: signature(0, 0),
  malloc: signature(1),
  proxy_on_memory_allocate: signature(1),
  proxy_on_context_create: signature(2, 0),
  proxy_on_done: signature(1),
  proxy_on_log: signature(1, 0),
  proxy_on_delete: signature(1, 0),
  proxy_on_vm_start: signature(2),
  proxy_on_configure: signature(2),
  proxy_on_tick: signature(1, 0),
  proxy_on_queue_ready: signature(2, 0),
  proxy_on_foreign_function: signature(3, 0),
  proxy_on_new_connection: signature(1),
  proxy_on_downstream_data: signature(3),
  proxy_on_downstream_connection_close: signature(2, 0),
  proxy_on_upstream_data: signature(3),
  proxy_on_upstream_connection_close: signature(2, 0),
  proxy_on_request_headers: signature(3),
  proxy_on_request_body: signature(3),
  proxy_on_request_trailers: signature(2),
  proxy_on_response_headers: signature(3),
  proxy_on_response_body: signature(3),
  proxy_on_response_trailers: signature(2),
  proxy_on_http_call_response: signature(5, 0),
  proxy_on_grpc_receive_initial_metadata: signature(3, 0),
  proxy_on_grpc_receive: signature(3, 0),
  proxy_on_grpc_receive_trailing_metadata: signature(3, 0),
  proxy_on_grpc_close: signature(3, 0),
};

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
