import { beginAnswer } from "./begin-answer";
import { lengthOf, pointerOf } from "./bytes";
import {
  addCall,
  contextOf,
  findCall,
  freeCall,
  GRPC_STREAM,
  handlerOf,
  hasRoom,
  isOfRoot,
  kindOf,
  nextCallOf,
  OF_ROOT,
  outlives,
  setHandler,
  tagOf,
  tokenOf,
  whoseCall,
} from "./call-table";
import { cell } from "./cell";
import { context } from "./context";
import { MapType, Status } from "./enums";
import {
  proxy_grpc_cancel,
  proxy_grpc_close,
  proxy_grpc_send,
  proxy_grpc_stream,
} from "./env";
import { Given } from "./given";
import { finishGrpcCall, receivedMessage, statusMessage } from "./grpc-call";
import { cluster, GrpcCall, metadata, method, serialize, service } from "./grpc-request";
import { Headers, headersOf } from "./headers";
import { isThere } from "./kept";
import { rootOf } from "./roots";
import { Request } from "./stream";

/** What is to be called of a stream: functions without a closure. One that is left out is not missed. No call of the host: they are called by what is behind `proxy_on_grpc_receive` and its like. */
export class GrpcHandlers {
  /** A message has come, which `stream.message` is. */
  onMessage: ((stream: GrpcStream) => void) | null = null;
  /** The stream has ended, with `stream.status`. */
  onClose: ((stream: GrpcStream) => void) | null = null;
  /** The service has begun to answer, with `stream.metadata`. */
  onMetadata: ((stream: GrpcStream) => void) | null = null;
  /** The service has nothing more to say, but `stream.trailingMetadata`. */
  onTrailingMetadata: ((stream: GrpcStream) => void) | null = null;
}

const MESSAGE: usize = 0;
const CLOSE: usize = 1;
const METADATA: usize = 2;
const TRAILING_METADATA: usize = 3;

/** How the stream that has ended ended. */
let status: u32 = 0;
let waiting: u32 = 0;
let tag: u32 = 0;

/** A stream of messages to a gRPC service and from it. It is no memory, but the number of the stream. */
@unmanaged
export class GrpcStream {
  /** Send a serialized message, the last when so said. `NotFound` when the stream has ended. `proxy_grpc_send`. */
  send(message: Uint8Array, last: bool = false): Status {
    return proxy_grpc_send(this.token, message.dataStart, message.length, last);
  }

  /** Send nothing more; the service may still. `proxy_grpc_close`. */
  close(): Status {
    return proxy_grpc_close(this.token);
  }

  /** End it at once; nothing more is heard of it. `proxy_grpc_cancel`. */
  cancel(): Status {
    const entry = findCall(true, this.token);
    if (entry != 0) freeCall(entry);
    return proxy_grpc_cancel(this.token);
  }

  /** In `onMessage`: the serialized message. `proxy_get_buffer_bytes`. */
  get message(): Uint8Array | null {
    return receivedMessage();
  }

  /** In `onMetadata`: what the service has answered first. No call of the host, which `Headers` makes. */
  get metadata(): Headers {
    return headersOf(MapType.GrpcCallInitialMetadata);
  }

  /** In `onTrailingMetadata`: what it has answered last. No call of the host, which `Headers` makes. */
  get trailingMetadata(): Headers {
    return headersOf(MapType.GrpcCallTrailingMetadata);
  }

  /** In `onClose`: the status of gRPC, 0 when all is well. No call of the host. */
  get status(): u32 {
    return status;
  }

  /** In `onClose`: what the status says beside its number, a byte string. `proxy_get_status`. */
  get statusMessage(): string {
    return statusMessage();
  }

  /** In the handlers: the request that it was opened for; nothing can be read or done in it when the plugin itself opened it. No call of the host. */
  get request(): Request {
    return changetype<Request>(waiting);
  }

  /** In the handlers: the number that it was opened with. No call of the host. */
  get tag(): u32 {
    return tag;
  }

  private get token(): u32 {
    return <u32>changetype<usize>(this);
  }
}

/** Open a stream of the plugin's own, that belongs to no request. All else is as in `Request.grpcStream`. `proxy_grpc_stream`. */
export function grpcStream(call: Given<GrpcCall>, handlers: Given<GrpcHandlers>, tag: u32 = 0): GrpcStream | null {
  return start(GRPC_STREAM | OF_ROOT, rootOf(context), <GrpcCall>call, <GrpcHandlers>handlers, tag);
}

/** Open a stream for a request. */
export function startGrpcStream(context: u32, call: GrpcCall, handlers: GrpcHandlers, tag: u32): GrpcStream | null {
  if (!isThere(context)) return null;
  return start(GRPC_STREAM, context, call, handlers, tag);
}

function start(kind: u32, context: u32, call: GrpcCall, handlers: GrpcHandlers, tag: u32): GrpcStream | null {
  if (!hasRoom()) return null;
  if (!serialize(call)) return null;
  const started = proxy_grpc_stream(
    pointerOf(cluster),
    lengthOf(cluster),
    pointerOf(service),
    lengthOf(service),
    pointerOf(method),
    lengthOf(method),
    pointerOf(metadata),
    lengthOf(metadata),
    cell,
  );
  if (started != Status.Ok) return null;
  const token = load<u32>(cell);
  const entry = addCall(kind, token, context, tag, changetype<usize>(handlers.onMessage));
  setHandler(entry, CLOSE, changetype<usize>(handlers.onClose));
  setHandler(entry, METADATA, changetype<usize>(handlers.onMetadata));
  setHandler(entry, TRAILING_METADATA, changetype<usize>(handlers.onTrailingMetadata));
  return changetype<GrpcStream>(token);
}

/** As `contextOfHttpCall`. */
export function contextOfGrpcCall(token: u32): u32 {
  return whoseCall(findCall(true, token));
}

export function dispatchGrpcInitialMetadata(token: u32, _count: u32): void {
  const entry = findCall(true, token);
  if (entry != 0 && kindOf(entry) == GRPC_STREAM) call(entry, METADATA);
}

export function dispatchGrpcMessage(token: u32, _size: u32): void {
  const entry = findCall(true, token);
  if (entry == 0) return;
  if (kindOf(entry) == GRPC_STREAM) call(entry, MESSAGE);
  else finishGrpcCall(entry, 0);
}

export function dispatchGrpcTrailingMetadata(token: u32, _count: u32): void {
  const entry = findCall(true, token);
  if (entry != 0 && kindOf(entry) == GRPC_STREAM) call(entry, TRAILING_METADATA);
}

export function dispatchGrpcClose(token: u32, given: u32): void {
  const entry = findCall(true, token);
  if (entry == 0) return;
  if (kindOf(entry) != GRPC_STREAM) {
    finishGrpcCall(entry, given);
    return;
  }
  status = given;
  const handler = handlerOf(entry, CLOSE);
  prepare(entry);
  const isRoot = isOfRoot(entry);
  freeCall(entry);
  run(token, handler, isRoot);
}

/** Forget the calls of a stream that has gone, but for those that are only counted; its gRPC streams are cancelled, for nobody else would end them. */
export function forgetCalls(context: u32): void {
  for (let entry = nextCallOf(context, 0); entry != 0; entry = nextCallOf(context, entry)) {
    if (outlives(entry)) continue;
    const isStream = kindOf(entry) == GRPC_STREAM;
    freeCall(entry);
    if (isStream) proxy_grpc_cancel(tokenOf(entry));
  }
}

function call(entry: usize, place: usize): void {
  prepare(entry);
  run(tokenOf(entry), handlerOf(entry, place), isOfRoot(entry));
}

function prepare(entry: usize): void {
  waiting = contextOf(entry);
  tag = tagOf(entry);
}

function run(token: u32, handler: usize, isRoot: bool): void {
  if (handler == 0) return;
  if (!isRoot && !beginAnswer(waiting, false)) return;
  changetype<(stream: GrpcStream) => void>(handler)(changetype<GrpcStream>(token));
}
