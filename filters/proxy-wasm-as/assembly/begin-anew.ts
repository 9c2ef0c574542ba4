import { isOver } from "./at-work";
import { StreamType } from "./enums";
import { proxy_continue_stream } from "./env";
import { addRecord, createSlab, findRecord } from "./slab";

// Where `allow_on_headers_stop_iteration` is not said, headers that are paused hold all that follows, and what has come meanwhile comes from within what lets them go. A body
// that is paused there Envoy loses when trailers behind it go on by what their callback returns: it begins anew with these, and not with the body. Let go by the host in that
// callback, both come anew, and go on as the filter has said already.

/** Headers are paused. */
const HELD: u8 = 1;
/** They have been let go since, so that what comes may come from within that. */
const LET_GO: u8 = 2;
/** A piece of the body is paused that came then. */
const BODY: u8 = 3;

/** How far each direction of a stream has come; 0 before the first headers that are paused. */
let paused: usize = 0;
/** What comes anew: the stream, and which way. */
let stream: u32 = 0;
let direction: u32 = 0;

/** Whether what comes has been decided about: it goes on, and the filter is not asked. */
export function comesAnew(context: u32, what: StreamType): bool {
  return stream == context && direction == what;
}

/** Said with what the callback for headers returns, which is what it gives. */
export function passHeaders(context: u32, what: StreamType, flow: u32): u32 {
  if (flow == 0) return flow;
  if (paused == 0) paused = createSlab(2);
  let record = findRecord(paused, context);
  if (record == 0) {
    record = addRecord(paused, context);
    store<u16>(record, 0);
  }
  store<u8>(record + what, HELD);
  return flow;
}

/** Said when the filter lets go of a message. */
export function noteLetGo(context: u32, what: StreamType): void {
  const record: usize = paused == 0 ? 0 : findRecord(paused, context);
  if (record != 0 && load<u8>(record + what) == HELD) store<u8>(record + what, LET_GO);
}

/** The same as `passHeaders` of a piece of the body. */
export function passBody(context: u32, what: StreamType, flow: u32): u32 {
  const record: usize = paused == 0 ? 0 : findRecord(paused, context);
  if (record != 0 && load<u8>(record + what) >= LET_GO) store<u8>(record + what, flow == 0 ? LET_GO : BODY);
  return flow;
}

/** The same of trailers. Where they come by themselves, they and the body go on by this as by what is returned. */
export function passTrailers(context: u32, what: StreamType, flow: u32): u32 {
  const record: usize = paused == 0 ? 0 : findRecord(paused, context);
  if (flow != 0 || record == 0 || load<u8>(record + what) != BODY || isOver(context)) return flow;
  store<u8>(record + what, 0);
  stream = context;
  direction = what;
  proxy_continue_stream(what);
  return 1;
}
