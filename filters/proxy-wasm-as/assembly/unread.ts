import { isOver } from "./at-work";
import { cell } from "./cell";
import { BufferType, Status, StreamType } from "./enums";
import { proxy_continue_stream, proxy_get_buffer_status } from "./env";
import { addRecord, createSlab, findRecord } from "./slab";

// Behind a piece of a body that was paused, Envoy has the filter write to the buffer of what is paused. Has that been let go meanwhile, nobody reads it any more: what is
// written there in the callback for an empty last piece, or for trailers, is lost when these go on by what the callback returns. So they are paused in its stead, and let go
// from within, which has Envoy read that buffer first.

const PAUSED: u8 = 1;
/** Paused, and let go since. */
const UNREAD: u8 = 2;

/** What became of the last piece of each direction of a stream; 0 before the first that was paused. */
let pieces: usize = 0;

/** Said with what the callback for a piece of a body returns, which is what it gives. */
export function passPiece(stream: u32, what: StreamType, size: u32, last: u32, flow: u32): u32 {
  const piece = pieceOf(stream, what);
  if (last != 0 && size == 0) return passEnd(stream, what, flow);
  if (piece != 0) store<u8>(piece, flow == 0 ? 0 : PAUSED);
  else if (flow != 0) notePaused(stream, what);
  return flow;
}

/** The same of what ends a message without more of its body. */
export function passEnd(stream: u32, what: StreamType, flow: u32): u32 {
  const piece = pieceOf(stream, what);
  if (flow != 0 || piece == 0 || load<u8>(piece) != UNREAD || isOver(stream) || !hasBody(what)) return flow;
  proxy_continue_stream(what);
  return 1;
}

/** Said when what was paused of a stream is let go. */
export function noteUnread(stream: u32, what: StreamType): void {
  const piece = pieceOf(stream, what);
  if (piece != 0 && load<u8>(piece) == PAUSED) store<u8>(piece, UNREAD);
}

function notePaused(stream: u32, what: StreamType): void {
  if (pieces == 0) pieces = createSlab(2);
  const record = findRecord(pieces, stream);
  if (record == 0) store<u16>(addRecord(pieces, stream), 0);
  store<u8>(pieceOf(stream, what), PAUSED);
}

function pieceOf(stream: u32, what: StreamType): usize {
  const record: usize = pieces == 0 ? 0 : findRecord(pieces, stream);
  return record == 0 ? 0 : record + what;
}

function hasBody(what: StreamType): bool {
  const body = what == StreamType.HttpRequest ? BufferType.HttpRequestBody : BufferType.HttpResponseBody;
  return proxy_get_buffer_status(body, cell, cell + 4) == Status.Ok && load<u32>(cell) > 0;
}
