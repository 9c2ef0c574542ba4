import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, property, trimmed } from "./bytes";
import { allocate } from "./memory";
import { fact, nextField } from "./plugins";
import { currentBlock } from "./policy";

// The state of a request's path, as a header carries it (design §5): `REVISION.TOKEN`, the value of the member `wire` of `tracestate` or
// `baggage`, or all of another header. It is of the request, in whichever phase it is asked for.

const COMMA: u8 = 44;
const DOT: u8 = 46;
const SEMICOLON: u8 = 59;
const EQUALS: u8 = 61;
// "request", "headers" and what is to follow, with zero bytes between
const HEADERS: usize = memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 0, 104, 101, 97, 100, 101, 114, 115, 0]);

const LIST: u8 = 108;
// "@path\t"
const PATH: usize = memory.data<u8>([64, 112, 97, 116, 104, 9]);
/** "wire" */
export const MEMBER: u32 = 0x65726977;

/** "lost", which stands for a revision where a proxy says that nobody can know the state, and behind the point why. */
export const LOST: u32 = 0x74736f6c;

/** What comes before the point of a state, and what comes after it; MISSING where no state is there, or two that differ. */
export let revision: Bytes = MISSING;
export let token: Bytes = MISSING;

/** The name of the header, in lower case, and whether the state is a member of it, among others. */
export let stateHeader: Bytes = MISSING;
export let isMember: bool = false;

/** All values of the header, joined by commas; MISSING where there is none. */
export let allSaid: Bytes = MISSING;

/** Whether the header says a state at all, be it one that nobody can read. */
export let isSaid: bool = false;

/** Whether a proxy before this one has said that nobody can know the state. */
export function isLost(): bool {
  return revision != MISSING && lengthOf(revision) == 4 && load<u32>(pointerOf(revision)) == LOST;
}

/** Take this for the state: what was read before of the same request. */
export function recallState(said: bool, ofRevision: Bytes, state: Bytes): void {
  isSaid = said;
  revision = ofRevision;
  token = state;
}

/** Look up the header's name. MISSING where the configuration says none. */
export function findStateHeader(): Bytes {
  stateHeader = fact(currentBlock(), bytes(PATH, 6));
  const how = nextField();
  isMember = lengthOf(how) > 0 && load<u8>(pointerOf(how)) == LIST;
  return stateHeader;
}

/** Read the state that all values of the header say. */
export function readState(said: Bytes): void {
  let state = MISSING;
  isSaid = false;
  revision = MISSING;
  token = MISSING;
  allSaid = said;
  for (let rest = allSaid; rest != MISSING; ) {
    const member = firstMember(rest);
    rest = afterMember(rest, member);
    const own = isMember ? stateIn(trimmed(member)) : trimmed(member);
    if (own == MISSING) continue;
    isSaid = true;
    if (state != MISSING && !equal(state, own)) return;
    state = own;
  }
  if (state == MISSING) return;
  const start = pointerOf(state);
  const size = lengthOf(state);
  for (let at: usize = 0; at < size; at++) {
    if (load<u8>(start + at) != DOT) continue;
    revision = bytes(start, at);
    token = bytes(start + at + 1, size - at - 1);
    return;
  }
}

/** All values of a header of the request, joined by commas; MISSING where there is none. */
export function allValues(name: Bytes): Bytes {
  const size: usize = 16 + lengthOf(name);
  const path = allocate(size);
  memory.copy(path, HEADERS, 16);
  memory.copy(path + 16, pointerOf(name), lengthOf(name));
  return property(bytes(path, size));
}

/** A list up to its first comma, or what else is between its members. */
export function firstMember(list: Bytes, between: u8 = COMMA): Bytes {
  const start = pointerOf(list);
  let size: usize = 0;
  while (size < lengthOf(list) && load<u8>(start + size) != between) size++;
  return bytes(start, size);
}

/** What follows the first member of a list; MISSING where nothing does. */
export function afterMember(list: Bytes, member: Bytes): Bytes {
  const size = lengthOf(list) - lengthOf(member);
  return size == 0 ? MISSING : bytes(pointerOf(member) + lengthOf(member) + 1, size - 1);
}

/** The value of a member that is ours; MISSING of others. What a member of `baggage` has behind a semicolon is no part of it. */
export function stateIn(member: Bytes): Bytes {
  const start = pointerOf(member);
  const size = lengthOf(member);
  if (size < 5 || load<u32>(start) != MEMBER) return MISSING;
  let at: usize = 4;
  while (at < size && isBlank(load<u8>(start + at))) at++;
  if (at == size || load<u8>(start + at) != EQUALS) return MISSING;
  let end = at + 1;
  while (end < size && load<u8>(start + end) != SEMICOLON) end++;
  return trimmed(bytes(start + at + 1, end - at - 1));
}

function isBlank(byte: u8): bool {
  return byte == 32 || byte == 9;
}

/** Copy a text; where it ends. */
export function put(to: usize, text: Bytes): usize {
  memory.copy(to, pointerOf(text), lengthOf(text));
  return to + lengthOf(text);
}
