import { Pairs } from "./pair-list";

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
