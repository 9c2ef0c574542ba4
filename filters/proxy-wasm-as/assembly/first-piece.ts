import { isOver } from "./at-work";
import { cell } from "./cell";
import { lengthOf, pointerOf } from "./bytes";
import { BufferType, Status, StreamType } from "./enums";
import {
  proxy_continue_stream,
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_get_buffer_status,
  proxy_get_property,
  proxy_register_shared_queue,
  proxy_set_effective_context,
  proxy_set_property,
} from "./env";
import { addRecord, createSlab, findRecord, forgetRecords } from "./slab";
import { noteUnread } from "./unread";
import { random_get } from "./wasi_snapshot_preview1";

// A request that is let go in the midst of its body, Envoy sends on with the trailers that it has of it, and be it that a filter in front is still letting these go: they come once
// more then, and a service of HTTP/1 takes the second end for its next request. What waited in front comes as one piece, before which the filter has seen nothing of the
// body. So what goes on by the first piece, where the headers wait, does so once that callback is over, and all that Envoy does around it: by an item in a queue that only this VM has.

/** The headers wait, and nothing of the body has come. */
const HELD: u32 = 1;
/** The first piece may go on, and does so soon. */
const LEAVING: u32 = 2;

/** It does not, and something of the body has come. */
const SEEN: u32 = 3;

/** Of each request how many bytes may go on that are still there, and how far it is; 0 before the first whose headers wait, and in modules that have none. */
let requests: usize = 0;
let queue: u32 = 0;
/** The name of the queue: what two VMs would share goes to the last one. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const NAME = memory.data(16);
/** "wire.end_held", which filters tell each other by the request: where one in front has let pieces go, and later ones wait with the trailers, all of it comes as one later piece. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const END_HELD: usize = memory.data<u8>([119, 105, 114, 101, 46, 101, 110, 100, 95, 104, 101, 108, 100]);
/** What it is given. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const ITEM = memory.data(4);

/** Said with what the callback for the headers returns, which is what it gives. */
export function holdFirst(stream: u32, flow: u32): u32 {
  if (flow == 0) return flow;
  if (requests == 0) requests = createSlab(8);
  let record = findRecord(requests, stream);
  if (record == 0) record = addRecord(requests, stream);
  store<u32>(record, 0);
  store<u32>(record, HELD, 4);
  return flow;
}

/** How many bytes of a body that is at hand may go on already. */
export function goneBytes(stream: u32): u32 {
  const record: usize = requests == 0 ? 0 : findRecord(requests, stream);
  return record == 0 ? 0 : load<u32>(record);
}

/** Said with what the callback for a piece returns. */
export function passFirst(stream: u32, last: u32, flow: u32): u32 {
  const record: usize = requests == 0 ? 0 : findRecord(requests, stream);
  if (record == 0) return flow;
  const state = load<u32>(record, 4);
  const leaves = flow == 0 && last == 0 && state != 0 && !isOver(stream) && (state == HELD ? callBack(stream) : isEndHeld());
  store<u32>(record, leaves ? LEAVING : flow == 0 ? 0 : SEEN, 4);
  // As the filter has left it.
  if (leaves) store<u32>(record, proxy_get_buffer_status(BufferType.HttpRequestBody, cell, cell + 4) == Status.Ok ? load<u32>(cell) : 0);
  else if (flow == 0) store<u32>(record, 0);
  return leaves ? 1 : flow;
}

/** The same of trailers: what goes on with them does not go on again. */
export function passEndOfFirst(stream: u32, flow: u32): u32 {
  if (flow == 0) forgetFirst(stream);
  else stay(stream);
  return holdEnd(flow);
}

/** Said with what the callback for trailers returns of a filter that may have a part of a body wait with them. */
export function holdEnd(flow: u32): u32 {
  if (flow != 0) proxy_set_property(END_HELD, 13, END_HELD, 13);
  return flow;
}

/** Whether a filter in front has the trailers wait. */
function isEndHeld(): bool {
  return proxy_get_property(END_HELD, 13, cell + 4, cell) == Status.Ok;
}

/** Said when all that waits of a request is let go otherwise. */
export function forgetFirst(stream: u32): void {
  const record: usize = requests == 0 ? 0 : findRecord(requests, stream);
  if (record != 0) store<u64>(record, 0);
}

/** Said when a request has gone, where nothing else is kept of it. */
export function endFirst(stream: u32): void {
  forgetRecords(stream);
}

/** Whether a queue is the one by which requests go on; then one does. */
export function letFirstGo(root: u32, given: u32): bool {
  if (queue == 0 || given != queue) return false;
  if (proxy_dequeue_shared_queue(queue, cell + 4, cell) != Status.Ok) return true;
  const item = load<u64>(cell);
  if (lengthOf(item) != 4) return true;
  const stream = load<u32>(pointerOf(item));
  const record = findRecord(requests, stream);
  if (record == 0 || load<u32>(record, 4) != LEAVING || proxy_set_effective_context(stream) != Status.Ok) return true;
  // It goes on with the trailers where these wait in front.
  if (!isEndHeld()) {
    store<u64>(record, 0);
    noteUnread(stream, StreamType.HttpRequest);
    proxy_continue_stream(StreamType.HttpRequest);
  }
  proxy_set_effective_context(root);
  return true;
}

/** What may go on already waits with what does not. */
function stay(stream: u32): void {
  const record: usize = requests == 0 ? 0 : findRecord(requests, stream);
  if (record != 0) store<u32>(record, SEEN, 4);
}

/** Be called once all that Envoy does now is over; false when that cannot be. */
function callBack(stream: u32): bool {
  if (queue == 0) random_get(NAME, 16);
  // Each time: the context that hears of it is that of the stream's configuration, and the one before may have gone.
  if (proxy_register_shared_queue(NAME, 16, cell) != Status.Ok) return false;
  queue = load<u32>(cell);
  store<u32>(ITEM, stream);
  return proxy_enqueue_shared_queue(queue, ITEM, 4) == Status.Ok;
}
