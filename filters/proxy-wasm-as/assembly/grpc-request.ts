import { narrow } from "./byte-string";
import { Bytes, MISSING } from "./bytes";
import { fromPairs, Pairs } from "./pair-list";

/** A call of a gRPC method: what `proxy_grpc_call` and `proxy_grpc_stream` are given. */
export class GrpcCall {
  /** The name of the cluster that it goes to. */
  cluster: string = "";
  /** With its package: `envoy.service.auth.v3.Authorization`. */
  service: string = "";
  /** By its name alone, as `Check`. */
  method: string = "";
  /** Sent with the call, in the stead of headers. Default none. */
  metadata: Pairs = [];
  /** The serialized message. Default empty; a stream sends its messages by `send`. */
  message: Uint8Array = new Uint8Array(0);
  /** After this many milliseconds the call has failed, with status 14; default 5000. Streams have no end. */
  timeoutMs: u32 = 5000;
}

// A call as the host takes it, once `serialize` has said that it can be.
export let cluster: Bytes = 0;
export let service: Bytes = 0;
export let method: Bytes = 0;
export let metadata: Bytes = 0;

/** Whether all that says where a call goes, and what goes with it, can be sent. */
export function serialize(call: GrpcCall): bool {
  cluster = narrow(call.cluster);
  service = narrow(call.service);
  method = narrow(call.method);
  metadata = call.metadata.length == 0 ? 0 : fromPairs(call.metadata);
  return cluster != MISSING && service != MISSING && method != MISSING && metadata != MISSING;
}
