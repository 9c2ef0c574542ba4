import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, same, trimmed } from "./bytes";
import { proxy_remove_header_map_value, proxy_replace_header_map_value } from "./env";
import { allocate } from "./memory";
import { afterMember, allValues, allSaid, firstMember, isMember, isSaid, readState, revision, stateHeader, stateIn, token } from "./path-state";
import { begin, callerName, currentBlock, leave } from "./policy";
import { fact, nextField } from "./plugins";
import { random_get } from "./wasi_snapshot_preview1";

// The stamp of a service: an update of the state of a request's path (design §5). What it has to know is in the configuration:
//
//     @path     HEADER  list | whole
//     @outside  *                                   all requests come from outside
//     @outside  !                                   those of no service of a `@peer` line do
//     @begin    REVISION                            paths begin with a state of this one; without, they begin without a state
//     @stamp    REVISION  ORIGIN  FROM>TO,FROM>TO   for each revision that is in use
//
// ORIGIN is the state of paths that begin here, `-` where none does. In a revision in which the service does not stamp the list is `=`.

const REQUEST: u32 = 0;
const MEMBERS_MAX: u32 = 32;
/** More than this of `tracestate` some libraries do not take. In bytes. */
const TRACE_STATE_MAX: usize = 512;
const IDENTITY: usize = 55;
const ANYBODY: u8 = 42;
const BUT: u8 = 33;
const UNCHANGED: u8 = 61;
const NONE: u8 = 45;
const COMMA: u8 = 44;
const EQUALS: u8 = 61;
const AT: u8 = 64;

// "@outside\t@stamp\twire=traceparenttracestate@begin\t"
const WORDS: usize = memory.data<u8>([
  64, 111, 117, 116, 115, 105, 100, 101, 9, 64, 115, 116, 97, 109, 112, 9, 119, 105, 114, 101, 61, 116, 114, 97, 99, 101, 112,
  97, 114, 101, 110, 116, 116, 114, 97, 99, 101, 115, 116, 97, 116, 101, 64, 98, 101, 103, 105, 110, 9,
]);
const random: usize = memory.data(24);

/** Stamp a request that comes in; one that the service has made by itself and that goes out, where it is an origin. Said in `onRequestHeaders`. */
export function stamp(context: u32, isOutbound: bool): u32 {
  begin(context);
  if (currentBlock() != 0) {
    readState();
    if (isOutbound) {
      // What the service was asked to do has a state, be it one that nobody can read; what it does by itself has none.
      if (!isSaid) writeFirst();
    } else if (comesFromOutside()) {
      writeFirst();
    } else {
      advance();
    }
  }
  return leave();
}

function comesFromOutside(): bool {
  const which = fact(currentBlock(), bytes(WORDS, 9));
  if (which == MISSING) return false;
  const sign = load<u8>(pointerOf(which));
  return sign == ANYBODY || (sign == BUT && callerName() == MISSING);
}

/** The state of a path that begins here, of the revision that is written now. What outside traffic brings is none. */
function writeFirst(): void {
  const now = fact(currentBlock(), bytes(WORDS + 42, 7));
  const first = now == MISSING ? MISSING : originOf(now);
  if (first == MISSING || load<u8>(pointerOf(first)) == NONE) write(MISSING, MISSING);
  else write(now, first);
}

/** The state behind this service; a state that is of no revision in use, or is none of those that come here, is lost from here on. */
function advance(): void {
  if (revision == MISSING || originOf(revision) == MISSING) {
    write(MISSING, MISSING);
    return;
  }
  const states = nextField();
  if (lengthOf(states) == 1 && load<u8>(pointerOf(states)) == UNCHANGED) return;
  const state = behind(states, token);
  if (!equal(state, token)) write(revision, state);
}

/** The field behind a revision that is in use; MISSING where it is not. The next field is the one behind. */
function originOf(which: Bytes): Bytes {
  const size = lengthOf(which);
  const key = allocate(8 + size);
  memory.copy(key, WORDS + 9, 7);
  memory.copy(key + 7, pointerOf(which), size);
  store<u8>(key + 7 + size, 9);
  return fact(currentBlock(), bytes(key, 8 + size));
}

/** What a list of `FROM>TO` leads to from a state. */
function behind(states: Bytes, from: Bytes): Bytes {
  for (let rest = states; rest != MISSING; ) {
    const step = firstMember(rest);
    rest = afterMember(rest, step);
    const size = lengthOf(from);
    if (lengthOf(step) > size + 1 && load<u8>(pointerOf(step) + size) == 62 && same(pointerOf(step), pointerOf(from), size))
      return bytes(pointerOf(step) + size + 1, lengthOf(step) - size - 1);
  }
  return MISSING;
}

/** Have the header say this state and no other one, or none, and beside it what others have said. */
function write(ofRevision: Bytes, state: Bytes): void {
  if (state == MISSING && !isSaid) return;
  const name = stateHeader;
  const size: usize = state == MISSING ? 0 : lengthOf(ofRevision) + 1 + lengthOf(state);
  const isRead = state != MISSING && isTraceState(name);
  const others = isMember ? otherMembers(isRead ? TRACE_STATE_MAX - size - 5 : 0) : MISSING;
  if (state == MISSING && others == MISSING) {
    proxy_remove_header_map_value(REQUEST, pointerOf(name), lengthOf(name));
    return;
  }
  const start = allocate(6 + size + (others == MISSING ? 0 : lengthOf(others)));
  let at = start;
  if (state != MISSING) {
    if (isMember) at = put(at, bytes(WORDS + 16, 5));
    at = put(at, ofRevision);
    store<u8>(at++, 46);
    at = put(at, state);
  }
  if (others != MISSING) {
    if (at > start) store<u8>(at++, COMMA);
    at = put(at, others);
  }
  proxy_replace_header_map_value(REQUEST, pointerOf(name), lengthOf(name), start, at - start);
  if (isRead) beTraced();
}

function isTraceState(name: Bytes): bool {
  return equal(name, bytes(WORDS + 32, 10));
}

/**
 * The members that are not ours, as many as there may be beside it. Those that libraries would drop the whole list for are left out where there is `room` for so many
 * bytes: who calls from outside would have the state dropped with them.
 */
function otherMembers(room: usize): Bytes {
  if (allSaid == MISSING) return MISSING;
  const start = allocate(lengthOf(allSaid));
  let at = start;
  let count: u32 = 1;
  for (let rest = allSaid; rest != MISSING && count < MEMBERS_MAX; ) {
    const member = firstMember(rest);
    rest = afterMember(rest, member);
    const own = trimmed(member);
    if (lengthOf(own) == 0 || stateIn(own) != MISSING) continue;
    if (room != 0) {
      const key = keySize(own);
      if (key == 0 || at - start + 1 + lengthOf(own) > room || isAmong(bytes(start, at - start), pointerOf(own), key)) continue;
    }
    if (at > start) store<u8>(at++, COMMA);
    at = put(at, own);
    count++;
  }
  return at == start ? MISSING : bytes(start, at - start);
}

/** How long the key of a member of `tracestate` is, with what ends it; 0 of what is no member that each library takes. */
function keySize(member: Bytes): usize {
  const start = pointerOf(member);
  const end = start + lengthOf(member);
  // Where the key begins, or what follows the `@` in it.
  let from = start;
  let at = start;
  for (; at < end && load<u8>(at) != EQUALS; at++) {
    const byte = load<u8>(at);
    if (byte == AT) {
      if (from > start || at == start || at - start > 241) return 0;
      from = at + 1;
    } else if (!isOfKey(byte)) return 0;
  }
  const isOfTenant = from > start;
  if (at == from || at - from > <usize>(isOfTenant ? 14 : 256) || !isLetter(load<u8>(from))) return 0;
  if (isOfTenant && !isLetter(load<u8>(start)) && !isDigit(load<u8>(start))) return 0;
  const value = at + 1;
  if (value >= end || end - value > 256) return 0;
  for (let i = value; i < end; i++) {
    const byte = load<u8>(i);
    if (byte < 32 || byte > 126 || byte == EQUALS) return 0;
  }
  return value - start;
}

/** Whether a list has a member with this key. */
function isAmong(list: Bytes, key: usize, size: usize): bool {
  for (let rest = list; rest != MISSING; ) {
    const member = firstMember(rest);
    rest = afterMember(rest, member);
    if (lengthOf(member) > size && same(pointerOf(member), key, size)) return true;
  }
  return false;
}

function isOfKey(byte: u8): bool {
  return isLetter(byte) || isDigit(byte) || byte == 95 || byte == 45 || byte == 42 || byte == 47;
}

function isLetter(byte: u8): bool {
  return byte >= 97 && byte <= 122;
}

function isDigit(byte: u8): bool {
  return byte >= 48 && byte <= 57;
}

/**
 * Tracing libraries drop a `tracestate` that stands alone, or beside a `traceparent` that they cannot read: such a request gets an identity, as one that nobody samples.
 */
function beTraced(): void {
  const name = bytes(WORDS + 21, 11);
  if (isIdentity(allValues(name))) return;
  random_get(random, 24);
  const start = allocate(IDENTITY);
  store<u16>(start, 0x3030);
  store<u8>(start + 2, 45);
  hex(start + 3, random, 16);
  store<u8>(start + 35, 45);
  hex(start + 36, random + 16, 8);
  store<u8>(start + 52, 45);
  store<u16>(start + 53, 0x3030);
  proxy_replace_header_map_value(REQUEST, pointerOf(name), lengthOf(name), start, IDENTITY);
}

/** Whether this is one `traceparent`: version, trace, parent and flags, of which neither trace nor parent is zero. */
function isIdentity(value: Bytes): bool {
  if (value == MISSING || lengthOf(value) != IDENTITY) return false;
  const start = pointerOf(value);
  // "ff" is no version.
  if (load<u16>(start) == 0x6666) return false;
  let digits: u8 = 0;
  for (let at: usize = 0; at < IDENTITY; at++) {
    const byte = load<u8>(start + at);
    if (at == 2 || at == 35 || at == 52) {
      if (byte != 45 || (at > 2 && digits == 0)) return false;
      digits = 0;
    } else if (isDigit(byte) || (byte >= 97 && byte <= 102)) {
      digits |= byte ^ 48;
    } else return false;
  }
  return true;
}

function hex(to: usize, from: usize, size: usize): void {
  for (let i: usize = 0; i < size; i++) {
    const byte = load<u8>(from + i);
    store<u8>(to + 2 * i, digit(byte >> 4));
    store<u8>(to + 2 * i + 1, digit(byte & 15));
  }
}

function digit(value: u8): u8 {
  return value < 10 ? 48 + value : 87 + value;
}

function put(to: usize, text: Bytes): usize {
  memory.copy(to, pointerOf(text), lengthOf(text));
  return to + lengthOf(text);
}
