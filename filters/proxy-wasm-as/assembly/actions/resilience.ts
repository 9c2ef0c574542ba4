import { Bytes, bytes, equal, header, lengthOf, MISSING, pointerOf, replaceHeader, trimmed } from "../bytes";
import { ABORT, chance, DELAY } from "../chance";
import { decimal, fromDecimal } from "../decimal";
import { proxy_get_current_time_nanoseconds } from "../env";
import { forgetPairs, nextValue, rewind } from "../pairs";
import { allocate, deny, holdsBackChange } from "../policy";
import { removeHeader } from "./headers";

// Headers that Envoy's router and its fault filter act on. Every listener strips them from what comes in, so one that is there is of a
// policy before.
// "x-envoy-upstream-rq-timeout-ms"
function TIMEOUT(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 117, 112, 115, 116, 114, 101, 97, 109, 45, 114, 113, 45, 116, 105, 109, 101, 111, 117, 116, 45, 109, 115]), 30); }
// "x-envoy-max-retries"
function ATTEMPTS(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 109, 97, 120, 45, 114, 101, 116, 114, 105, 101, 115]), 19); }
// "x-envoy-retry-on"
function CONDITIONS(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 114, 101, 116, 114, 121, 45, 111, 110]), 16); }
// "x-envoy-retry-grpc-on"
function STATUSES(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 114, 101, 116, 114, 121, 45, 103, 114, 112, 99, 45, 111, 110]), 21); }
// "x-envoy-fault-delay-request"
function DELAYED(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 102, 97, 117, 108, 116, 45, 100, 101, 108, 97, 121, 45, 114, 101, 113, 117, 101, 115, 116]), 27); }
// "x-envoy-fault-abort-request"
function ABORTED(): Bytes { return bytes(memory.data<u8>([120, 45, 101, 110, 118, 111, 121, 45, 102, 97, 117, 108, 116, 45, 97, 98, 111, 114, 116, 45, 114, 101, 113, 117, 101, 115, 116]), 27); }
// "fault filter abort", as Envoy says it
function BROKEN(): Bytes { return bytes(memory.data<u8>([102, 97, 117, 108, 116, 32, 102, 105, 108, 116, 101, 114, 32, 97, 98, 111, 114, 116]), 18); }
// "x-wire-budget"
function BUDGET(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 98, 117, 100, 103, 101, 116]), 13); }
// "baggage"
function BAGGAGE(): Bytes { return bytes(memory.data<u8>([98, 97, 103, 103, 97, 103, 101]), 7); }
// "wire-deadline="
function DEADLINE(): Bytes { return bytes(memory.data<u8>([119, 105, 114, 101, 45, 100, 101, 97, 100, 108, 105, 110, 101, 61]), 14); }
// "The deadline has passed"
function OVER(): Bytes { return bytes(memory.data<u8>([84, 104, 101, 32, 100, 101, 97, 100, 108, 105, 110, 101, 32, 104, 97, 115, 32, 112, 97, 115, 115, 101, 100]), 23); }

const MILLISECOND: i64 = 1000000;
const now: usize = memory.data(8);

/** The last one counts, but for a deadline, which none can exceed. */
export function setTimeout(timeout: i64): void {
  if (holdsBackChange()) return;
  const left = fromDecimal(header(BUDGET()));
  const ms = milliseconds(timeout);
  limit(left > 0 && (ms == 0 || left < ms) ? left : ms, delayed());
}

/** Envoy's clock begins when a request has been held back, which is part of the time that the answer may take: as if a proxy behind held it back. */
function limit(ms: i64, delay: i64): void {
  if (ms > 0 && ms <= delay) {
    write(TIMEOUT(), 1);
    write(ABORTED(), 504);
    return;
  }
  write(TIMEOUT(), ms == 0 ? 0 : ms - delay);
  if (delay > 0) removeHeader(ABORTED());
}

function delayed(): i64 {
  return max<i64>(fromDecimal(header(DELAYED())), 0);
}

/** The earliest deadline of the request's baggage and this one goes on in the baggage. */
export function setDeadline(budget: i64): bool {
  if (holdsBackChange()) return true;
  store<u64>(now, 0);
  proxy_get_current_time_nanoseconds(now);
  const at = load<i64>(now) / MILLISECOND;
  const own = budget > 0 ? at + milliseconds(budget) : at;
  const deadline = shareDeadline(own);
  const left = deadline - at;
  if (left <= 0) {
    deny(504, OVER());
    return false;
  }
  const timeout = fromDecimal(header(TIMEOUT()));
  const delay = delayed();
  write(BUDGET(), left);
  // A delay that is too long for the timeout is too long for less.
  if (delay > 0 && header(ABORTED()) != MISSING) return true;
  if (timeout <= 0 || timeout + delay > left) limit(left, delay);
  return true;
}

/** Envoy takes no more attempts than fit its number. `statuses` are those conditions that are statuses of gRPC. */
export function setRetries(attempts: i64, conditions: Bytes, statuses: Bytes = 0): void {
  if (holdsBackChange()) return;
  write(ATTEMPTS(), min<i64>(max<i64>(attempts, 0), i32.MAX_VALUE));
  retryOn(CONDITIONS(), conditions);
  retryOn(STATUSES(), statuses);
}

/** Without any, those of a policy before do not stay. */
function retryOn(name: Bytes, conditions: Bytes): void {
  if (lengthOf(conditions) == 0) removeHeader(name);
  else replaceHeader(name, conditions);
}

/** Delays add up, as if each policy held the request back by itself. */
export function injectDelay(delay: i64, percent: f64): void {
  if (delay <= 0 || !chance(percent, DELAY) || holdsBackChange()) return;
  const before = delayed();
  const all = before + milliseconds(delay);
  write(DELAYED(), all);
  const timeout = fromDecimal(header(TIMEOUT()));
  if (timeout > 0) limit(timeout + before, all);
}

/** True when it is this request's turn: it is answered, and nothing of the policy follows. */
export function injectAbort(status: u32, percent: f64): bool {
  if (!chance(percent, ABORT)) return false;
  deny(status, BROKEN());
  return true;
}

/** The least that is not less. What is below zero is over: as little as can be said, since zero means no limit. */
function milliseconds(duration: i64): i64 {
  if (duration < 0) return 1;
  return duration / MILLISECOND + (duration % MILLISECOND > 0 ? 1 : 0);
}

function write(name: Bytes, value: i64): void {
  replaceHeader(name, decimal(value));
  forgetPairs();
}

/** Leave one deadline in the baggage, the earliest of those that are there and this one, and say which. */
function shareDeadline(own: i64): i64 {
  let earliest = own;
  let size: usize = 0;
  rewind();
  for (let value = nextValue(BAGGAGE()); value != MISSING; value = nextValue(BAGGAGE())) {
    size += lengthOf(value) + 1;
    for (let member = memberAt(pointerOf(value), value); member != MISSING; member = after(member, value)) {
      const found = deadlineIn(member);
      if (found >= 0 && found < earliest) earliest = found;
    }
  }
  const start = allocate(size + lengthOf(DEADLINE()) + 20);
  let to = start;
  rewind();
  for (let value = nextValue(BAGGAGE()); value != MISSING; value = nextValue(BAGGAGE())) {
    for (let member = memberAt(pointerOf(value), value); member != MISSING; member = after(member, value)) {
      if (isDeadline(member) || lengthOf(member) == 0) continue;
      to = put(to, member);
      store<u8>(to++, 44);
    }
  }
  to = put(put(to, DEADLINE()), decimal(max<i64>(earliest, 0)));
  replaceHeader(BAGGAGE(), bytes(start, to - start));
  forgetPairs();
  return earliest;
}

/** The member of a list that begins here, without the blanks around it. */
function memberAt(start: usize, list: Bytes): Bytes {
  const end = pointerOf(list) + lengthOf(list);
  let stop = start;
  while (stop < end && load<u8>(stop) != 44) stop++;
  return trimmed(bytes(start, stop - start));
}

function after(member: Bytes, list: Bytes): Bytes {
  const end = pointerOf(list) + lengthOf(list);
  let at = pointerOf(member) + lengthOf(member);
  while (at < end && load<u8>(at) != 44) at++;
  return at < end ? memberAt(at + 1, list) : MISSING;
}

function isDeadline(member: Bytes): bool {
  const length = lengthOf(DEADLINE());
  return lengthOf(member) >= length && equal(bytes(pointerOf(member), length), DEADLINE());
}

/** Milliseconds since 1970; -1 when it is another member, or not a number. */
function deadlineIn(member: Bytes): i64 {
  if (!isDeadline(member)) return -1;
  const start = pointerOf(member) + lengthOf(DEADLINE());
  let end = pointerOf(member) + lengthOf(member);
  for (let at = start; at < end; at++) if (load<u8>(at) == 59) end = at;
  return fromDecimal(trimmed(bytes(start, end - start)));
}

function put(to: usize, text: Bytes): usize {
  memory.copy(to, pointerOf(text), lengthOf(text));
  return to + lengthOf(text);
}
