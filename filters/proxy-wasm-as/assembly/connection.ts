import { Body, bodyOf } from "./body";
import { widenOrNull } from "./byte-string";
import { BufferType, Status, StreamType } from "./enums";
import { proxy_close_stream } from "./env";
import { Given } from "./given";
import { GrpcAnswer, GrpcCall, startGrpcCall } from "./grpc-call";
import { holdsBack, holdsBackEnd } from "./guard";
import { Answer, HttpCall, startHttpCall } from "./http-call";
import { isAtWork, turnBack, turnTo } from "./kept";
import { callerAddress } from "./peers";
import { letGo, Stream } from "./stream";

/** A TCP connection from a client, and the one to the server that belongs to it. */
@unmanaged
export class Connection extends Stream {
  /** What the client has sent and is buffered; at hand in `onData`. No call of the host, which `Body` makes. */
  get data(): Body {
    return bodyOf(BufferType.DownstreamData, this.id);
  }

  /**
   * What the server has sent and is buffered; at hand in `onUpstreamData`. What that pauses goes on with the server's next data only: Envoy
   * has nothing by which to let go of it earlier. No call of the host, which `Body` makes.
   */
  get upstreamData(): Body {
    return bodyOf(BufferType.UpstreamData, this.id);
  }

  /** The client's address without the port; null where it is not known. `proxy_get_property`. */
  get caller(): string | null {
    if (!turnTo(this.id)) return null;
    const address = widenOrNull(callerAddress());
    turnBack(this.id);
    return address;
  }

  /** Let go on what was paused of the client's. `proxy_continue_stream`. */
  resume(): Status {
    return letGo(this.id, StreamType.Downstream);
  }

  /** Close the client's connection; the server's goes with it. `proxy_close_stream`. */
  close(): Status {
    return close(this.id, StreamType.Downstream);
  }

  /** As `close`: Envoy closes the client's connection for this one, too. `proxy_close_stream`. */
  closeUpstream(): Status {
    return close(this.id, StreamType.Upstream);
  }

  /** As `Request.fetch`. `proxy_http_call`. */
  fetch(call: Given<HttpCall>, then: (connection: Connection, answer: Answer) => void, tag: u32 = 0): Status {
    return startHttpCall(this.id, <HttpCall>call, changetype<usize>(then), tag);
  }

  /** As `Request.grpc`. `proxy_grpc_call`. */
  grpc(call: Given<GrpcCall>, then: (connection: Connection, answer: GrpcAnswer) => void, tag: u32 = 0): Status {
    return startGrpcCall(this.id, <GrpcCall>call, changetype<usize>(then), tag);
  }
}

function close(connection: u32, side: StreamType): Status {
  if (!turnTo(connection)) return Status.BadArgument;
  const isHeld = isAtWork(connection) ? holdsBackEnd() : holdsBack();
  const status = isHeld ? Status.Ok : proxy_close_stream(side);
  turnBack(connection);
  return status;
}
