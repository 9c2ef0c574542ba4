import { fromBytes, now, randomBytes, Request, shared, Status, utf8 } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** Requests a second that a caller may keep up. With 0 none passes. */
  rate: f64 = 10;
  /** How many a caller may send at once after a pause. With 0 none passes. */
  burst: i64 = 20;
  /** The header that says who calls, for those that have it; the others, or all with "", are told by their addresses. */
  header: string = "";
  /** How many bits of an IPv6 address tell callers apart: who has one of these networks has all of its addresses. */
  prefix: i32 = 64;
}
export const params = new Params();

// Callers share sets by a hash, and a set is one value of the shared data, so that all of it changes at once: for each of its callers a
// hash, and the moment in nanoseconds at which the bucket is full again. One that is full says nothing, and its place is free.
const SETS: u64 = 1024;
const PLACES = 8;
const PLACE = 16;
/** Keys of the shared data. */
const NAME = "token-bucket/";
/** As often as others may be first. */
const TRIES = 1000;

/** Of the hashes, so that nobody can prepare two callers who share one; as all workers know it. */
let secret: u64 = 0;

export function onRequest(request: Request): void {
  const waits = secondsToWait(hashOf(callerOf(request)));
  if (waits > 0) request.reply(429, "too many requests", [["retry-after", `${waits}`]], 8);
}

/** The values of the header as one text, or the address; marked, so that no header says an address. */
function callerOf(request: Request): string {
  if (params.header != "") {
    const said = request.headers.getJoined(utf8.encode(params.header));
    if (said !== null) return "h" + said;
  }
  const address = request.caller;
  return address === null ? "" : "a" + networkOf(address);
}

/** The address of IPv4, also where it is written in IPv6, or the network of one of IPv6. */
function networkOf(address: string): string {
  const groups = new StaticArray<i32>(GROUPS);
  if (!address.includes(":") || !readGroups(address, groups)) return address;
  let text = "";
  if (hasIpv4(groups)) {
    for (let i = 6; i < GROUPS; i++) text += `.${groups[i] >> 8}.${groups[i] & 255}`;
    return text.substring(1);
  }
  for (let i = 0; i < GROUPS; i++) {
    const bits = min(max(params.prefix - 16 * i, 0), 16);
    text += `:${groups[i] & (0xffff << (16 - bits))}`;
  }
  return text;
}

const GROUPS = 8;

/** `::ffff:a.b.c.d`, as a socket for both has it, and `64:ff9b::a.b.c.d`, as translators do. */
function hasIpv4(groups: StaticArray<i32>): bool {
  for (let i = 2; i < 5; i++) if (groups[i] != 0) return false;
  return groups[0] == 0 && groups[1] == 0 ? groups[5] == 0xffff : groups[0] == 0x64 && groups[1] == 0xff9b && groups[5] == 0;
}

/** Read an address of IPv6, as RFC 4291 writes it, without brackets and zone; false for what is none. */
function readGroups(text: string, groups: StaticArray<i32>): bool {
  let at = text.startsWith("[") ? 1 : 0;
  let end = at;
  while (end < text.length && text.charCodeAt(end) != 93 && text.charCodeAt(end) != 37) end++;
  let count = 0;
  let gap = -1;
  if (isColon(text, at) && isColon(text, at + 1)) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    const start = at;
    let value = 0;
    while (at < end && digitAt(text, at) >= 0 && at - start < 5) value = (value << 4) | digitAt(text, at++);
    if (count == GROUPS || at == start || at - start > 4) return false;
    if (at < end && text.charCodeAt(at) == 46) {
      if (count > 6 || !readIpv4(text, start, end, groups, count)) return false;
      count += 2;
      break;
    }
    groups[count++] = value;
    if (at == end) break;
    // One at the end says nothing: two do.
    if (!isColon(text, at++) || at == end) return false;
    if (!isColon(text, at)) continue;
    if (gap >= 0) return false;
    gap = count;
    at++;
  }
  if (gap < 0) return count == GROUPS;
  const missing = GROUPS - count;
  for (let i = count - 1; i >= gap; i--) groups[i + missing] = groups[i];
  for (let i = gap; i < gap + missing; i++) groups[i] = 0;
  return missing > 0;
}

/** Four decimal numbers with points between, as two groups. */
function readIpv4(text: string, start: i32, end: i32, groups: StaticArray<i32>, place: i32): bool {
  const parts = text.substring(start, end).split(".");
  if (parts.length != 4) return false;
  for (let i = 0; i < 4; i++) {
    let value = 0;
    for (let j = 0; j < parts[i].length; j++) {
      const digit = digitAt(parts[i], j);
      if (digit < 0 || digit > 9 || j > 2) return false;
      value = value * 10 + digit;
    }
    if (parts[i] == "" || value > 255) return false;
    const group = place + (i >> 1);
    groups[group] = (i & 1) == 0 ? value << 8 : groups[group] | value;
  }
  return true;
}

function isColon(text: string, at: i32): bool {
  return at < text.length && text.charCodeAt(at) == 58;
}

function digitAt(text: string, at: i32): i32 {
  const unit = text.charCodeAt(at);
  if (unit >= 48 && unit <= 57) return unit - 48;
  const letter = unit | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Take a token; 0 when there was one, else in how many whole seconds there is one again. */
function secondsToWait(caller: u64): u64 {
  // A day, where there will be none.
  if (!(params.rate > 0) || params.burst <= 0) return 86400;
  // Rounded up: never more than the rate.
  const interval = <i64>max<f64>(Math.ceil(min<f64>(1e9 / params.rate, 1e17)), 1);
  const depth = <i64>min<f64>(<f64>interval * <f64>params.burst, 4e18);
  const key = `${NAME}${caller % SETS}`;
  for (let tries = 0; tries < TRIES; tries++) {
    const found = shared.get(key);
    const set = found === null ? "" : found.value;
    const time = <i64>now();
    const place = placeOf(set, caller, time);
    const said = numberAt(set, place) == caller ? <i64>numberAt(set, place + 8) : 0;
    const full = min(max(said, time), time + depth);
    const waits = full + interval - time - depth;
    // Whoever is refused changes nothing. Unless the clock was set back: then the bucket is empty, but no emptier than that.
    if (waits > 0 && said <= full) return inSeconds(waits);
    const after = textOf(caller) + textOf(waits > 0 ? full : full + interval);
    const changed = set.substring(0, place) + after + set.substring(place + PLACE);
    const status = shared.set(key, changed, found === null ? shared.NEW : found.version);
    if (status != Status.CasMismatch) return waits > 0 ? inSeconds(waits) : 0;
  }
  return 1;
}

function inSeconds(nanoseconds: i64): u64 {
  return <u64>((nanoseconds + 999999999) / 1000000000);
}

/** Where the caller is in the set, or could be: at a place that is free, else at the one that is free soonest. */
function placeOf(set: string, caller: u64, time: i64): i32 {
  let best = set.length;
  let soonest: i64 = set.length < PLACES * PLACE ? time : i64.MAX_VALUE;
  for (let place = 0; place < set.length; place += PLACE) {
    if (numberAt(set, place) == caller) return place;
    const full = <i64>numberAt(set, place + 8);
    if (full > time && full >= soonest) continue;
    best = place;
    soonest = min(full, time);
  }
  return best;
}

/** 64 bits, the lowest byte first; 0 where the set ends. */
function numberAt(set: string, at: i32): u64 {
  if (at >= set.length) return 0;
  let value: u64 = 0;
  for (let i = 7; i >= 0; i--) value = (value << 8) | <u64>set.charCodeAt(at + i);
  return value;
}

function textOf(value: u64): string {
  const bytes = new Uint8Array(8);
  store<u64>(bytes.dataStart, value);
  return fromBytes(bytes);
}

/** Of 64 bits, with a secret; never 0, which stands for nobody. */
function hashOf(text: string): u64 {
  let hash = secretOfAll();
  for (let i = 0; i < text.length; i++) {
    hash = (hash ^ <u64>text.charCodeAt(i)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash == 0 ? 1 : hash;
}

/** The first worker that asks makes it. */
function secretOfAll(): u64 {
  if (secret == 0) {
    shared.set(NAME + "secret", fromBytes(randomBytes(8)), shared.NEW);
    const found = shared.get(NAME + "secret");
    secret = (found === null ? 0 : numberAt(found.value, 0)) | 1;
  }
  return secret;
}
