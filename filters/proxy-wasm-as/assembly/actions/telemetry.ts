import { inOneLine } from "../access-log";
import { Bytes, bytes, equal, header, lengthOf, MISSING, pointerOf } from "../bytes";
import { proxy_define_metric, proxy_increment_metric, proxy_log, proxy_record_metric } from "../env";
import { appendBytes, begin, view } from "../line";
import { holdsBack } from "../policy";

export { tagAccessLog } from "../access-log";

const COUNTER: u32 = 0;
const HISTOGRAM: u32 = 2;

/**
 * Add to the counter `wire.NAME`. It only goes up: nothing is taken from it. `id` is where the number stays that Envoy gives it: 4 bytes,
 * the same wherever a module says this name, so that it is defined once.
 */
export function count(id: usize, name: Bytes, by: i64): void {
  if (holdsBack() || by <= 0) return;
  proxy_increment_metric(metric(COUNTER, id, name), by);
}

/** Record a value in the histogram `wire.NAME`; a negative one as 0. `id` as for `count`, but another one. */
export function histogram(id: usize, name: Bytes, value: i64): void {
  if (holdsBack()) return;
  proxy_record_metric(metric(HISTOGRAM, id, name), value < 0 ? 0 : value);
}

/** Write to the proxy's log; the level from 0, trace, to 5, critical. What would begin another line becomes a space. */
export function log(message: Bytes, level: u32): void {
  if (holdsBack()) return;
  const line = inOneLine(message);
  proxy_log(level, pointerOf(line), lengthOf(line));
}

/** Of a response: its HTTP status, 0 where it has none. */
export function getStatus(): i64 {
  const text = header(bytes(memory.data<u8>([58, 115, 116, 97, 116, 117, 115]), 7));
  let status: i64 = 0;
  if (text == MISSING) return status;
  for (let i: usize = 0; i < lengthOf(text); i++) status = status * 10 + (load<u8>(pointerOf(text) + i) - 48);
  return status;
}

/** Of a response: whether it is a failure, or with false, whether it is none. */
export function isRequestStatus(failed: bool): bool {
  return hasFailed() == failed;
}

function hasFailed(): bool {
  if (getStatus() >= 500) return true;
  const grpc = header(bytes(memory.data<u8>([103, 114, 112, 99, 45, 115, 116, 97, 116, 117, 115]), 11));
  return grpc != MISSING && !equal(grpc, bytes(memory.data<u8>([48]), 1));
}

/** Its number. Envoy gives none that is 0, and another one each time that it is asked. */
function metric(kind: u32, id: usize, name: Bytes): u32 {
  if (load<u32>(id) == 0) {
    begin("wire.");
    appendBytes(name);
    const full = view();
    proxy_define_metric(kind, pointerOf(full), lengthOf(full), id);
  }
  return load<u32>(id);
}
