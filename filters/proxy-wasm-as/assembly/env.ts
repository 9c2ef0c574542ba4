// Written by `npm run gen:abi` from abi/table.ts: the host functions of the module `env` as they are.
import { BufferType, LogLevel, MapType, MetricType, Status, StreamType } from "./enums";

/** Write a line to the host's log. The only one that may be called while the module starts or allocates. */
export declare function proxy_log(level: LogLevel, messageData: usize, messageSize: usize): Status;

/** The least level that the host logs, so that no line is built for nothing. */
export declare function proxy_get_log_level(returnLevel: usize): Status;

/** The time since 1970. */
export declare function proxy_get_current_time_nanoseconds(returnTime: usize): Status;

/** Have `proxy_on_tick` called each so many milliseconds, of the root context; 0 ends it. */
export declare function proxy_set_tick_period_milliseconds(period: u32): Status;

/** The context is done, which `proxy_on_done` had said it was not. `NotFound` when nobody waits for it. */
export declare function proxy_done(): Status;

/** Act for another context until the callback ends. `BadArgument` when there is none of this id (any more). */
export declare function proxy_set_effective_context(context: u32): Status;

/** Read up to `maxSize` bytes from `start` on. `NotFound` when there is no such buffer now, `BadArgument` when `start + maxSize` overflows. */
export declare function proxy_get_buffer_bytes(buffer: BufferType, start: usize, maxSize: usize, returnValueData: usize, returnValueSize: usize): Status;

/** Put bytes in the place of the first `size` (`start` 0), or behind all others (`start` at the end or beyond). Any other `start` is `BadArgument` in Envoy. */
export declare function proxy_set_buffer_bytes(buffer: BufferType, start: usize, size: usize, valueData: usize, valueSize: usize): Status;

/** How many bytes a buffer has. `NotFound` when there is no such buffer now. */
export declare function proxy_get_buffer_status(buffer: BufferType, returnSize: usize, returnUnused: usize): Status;

/** How many bytes a map would have when serialized. `BadArgument` when it is not at hand. */
export declare function proxy_get_header_map_size(map: MapType, returnSize: usize): Status;

/** All pairs of a map, serialized; none when it is not at hand. */
export declare function proxy_get_header_map_pairs(map: MapType, returnPairsData: usize, returnPairsSize: usize): Status;

/** Replace all pairs of a map. More than 1,024 pairs, more than 1 MiB or malformed ones count as none in Envoy. */
export declare function proxy_set_header_map_pairs(map: MapType, pairsData: usize, pairsSize: usize): Status;

/** The first value of a key, which the host lowers the case of. `NotFound` when it is missing, `BadArgument` when the map is not at hand. */
export declare function proxy_get_header_map_value(map: MapType, keyData: usize, keySize: usize, returnValueData: usize, returnValueSize: usize): Status;

/** Add a value behind those of a key. `BadArgument` when the map is not at hand. */
export declare function proxy_add_header_map_value(map: MapType, keyData: usize, keySize: usize, valueData: usize, valueSize: usize): Status;

/** Replace all values of a key by one. `BadArgument` when the map is not at hand. */
export declare function proxy_replace_header_map_value(map: MapType, keyData: usize, keySize: usize, valueData: usize, valueSize: usize): Status;

/** Remove all values of a key. `Ok` also when there was none, `BadArgument` when the map is not at hand. */
export declare function proxy_remove_header_map_value(map: MapType, keyData: usize, keySize: usize): Status;

/** Let go on what was paused; done once the callback has ended. */
export declare function proxy_continue_stream(stream: StreamType): Status;

/** Reset the stream, or close the connection. */
export declare function proxy_close_stream(stream: StreamType): Status;

/** Code and message of the call at hand, in `proxy_on_http_call_response` and `proxy_on_grpc_close`. */
export declare function proxy_get_status(returnCode: usize, returnMessageData: usize, returnMessageSize: usize): Status;

/** Answer in the stead of the service; done once the callback has ended, and once a stream. `grpcStatus` -1 is none. */
export declare function proxy_send_local_response(statusCode: u32, detailsData: usize, detailsSize: usize, bodyData: usize, bodySize: usize, headersData: usize, headersSize: usize, grpcStatus: i32): Status;

/** Send a request to a cluster; `proxy_on_http_call_response` of the root context gets the answer. `timeout` in milliseconds. `BadArgument` for an unknown cluster and where `:method`, `:path` or `:authority` is missing. */
export declare function proxy_http_call(upstreamData: usize, upstreamSize: usize, headersData: usize, headersSize: usize, bodyData: usize, bodySize: usize, trailersData: usize, trailersSize: usize, timeout: u32, returnCallId: usize): Status;

/** Call a method with one message; `timeout` in milliseconds. `upstream` is a cluster's name or a serialized `GrpcService`; an unknown one is `ParseFailure`. */
export declare function proxy_grpc_call(upstreamData: usize, upstreamSize: usize, serviceData: usize, serviceSize: usize, methodData: usize, methodSize: usize, initialMetadataData: usize, initialMetadataSize: usize, messageData: usize, messageSize: usize, timeout: u32, returnCallId: usize): Status;

/** Open a stream of messages to a method. `upstream` as in `proxy_grpc_call`. */
export declare function proxy_grpc_stream(upstreamData: usize, upstreamSize: usize, serviceData: usize, serviceSize: usize, methodData: usize, methodSize: usize, initialMetadataData: usize, initialMetadataSize: usize, returnCallId: usize): Status;

/** Send a message on a stream. `BadArgument` for what is no stream, `NotFound` for one that has gone. */
export declare function proxy_grpc_send(callId: u32, messageData: usize, messageSize: usize, last: bool): Status;

/** Reset a call or stream; nothing more is heard of it. `NotFound` for one that has gone. */
export declare function proxy_grpc_cancel(callId: u32): Status;

/** Close a stream, after which the other end may still send, or cancel a call. `NotFound` for one that has gone. */
export declare function proxy_grpc_close(callId: u32): Status;

/** Set what all VMs of one `vm_id` share under a key. `CasMismatch` when `cas` is not 0 and not the value's. */
export declare function proxy_set_shared_data(keyData: usize, keySize: usize, valueData: usize, valueSize: usize, cas: u32): Status;

/** What stands under a key, and the number to give to `proxy_set_shared_data`. `NotFound` when nothing does. */
export declare function proxy_get_shared_data(keyData: usize, keySize: usize, returnValueData: usize, returnValueSize: usize, returnCas: usize): Status;

/** Make a queue of this VM's, or find it. Of each item the last context that registered it hears, in `proxy_on_queue_ready`. */
export declare function proxy_register_shared_queue(nameData: usize, nameSize: usize, returnQueueId: usize): Status;

/** Find a queue of the VM with this `vm_id`. `NotFound` when nobody has registered it. */
export declare function proxy_resolve_shared_queue(vmIdData: usize, vmIdSize: usize, nameData: usize, nameSize: usize, returnQueueId: usize): Status;

/** Put an item at the end of a queue. `NotFound` for an unknown one. */
export declare function proxy_enqueue_shared_queue(queueId: u32, valueData: usize, valueSize: usize): Status;

/** Take the first item of a queue. `Empty` when it has none, `NotFound` for an unknown one. */
export declare function proxy_dequeue_shared_queue(queueId: u32, returnValueData: usize, returnValueSize: usize): Status;

/** Make a metric, or find it. Its name gets the prefix `wasmcustom.` in Envoy; ids are those of one VM. */
export declare function proxy_define_metric(type: MetricType, nameData: usize, nameSize: usize, returnMetricId: usize): Status;

/** Set a gauge, or record a value in a histogram. `NotFound` for an unknown metric. */
export declare function proxy_record_metric(metricId: u32, value: u64): Status;

/** Change a counter or a gauge. `BadArgument` for a counter that would not grow, and for a histogram. */
export declare function proxy_increment_metric(metricId: u32, delta: i64): Status;

/** The value of a counter or a gauge. `NotFound` for an unknown one, `BadArgument` for a histogram. */
export declare function proxy_get_metric(metricId: u32, returnValue: usize): Status;

/** What the host knows under a path, whose parts have zero bytes between them. `NotFound` when it knows nothing now. */
export declare function proxy_get_property(pathData: usize, pathSize: usize, returnValueData: usize, returnValueSize: usize): Status;

/** Write the stream's filter state, under `wasm.` and the path in Envoy. */
export declare function proxy_set_property(pathData: usize, pathSize: usize, valueData: usize, valueSize: usize): Status;

/** Call a function of the host's own. `NotFound` for an unknown one. */
export declare function proxy_call_foreign_function(nameData: usize, nameSize: usize, argumentsData: usize, argumentsSize: usize, returnResultsData: usize, returnResultsSize: usize): Status;
