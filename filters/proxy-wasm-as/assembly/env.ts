// The host functions as they are. asc takes the import module, `env`, from the name of this file.
export declare function proxy_log(level: u32, data: usize, size: usize): u32;
export declare function proxy_get_header_map_value(
  map: u32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_get_header_map_pairs(map: u32, pairs: usize, size: usize): u32;
export declare function proxy_add_header_map_value(
  map: u32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_replace_header_map_value(
  map: u32,
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
): u32;
export declare function proxy_remove_header_map_value(map: u32, key: usize, keySize: usize): u32;
export declare function proxy_get_buffer_bytes(
  buffer: u32,
  start: usize,
  size: usize,
  data: usize,
  dataSize: usize,
): u32;
export declare function proxy_set_effective_context(context: u32): u32;
export declare function proxy_close_stream(stream: u32): u32;
export declare function proxy_get_property(path: usize, pathSize: usize, value: usize, valueSize: usize): u32;
export declare function proxy_send_local_response(
  status: u32,
  details: usize,
  detailsSize: usize,
  body: usize,
  bodySize: usize,
  headers: usize,
  headersSize: usize,
  grpcStatus: i32,
): u32;
export declare function proxy_call_foreign_function(
  name: usize,
  nameSize: usize,
  argument: usize,
  argumentSize: usize,
  result: usize,
  resultSize: usize,
): u32;
export declare function proxy_define_metric(kind: u32, name: usize, nameSize: usize, id: usize): u32;
export declare function proxy_increment_metric(id: u32, by: i64): u32;
export declare function proxy_record_metric(id: u32, value: u64): u32;
export declare function proxy_get_metric(id: u32, value: usize): u32;
export declare function proxy_get_current_time_nanoseconds(time: usize): u32;
export declare function proxy_get_header_map_size(map: u32, size: usize): u32;
export declare function proxy_set_header_map_pairs(map: u32, pairs: usize, size: usize): u32;
export declare function proxy_get_buffer_status(buffer: u32, size: usize, flags: usize): u32;
export declare function proxy_set_buffer_bytes(
  buffer: u32,
  start: usize,
  size: usize,
  data: usize,
  dataSize: usize,
): u32;
export declare function proxy_set_property(path: usize, pathSize: usize, value: usize, valueSize: usize): u32;
export declare function proxy_get_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: usize,
): u32;
export declare function proxy_set_shared_data(
  key: usize,
  keySize: usize,
  value: usize,
  valueSize: usize,
  cas: u32,
): u32;
