import { Bytes, bytes, lengthOf, pointerOf } from "../bytes";
import { proxy_get_current_time_nanoseconds, proxy_get_shared_data, proxy_set_shared_data } from "../env";
import { stream, turn } from "../phase";
import { allocate, audits } from "../policy";

// What outlives a request. A state is a slot, in zeroed memory of the module's own, as much of it as it needs: its key, then two
// places, one for while its policy is enforced and one for while it is audited, which sees only what itself has done. A place: the
// turn of its snapshot, whether it was ever written, the snapshot, and for the scope `worker` the value. Of the scope `proxy` the
// value is in the host's shared data, under the key.
/** The bytes of a slot. */
export const SLOT: i32 = 96;
const PLACE: u32 = 40;

// The value at work, as long as the longest, and what the host writes to: pointer, size and the number for compare-and-swap.
const value: usize = memory.data(24);
const cell: usize = memory.data(16);
let seen: u32 = 0;

/** No value was ever read with this number: with it, only a key that is not there can be written. */
const NEW: u32 = u32.MAX_VALUE;
const MISMATCH: u32 = 8;
const SECOND: u64 = 1000000000;

/** Said before any use: a slot's key in the shared data, or 0 bytes for the scope `worker`. */
export function state(slot: usize, key: Bytes): void {
  store<u64>(slot, key);
}

/** Add to a counter. This request sees the sum that it made, whatever others add to it afterwards. */
export function increment(slot: usize, by: i64): void {
  const place = placeOf(slot);
  let sum: i64;
  do {
    read(slot, 8);
    sum = load<i64>(value) + by;
    store<i64>(value, sum);
  } while (!write(slot, 8, seen));
  note(place, sum);
}

export function resetCounter(slot: usize): void {
  store<i64>(value, 0);
  write(slot, 8, 0);
  note(placeOf(slot), 0);
}

/** As it was when this request first looked, or as it was left by what this request did to it last. */
export function getCount(slot: usize): i64 {
  const place = placeOf(slot);
  if (load<u32>(place) != turn) {
    read(slot, 8);
    note(place, load<i64>(value));
  }
  return load<i64>(place + 8);
}

export function isGreaterThan(slot: usize, limit: i64): bool {
  return getCount(slot) > limit;
}

/** Whether so many nanoseconds have passed since the last reset, or since this was first asked. One request always gets one answer. */
export function isTimeSince(slot: usize, time: i64): bool {
  const place = placeOf(slot);
  if (load<u32>(place) != turn) {
    let passed: i64;
    do {
      const isThere = read(slot, 8);
      // The clock comes after the value: so it has gone on since, and is behind it only when it was set back.
      const now = clock();
      passed = isThere ? now - load<i64>(value) : -1;
      if (passed >= 0) break;
      passed = 0;
      store<i64>(value, now);
    } while (!write(slot, 8, seen));
    note(place, passed);
  }
  return load<i64>(place + 8) >= time;
}

export function resetTimer(slot: usize): void {
  store<i64>(value, clock());
  write(slot, 8, 0);
  note(placeOf(slot), 0);
}

/**
 * Take a token, if there is one. In whole nanotokens, and the rest of a division is kept, so that a bucket gives exactly its
 * rate however often it is asked. The value: when it was last filled, its nanotokens, and billionths of one.
 */
export function takeToken(slot: usize, perSecond: f64, burst: i64): bool {
  if (burst <= 0) return false;
  const capacity = min<u64>(burst, 9000000000) * SECOND;
  const rate: u64 = perSecond > 0 ? <u64>nearest(min<f64>(perSecond, 9e9) * 1e9) : 0;
  while (true) {
    const isThere = read(slot, 24);
    const now = clock();
    let last = load<i64>(value);
    let tokens = min(load<u64>(value + 8), capacity);
    let rest = load<u64>(value + 16);
    if (!isThere) {
      tokens = capacity;
      rest = 0;
    } else if (now > last) {
      const seconds = <u64>(now - last) / SECOND;
      const nanoseconds = <u64>(now - last) % SECOND;
      const missing = capacity - tokens;
      const fraction = nanoseconds * (rate % SECOND) + rest;
      const added =
        rate > 0 && seconds > missing / rate
          ? missing
          : seconds * rate + nanoseconds * (rate / SECOND) + fraction / SECOND;
      const isFull = added >= missing;
      tokens = isFull ? capacity : tokens + added;
      rest = isFull ? 0 : fraction % SECOND;
    }
    const isTaken = tokens >= SECOND;
    // Nothing to write: what was missing then is counted from the same moment again. Unless the clock was set back.
    if (!isTaken && now >= last) return false;
    store<i64>(value, now);
    store<u64>(value + 8, isTaken ? tokens - SECOND : tokens);
    store<u64>(value + 16, rest);
    if (write(slot, 24, seen)) return isTaken;
  }
}

// Who holds a place of a limit: stream and mark, which is the slot and in its lowest bit whether it is audited; hashed by stream, with no gap between an entry and where it would like to be.
const HOLDERS: u32 = 8192;
const HOLDERS_MAX: u32 = 7168;
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const holders: usize = memory.data(65536);
let holding: u32 = 0;

/**
 * Count this stream, if fewer than `limit` are under way, until `release`. It counts once however often it asks. A worker keeps
 * 7,168 of them in mind and lets no more in.
 */
export function acquire(slot: usize, limit: i64): bool {
  const mark = <u32>slot | u32(audits());
  let at = homeOf(stream);
  for (; load<u32>(holders + at * 8) != 0; at = (at + 1) % HOLDERS) {
    if (load<u32>(holders + at * 8) == stream && load<u32>(holders + at * 8 + 4) == mark) return true;
  }
  if (holding == HOLDERS_MAX) return false;
  do {
    read(slot, 8);
    const others = load<i64>(value);
    if (others >= limit) return false;
    store<i64>(value, others + 1);
  } while (!write(slot, 8, seen));
  store<u32>(holders + at * 8, stream);
  store<u32>(holders + at * 8 + 4, mark);
  holding++;
  return true;
}

/**
 * Give back what a stream has acquired. Said in `proxy_on_log` and in `proxy_on_delete`, of which either may come alone, as the last
 * thing there; the second time there is nothing left.
 */
export function release(context: u32): void {
  let isAny = false;
  for (let at = homeOf(context); load<u32>(holders + at * 8) != 0; ) {
    if (load<u32>(holders + at * 8) != context) {
      at = (at + 1) % HOLDERS;
      continue;
    }
    const mark = load<u32>(holders + at * 8 + 4);
    remove(at);
    holding--;
    isAny = true;
    const slot: usize = mark & ~1;
    const key = keyOf(slot, (mark & 1) != 0);
    const place = slot + 16 + (mark & 1) * PLACE;
    do {
      readAt(key, place, 8);
      store<i64>(value, max<i64>(load<i64>(value) - 1, 0));
    } while (!writeAt(key, place, 8, seen));
  }
  if (isAny) __collect();
}

function homeOf(context: u32): u32 {
  return (context * 2654435761) >>> 19;
}

/** Take an entry out, and move up those behind it that would like to be nearer. */
function remove(at: u32): void {
  let gap = at;
  for (let next = (at + 1) % HOLDERS; load<u32>(holders + next * 8) != 0; next = (next + 1) % HOLDERS) {
    const home = homeOf(load<u32>(holders + next * 8));
    if ((next - home) % HOLDERS < (next - gap) % HOLDERS) continue;
    store<u64>(holders + gap * 8, load<u64>(holders + next * 8));
    gap = next;
  }
  store<u64>(holders + gap * 8, 0);
}

function placeOf(slot: usize): usize {
  return slot + 16 + u32(audits()) * PLACE;
}

function note(place: usize, snapshot: i64): void {
  store<u32>(place, turn);
  store<i64>(place + 8, snapshot);
}

function read(slot: usize, size: usize): bool {
  return readAt(keyOf(slot, audits()), placeOf(slot), size);
}

function write(slot: usize, size: usize, cas: u32): bool {
  return writeAt(keyOf(slot, audits()), placeOf(slot), size, cas);
}

/** The key in the shared data: that of an audited policy is another one. */
function keyOf(slot: usize, isAudited: bool): Bytes {
  const key = load<u64>(slot);
  if (!isAudited || lengthOf(key) == 0) return key;
  const own = allocate(lengthOf(key) + 6);
  memory.copy(own, pointerOf(key), lengthOf(key));
  memory.copy(own + lengthOf(key), memory.data<u8>([0, 97, 117, 100, 105, 116]), 6);
  return bytes(own, lengthOf(key) + 6);
}

/** Fetch the value; false, and all zeros, where there is none. */
function readAt(key: Bytes, place: usize, size: usize): bool {
  memory.fill(value, 0, 24);
  if (lengthOf(key) == 0) {
    memory.copy(value, place + 16, size);
    return load<u32>(place + 4) != 0;
  }
  seen = NEW;
  if (proxy_get_shared_data(pointerOf(key), lengthOf(key), cell, cell + 4, cell + 8) != 0) return false;
  seen = load<u32>(cell + 8);
  if (load<u32>(cell + 4) != <u32>size) return false;
  memory.copy(value, load<u32>(cell), size);
  return true;
}

/** Write the value; false when another was first, and it has to be read again. `cas` 0 overwrites whatever is there. */
function writeAt(key: Bytes, place: usize, size: usize, cas: u32): bool {
  if (lengthOf(key) == 0) {
    store<u32>(place + 4, 1);
    memory.copy(place + 16, value, size);
    return true;
  }
  return proxy_set_shared_data(pointerOf(key), lengthOf(key), value, size, cas) != MISMATCH;
}

function clock(): i64 {
  store<i64>(cell, 0);
  proxy_get_current_time_nanoseconds(cell);
  return load<i64>(cell);
}
