import { Pairs } from "./pair-list";

/** A call of a gRPC method. */
export class GrpcCall {
  /** The name of the cluster that it goes to. */
  cluster: string = "";
  /** With its package: `envoy.service.auth.v3.Authorization`. */
  service: string = "";
  method: string = "";
  /** Sent with the call. */
  metadata: Pairs = [];
  /** The serialized message. A stream sends its messages by `send`. */
  message: Uint8Array = new Uint8Array(0);
  /** After this many milliseconds the call has failed. Streams have no end. */
  timeoutMs: u32 = 5000;
}
