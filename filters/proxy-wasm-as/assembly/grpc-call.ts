import { beginAnswer } from "./begin-answer";
import { copied, widen } from "./byte-string";
import { bytes, lengthOf, pointerOf } from "./bytes";
import {
  addCall,
  contextOf,
  freeCall,
  GRPC,
  handlerOf,
  hasRoom,
  isGone,
  isOfRoot,
  lasting,
  OF_ROOT,
  tagOf,
} from "./call-table";
import { cell } from "./cell";
import { context } from "./context";
import { BufferType, Status } from "./enums";
import { proxy_get_buffer_bytes, proxy_get_status, proxy_grpc_call } from "./env";
import { Given } from "./given";
import { cluster, GrpcCall, metadata, method, serialize, service } from "./grpc-request";
import { isThere } from "./kept";
import { rootOf } from "./roots";
import { Stream } from "./stream";

export { GrpcCall } from "./grpc-request";

let status: u32 = 0;
let tag: u32 = 0;

/** What came of a gRPC call. It can be read until the function that gets it has ended. */
// The object is no memory: there is one at a time.
@unmanaged
export class GrpcAnswer {
  /** It ended with another status than 0. No call of the host. */
  get failed(): bool {
    return status != 0;
  }

  /** The status of gRPC: 0 for an answer, 14 when the service cannot be reached or does not answer in time, 4 when it says itself that it is late. No call of the host. */
  get status(): u32 {
    return status;
  }

  /** What the status says beside its number, a byte string. `proxy_get_status`. */
  get statusMessage(): string {
    return statusMessage();
  }

  /** The serialized message; null when it failed. `proxy_get_buffer_bytes`. */
  get message(): Uint8Array | null {
    return status != 0 ? null : receivedMessage();
  }

  /** The number that the call was made with. No call of the host. */
  get tag(): u32 {
    return tag;
  }
}

/** Make a call of the plugin's own, that belongs to no stream. All else is as in `Request.grpc`. `proxy_grpc_call`. */
export function grpc(call: Given<GrpcCall>, then: (answer: GrpcAnswer) => void, tag: u32 = 0): Status {
  return start(GRPC | OF_ROOT, rootOf(context), <GrpcCall>call, changetype<usize>(then), tag);
}

/** Make a call for a stream. */
export function startGrpcCall(context: u32, call: GrpcCall, then: usize, tag: u32): Status {
  if (!isThere(context)) return Status.BadArgument;
  return start(GRPC, context, call, then, tag);
}

function start(kind: u32, context: u32, call: GrpcCall, then: usize, tag: u32): Status {
  if (!hasRoom()) return Status.InternalFailure;
  if (!serialize(call)) return Status.BadArgument;
  const message = bytes(call.message.dataStart, call.message.length);
  const started = proxy_grpc_call(
    pointerOf(cluster),
    lengthOf(cluster),
    pointerOf(service),
    lengthOf(service),
    pointerOf(method),
    lengthOf(method),
    pointerOf(metadata),
    lengthOf(metadata),
    pointerOf(message),
    lengthOf(message),
    call.timeoutMs,
    cell,
  );
  if (started == Status.Ok) addCall(kind | lasting(call.timeoutMs), load<u32>(cell), context, tag, then);
  return started;
}

/** Say to who waits for a call what came of it. */
export function finishGrpcCall(entry: usize, given: u32): void {
  const waiting = contextOf(entry);
  const isRoot = isOfRoot(entry);
  const isLate = isGone(entry);
  const then = handlerOf(entry, 0);
  status = given;
  tag = tagOf(entry);
  freeCall(entry);
  const answer = changetype<GrpcAnswer>(1);
  if (isRoot) {
    changetype<(answer: GrpcAnswer) => void>(then)(answer);
  } else if (beginAnswer(waiting, isLate)) {
    changetype<(stream: Stream, answer: GrpcAnswer) => void>(then)(changetype<Stream>(waiting), answer);
  }
}

/** The message that has come; null when it is not at hand. */
export function receivedMessage(): Uint8Array | null {
  const got = proxy_get_buffer_bytes(BufferType.GrpcCallMessage, 0, i32.MAX_VALUE, cell + 4, cell);
  return got != Status.Ok ? null : copied(load<u64>(cell));
}

/** What the status of the call at hand says. */
export function statusMessage(): string {
  return proxy_get_status(cell + 8, cell + 4, cell) != Status.Ok ? "" : widen(load<u64>(cell));
}
