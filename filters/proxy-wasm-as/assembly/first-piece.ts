import { isOver } from "./at-work";
import { cell } from "./cell";
import { Bytes, lengthOf, pointerOf } from "./bytes";
import { BufferType, MapType, Status, StreamType } from "./enums";
import {
  proxy_continue_stream,
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_get_buffer_status,
  proxy_get_header_map_size,
  proxy_get_property,
  proxy_register_shared_queue,
  proxy_set_effective_context,
  proxy_set_property,
} from "./env";
import { addRecord, createSlab, findRecord, forgetRecords } from "./slab";
import { noteUnread } from "./unread";
import { random_get } from "./wasi_snapshot_preview1";

// A request that is let go in the midst of its body, Envoy sends on with the trailers that it has of it, and be it that a filter in front is still letting these go: they come once
// more then, and a service of HTTP/1 takes the second end for its next request. What waited in front with the headers comes as one piece, behind these: some of the body has come to Envoy
// before they come here. So what goes on by the first piece, where the headers wait and that is so, does so once that callback is over, and all that Envoy does around it: by an item in
// a queue that only this VM has. Nothing else does: meanwhile a filter in front may have more of the body wait, of which Envoy keeps one copy for all.

/** The headers wait, and some of the body has waited in front, and has not come here. */
const HELD: u32 = 1;
/** The first piece may go on, and does so soon. */
const LEAVING: u32 = 2;
/** Headers or body wait, and what comes has not waited in front, but with its end. */
const SEEN: u32 = 3;

/** Of each request how many bytes may go on that are still there, and how far it is; 0 before the first whose headers wait, and in modules that have none. */
let requests: usize = 0;
let queue: u32 = 0;
/** The name of the queue: what two VMs would share goes to the last one. */
function NAME(): usize { return memory.data(16); }
/** "wire.end_held", which filters tell each other by the request: one in front that has a part of a body wait has seen the trailers, and that part comes with these behind it. */
function END_HELD(): usize { return memory.data<u8>([119, 105, 114, 101, 46, 101, 110, 100, 95, 104, 101, 108, 100]); }
/** "request", "total_size": what has come of a request, with its headers. */
function TOTAL_SIZE(): usize { return memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 116, 111, 116, 97, 108, 95, 115, 105, 122, 101]); }
/** What the queue is given. */
function ITEM(): usize { return memory.data(4); }

/** Said with what the callback for the headers returns, which is what it gives. */
export function holdFirst(stream: u32, flow: u32): u32 {
  if (flow == 0) return flow;
  if (requests == 0) requests = createSlab(8);
  let record = findRecord(requests, stream);
  if (record == 0) record = addRecord(requests, stream);
  store<u32>(record, 0);
  store<u32>(record, hasComeBefore() ? HELD : SEEN, 4);
  return flow;
}

/** Whether some of the body is in Envoy already, where only its headers have come here; true where that cannot be known. */
function hasComeBefore(): bool {
  if (proxy_get_property(TOTAL_SIZE(), 18, cell + 4, cell) != Status.Ok || load<u32>(cell) != 8) return true;
  const size = load<u64>(load<u32>(cell, 4));
  return proxy_get_header_map_size(MapType.HttpRequestHeaders, cell) != Status.Ok || size > load<u32>(cell);
}

/** Whether there is nothing in a piece: one of that kind may have waited in front, though nothing of the body has come. */
function isEmpty(): bool {
  return proxy_get_buffer_status(BufferType.HttpRequestBody, cell, cell + 4) == Status.Ok && load<u32>(cell) == 0;
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
  const leaves =
    flow == 0 && last == 0 && state != 0 && !isOver(stream) && (state == HELD || isEmpty() ? callBack(stream) : isEndHeld());
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

/** Said with what the callback for trailers returns of a filter that may have a part of a body wait: that goes on before these, by what is returned or later. */
export function holdEnd(flow: u32): u32 {
  proxy_set_property(END_HELD(), 13, END_HELD(), 13);
  return flow;
}

/** Whether a filter in front has seen the trailers: what comes of the body has them behind it. */
function isEndHeld(): bool {
  return proxy_get_property(END_HELD(), 13, cell + 4, cell) == Status.Ok;
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

/** Whether a queue is the one by which requests go on; then the next one does. */
export function letFirstGo(root: u32, given: u32): bool {
  if (queue == 0 || given != queue) return false;
  // Of an item whose configuration has gone nobody has heard: each later one would be heard of in the stead of the one before.
  let isFound: bool = false;
  while (!isFound && proxy_dequeue_shared_queue(queue, cell + 4, cell) == Status.Ok) isFound = goesOn(load<u64>(cell));
  proxy_set_effective_context(root);
  return true;
}

/** Whether an item is of a request that waits for it, which goes on then. */
function goesOn(item: Bytes): bool {
  if (lengthOf(item) != 4) return false;
  const stream = load<u32>(pointerOf(item));
  const record = findRecord(requests, stream);
  if (record == 0 || load<u32>(record, 4) != LEAVING || proxy_set_effective_context(stream) != Status.Ok) return false;
  // What waits in front by now would go on as well: it brings this along when it comes.
  if (!isEndHeld() && !hasMore(record)) {
    store<u64>(record, 0);
    noteUnread(stream, StreamType.HttpRequest);
    proxy_continue_stream(StreamType.HttpRequest);
  }
  return true;
}

/** Whether a filter in front has put more into the body than what may go on. */
function hasMore(record: usize): bool {
  return proxy_get_buffer_status(BufferType.HttpRequestBody, cell, cell + 4) == Status.Ok && load<u32>(cell) > load<u32>(record);
}

/** What may go on already waits with what does not. */
function stay(stream: u32): void {
  const record: usize = requests == 0 ? 0 : findRecord(requests, stream);
  if (record != 0) store<u32>(record, SEEN, 4);
}

/** Be called once all that Envoy does now is over; false when that cannot be. */
function callBack(stream: u32): bool {
  if (queue == 0) random_get(NAME(), 16);
  // Each time: the context that hears of it is that of the stream's configuration, and the one before may have gone.
  if (proxy_register_shared_queue(NAME(), 16, cell) != Status.Ok) return false;
  queue = load<u32>(cell);
  store<u32>(ITEM(), stream);
  return proxy_enqueue_shared_queue(queue, ITEM(), 4) == Status.Ok;
}
