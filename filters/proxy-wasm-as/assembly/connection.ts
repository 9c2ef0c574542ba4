import { Body, bodyOf } from "./body";
import { BufferType, Status, StreamType } from "./enums";
import { proxy_close_stream, proxy_continue_stream } from "./env";
import { GrpcAnswer, GrpcCall, startGrpcCall } from "./grpc-call";
import { audits, holdsBackEnd, noteResumed } from "./guard";
import { Answer, HttpCall, startHttpCall } from "./http-call";
import { Stream } from "./stream";

/** A TCP connection from a client, and the one to the server that belongs to it. */
@unmanaged
export class Connection extends Stream {
  /** What the client has sent and is buffered; at hand in `onData`. */
  get data(): Body {
    return bodyOf(BufferType.DownstreamData);
  }

  /**
   * What the server has sent and is buffered; at hand in `onUpstreamData`. What that pauses goes on with the server's next data only: Envoy
   * has nothing by which to let go of it earlier.
   */
  get upstreamData(): Body {
    return bodyOf(BufferType.UpstreamData);
  }

  /** Let go on what was paused of the client's. `proxy_continue_stream`. */
  resume(): Status {
    noteResumed(0);
    return audits() ? Status.Ok : proxy_continue_stream(StreamType.Downstream);
  }

  /** Close the client's connection; the server's goes with it. `proxy_close_stream`. */
  close(): Status {
    return holdsBackEnd() ? Status.Ok : proxy_close_stream(StreamType.Downstream);
  }

  /** Close the server's connection. */
  closeUpstream(): Status {
    return holdsBackEnd() ? Status.Ok : proxy_close_stream(StreamType.Upstream);
  }

  /** As `Request.fetch`. */
  fetch(call: HttpCall, then: (connection: Connection, answer: Answer) => void, tag: u32 = 0): Status {
    return startHttpCall(this.id, call, changetype<usize>(then), tag);
  }

  /** As `Request.grpc`. */
  grpc(call: GrpcCall, then: (connection: Connection, answer: GrpcAnswer) => void, tag: u32 = 0): Status {
    return startGrpcCall(this.id, call, changetype<usize>(then), tag);
  }
}
