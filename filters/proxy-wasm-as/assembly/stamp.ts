import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, same } from "./bytes";
import { allocate } from "./memory";
import { afterMember, firstMember, isLost, isSaid, revision, stateHeader, token } from "./path-state";
import { begin, callerName, currentBlock, leave } from "./policy";
import { fact, nextField } from "./plugins";
import { readHeaders } from "./read-headers";
import { removeTwins } from "./twins";
import { writeState } from "./write-state";

// The stamp of a service: an update of the state of a request's path (design §5). What it has to know is in the configuration:
//
//     @path     HEADER  list | whole
//     @outside  *                                   all requests come from outside
//     @outside  !                                   those of no service of a `@peer` line do
//     @begin    REVISION                            paths begin with a state of this one; without, they begin without a state
//     @stamp    REVISION  ORIGIN  FROM>TO,FROM>TO   for each revision that is in use
//
// ORIGIN is the state of paths that begin here, `-` where none does. In a revision in which the service does not stamp the list is `=`.

const ANYBODY: u8 = 42;
const BUT: u8 = 33;
const UNCHANGED: u8 = 61;
const NONE: u8 = 45;

// "-" and "0"
const STATELESS: usize = memory.data<u8>([45, 48]);
// "@outside\t@stamp\t@begin\t"
const WORDS: usize = memory.data<u8>([
  64, 111, 117, 116, 115, 105, 100, 101, 9, 64, 115, 116, 97, 109, 112, 9, 64, 98, 101, 103, 105, 110, 9,
]);

/** Stamp a request that comes in; one that the service has made by itself and that goes out, where it is an origin. Said in `onRequestHeaders`. */
export function stamp(context: u32, isOutbound: bool, isOrigin: bool): u32 {
  begin(context);
  if (currentBlock() != 0) {
    readHeaders();
    if (isOutbound) beginPath();
    else stampInbound(isOrigin);
  }
  return leave();
}

/** Said of a request that comes in, once its state has been read. `isOrigin` is of a service that goes by the state to know what it was asked for from what it does by itself. */
export function stampInbound(isOrigin: bool): void {
  if (comesFromOutside()) writeFirst(true);
  else advance(isOrigin);
}

/** The same of one that the service sends. What it was asked to do has a state, be it one that nobody can read; what it does by itself has none. */
export function beginPath(): void {
  if (!isSaid) writeFirst(false);
}

function comesFromOutside(): bool {
  const which = fact(currentBlock(), bytes(WORDS, 9));
  if (which == MISSING) return false;
  const sign = load<u8>(pointerOf(which));
  return sign == ANYBODY || (sign == BUT && callerName() == MISSING);
}

/** The state of a path that begins here, of the revision that is written now. What outside traffic brings is none. */
function writeFirst(isOutside: bool): void {
  if (isOutside) removeTwins(stateHeader);
  const now = fact(currentBlock(), bytes(WORDS + 16, 7));
  const first = now == MISSING ? MISSING : originOf(now);
  if (first == MISSING || isSign(first, NONE)) writeState(MISSING, MISSING, isOutside);
  else writeState(now, first, isOutside);
}

/**
 * The state behind this service; a state that is of no revision in use, or is none of those that come here, is lost from here on. What says that it is lost goes on saying
 * so. An origin's own path would begin with a request that has none, so that there it is 0, which is nobody's state.
 */
function advance(isOrigin: bool): void {
  if (isLost()) return;
  const isInUse = revision != MISSING && originOf(revision) != MISSING;
  if (isInUse) {
    const states = nextField();
    if (isSign(states, UNCHANGED)) return;
    const state = behind(states, token);
    if (state != MISSING) {
      if (!equal(state, token)) writeState(revision, state, false);
      return;
    }
  }
  if (isOrigin) writeState(isInUse ? revision : bytes(STATELESS, 1), bytes(STATELESS + 1, 1), false);
  else writeState(MISSING, MISSING, false);
}

/** A state may begin with a sign: codes that follow from a key do. */
function isSign(field: Bytes, sign: u8): bool {
  return lengthOf(field) == 1 && load<u8>(pointerOf(field)) == sign;
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
