// What the entry of a filter's module calls; README.md says when. None of it is for filters.
import { Connection } from "../connection";
import { Queue } from "../queue";
import { Request, Response, Stream } from "../stream";

export { configurationText, vmConfigurationText } from "../configuration";
export { comesAnew, passBody, passHeaders, passTrailers } from "../begin-anew";
export { leaveLengthOut, writeBodies } from "../content-length";
export { enter } from "../context";
export { goneBytes, holdEnd, holdFirst, letFirstGo, passEndOfFirst, passFirst } from "../first-piece";
export { endStream, isOver, lookAtResponse } from "../at-work";
export {
  contextOfGrpcCall,
  dispatchGrpcClose,
  dispatchGrpcInitialMetadata,
  dispatchGrpcMessage,
  dispatchGrpcTrailingMetadata,
} from "../grpc-stream";
export { contextOfHttpCall, dispatchHttpCall } from "../http-call";
export { allocate } from "../memory";
export { beginRoot, created, isRoot } from "../roots";
export { reserveRecords } from "../slab";
export { configureParameters, forgetParameters, parameterAt, parametersOf } from "../standalone-parameters";
export { waiting } from "../inside";
export { ask, keepStreams } from "../kept";
export { holdTrailers, letGoOnce, letLeave, lookAtRequest, pass, passOn } from "../leaving";
export { MapType, StreamType } from "../enums";
export { passEnd, passPiece } from "../unread";
export { forgetGone, forgetInTime, forgetStream } from "./forget";
export { collect, keep } from "./memory";

export function toStream(context: u32): Stream {
  return changetype<Stream>(context);
}

export function toRequest(context: u32): Request {
  return changetype<Request>(context);
}

export function toResponse(context: u32): Response {
  return changetype<Response>(context);
}

export function toConnection(context: u32): Connection {
  return changetype<Connection>(context);
}

export function toQueue(queueId: u32): Queue {
  return changetype<Queue>(queueId);
}
