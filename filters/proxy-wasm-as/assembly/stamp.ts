import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, same, trimmed } from "./bytes";
import { proxy_remove_header_map_value, proxy_replace_header_map_value } from "./env";
import { isBaggageMember, isTraceMember } from "./list-members";
import { allocate } from "./memory";
import {
  afterMember, allSaid, findStateHeader, firstMember, isMember, isSaid, readState, revision, stateHeader, stateIn, token,
} from "./path-state";
import { nameHere, nextPair, rewind } from "./pairs";
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
/** More than this some libraries do not take: of members, and in bytes. */
const TRACE_MEMBERS_MAX: u32 = 32;
const TRACE_STATE_MAX: usize = 512;
const BAGGAGE_MEMBERS_MAX: u32 = 64;
const BAGGAGE_MAX: usize = 8192;
const IDENTITY: usize = 55;
const ANYBODY: u8 = 42;
const BUT: u8 = 33;
const UNCHANGED: u8 = 61;
const NONE: u8 = 45;
const COMMA: u8 = 44;

// "@outside\t@stamp\twire=traceparenttracestate@begin\t"
const WORDS: usize = memory.data<u8>([
  64, 111, 117, 116, 115, 105, 100, 101, 9, 64, 115, 116, 97, 109, 112, 9, 119, 105, 114, 101, 61, 116, 114, 97, 99, 101, 112,
  97, 114, 101, 110, 116, 116, 114, 97, 99, 101, 115, 116, 97, 116, 101, 64, 98, 101, 103, 105, 110, 9,
]);
const random: usize = memory.data(24);

/** All values of `traceparent`, joined by commas; MISSING where there is none. */
let identity: Bytes = MISSING;

/** Stamp a request that comes in; one that the service has made by itself and that goes out, where it is an origin. Said in `onRequestHeaders`. */
export function stamp(context: u32, isOutbound: bool): u32 {
  begin(context);
  if (currentBlock() != 0) {
    readState(readHeaders(findStateHeader()));
    if (isOutbound) {
      // What the service was asked to do has a state, be it one that nobody can read; what it does by itself has none.
      if (!isSaid) writeFirst(false);
    } else if (comesFromOutside()) {
      writeFirst(true);
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
function writeFirst(isOutside: bool): void {
  const now = fact(currentBlock(), bytes(WORDS + 42, 7));
  const first = now == MISSING ? MISSING : originOf(now);
  if (first == MISSING || load<u8>(pointerOf(first)) == NONE) write(MISSING, MISSING, isOutside);
  else write(now, first, isOutside);
}

/** The state behind this service; a state that is of no revision in use, or is none of those that come here, is lost from here on. */
function advance(): void {
  if (revision == MISSING || originOf(revision) == MISSING) {
    write(MISSING, MISSING, false);
    return;
  }
  const states = nextField();
  if (lengthOf(states) == 1 && load<u8>(pointerOf(states)) == UNCHANGED) return;
  const state = behind(states, token);
  if (!equal(state, token)) write(revision, state, false);
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

/** Have the header say this state and no other one, or none, and beside it what others have said. What comes from outside may be no state, and be one behind a library. */
function write(ofRevision: Bytes, state: Bytes, isOutside: bool): void {
  const name = stateHeader;
  if (state == MISSING && !isSaid && !isOutside) return;
  const size: usize = state == MISSING ? 0 : lengthOf(ofRevision) + 1 + lengthOf(state);
  const isRead = state != MISSING && isTraceState(name);
  // Beside `wire=` and a comma.
  const room = (isTraceState(name) ? TRACE_STATE_MAX : BAGGAGE_MAX) - size - 6;
  const others = isMember ? otherMembers(isOutside || isRead ? room : 0, isOutside) : MISSING;
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

/** All values of the header with the state, joined by commas, and of `traceparent` beside it; MISSING where there is none. One call of the host. */
function readHeaders(name: Bytes): Bytes {
  const traceParent = bytes(WORDS + 21, 11);
  let state = MISSING;
  identity = MISSING;
  rewind();
  for (let value = nextPair(); value != MISSING; value = nextPair()) {
    if (equal(nameHere, name)) state = joined(state, value);
    else if (equal(nameHere, traceParent)) identity = joined(identity, value);
  }
  return state;
}

function joined(all: Bytes, next: Bytes): Bytes {
  if (all == MISSING) return next;
  const start = allocate(lengthOf(all) + 1 + lengthOf(next));
  const at = put(start, all);
  store<u8>(at, COMMA);
  return bytes(start, put(at + 1, next) - start);
}

function isTraceState(name: Bytes): bool {
  return equal(name, bytes(WORDS + 32, 10));
}

/**
 * The members that are not ours, as far as there is `room` for so many bytes; 0 is no limit. Of what comes from outside those are left out that libraries would drop the whole list for, or
 * take for ours: the state would be dropped or changed with them.
 */
function otherMembers(room: usize, isOutside: bool): Bytes {
  if (allSaid == MISSING) return MISSING;
  const isTraced = isTraceState(stateHeader);
  const most = isTraced ? TRACE_MEMBERS_MAX : BAGGAGE_MEMBERS_MAX;
  const start = allocate(lengthOf(allSaid));
  let at = start;
  let count: u32 = 1;
  for (let rest = allSaid; rest != MISSING; ) {
    const member = firstMember(rest);
    rest = afterMember(rest, member);
    const own = trimmed(member);
    if (lengthOf(own) == 0 || stateIn(own) != MISSING) continue;
    const size = lengthOf(own) + <usize>(at > start ? 1 : 0);
    if (room != 0 && (count == most || at - start + size > room)) continue;
    if (isOutside && !(isTraced ? isTraceMember(own, bytes(start, at - start)) : isBaggageMember(own))) continue;
    if (at > start) store<u8>(at++, COMMA);
    at = put(at, own);
    count++;
  }
  return at == start ? MISSING : bytes(start, at - start);
}

/**
 * Tracing libraries drop a `tracestate` that stands alone, or beside a `traceparent` that they cannot read: such a request gets an identity, as one that nobody samples.
 */
function beTraced(): void {
  const name = bytes(WORDS + 21, 11);
  if (isIdentity(identity)) return;
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
    } else if ((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102)) {
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
