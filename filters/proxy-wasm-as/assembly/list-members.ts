import { Bytes, bytes, lengthOf, MISSING, pointerOf, same, trimmed } from "./bytes";
import { allocate } from "./memory";
import { afterMember, firstMember, MEMBER } from "./path-state";
import { isUtf8 } from "./utf8";

// What tracing libraries take of `tracestate` and of `baggage`. For one member that is none, some of them drop the whole list, and the state of a path with it.

const EQUALS: u8 = 61;
const SEMICOLON: u8 = 59;
const PERCENT: u8 = 37;
const AT: u8 = 64;
const BAGGAGE_MEMBER_MAX: usize = 4096;
// "\"(),/:;<=>?@[\\]{}%+"
const NOT_IN_KEYS: usize = memory.data<u8>([34, 40, 41, 44, 47, 58, 59, 60, 61, 62, 63, 64, 91, 92, 93, 123, 125, 37, 43]);

/** Whether each library takes this for a member of `tracestate`, behind these. */
export function isTraceMember(member: Bytes, before: Bytes): bool {
  const size = traceKeySize(member);
  return size != 0 && !isAmong(before, pointerOf(member), size);
}

/** How long the key of a member of `tracestate` is, with what ends it; 0 of what is no member that each library takes. */
function traceKeySize(member: Bytes): usize {
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
    } else if (!isOfTraceKey(byte)) return 0;
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

/** Whether each library takes this for a member of `baggage`, with its properties, and for none that is ours. */
export function isBaggageMember(member: Bytes): bool {
  if (lengthOf(member) > BAGGAGE_MEMBER_MAX) return false;
  let isProperty = false;
  for (let rest = member; rest != MISSING; isProperty = true) {
    const part = firstMember(rest, SEMICOLON);
    rest = afterMember(rest, part);
    const key = firstMember(part, EQUALS);
    const value = afterMember(part, key);
    if (!isBaggageKey(trimmed(key)) || (value == MISSING ? !isProperty : !isBaggageValue(trimmed(value)))) return false;
  }
  return true;
}

/** Some libraries decode keys, some take no notice of case, and what they read as ours they hand on as ours. */
function isBaggageKey(key: Bytes): bool {
  const start = pointerOf(key);
  const size = lengthOf(key);
  if (size == 0 || (size == 4 && (load<u32>(start) | 0x20202020) == MEMBER)) return false;
  for (let at: usize = 0; at < size; at++) {
    const byte = load<u8>(start + at);
    if (byte <= 32 || byte >= 127) return false;
    for (let i: usize = 0; i < 19; i++) if (byte == load<u8>(NOT_IN_KEYS + i)) return false;
  }
  return true;
}

/** What is encoded has to be text. */
function isBaggageValue(value: Bytes): bool {
  const start = pointerOf(value);
  const size = lengthOf(value);
  const decoded = allocate(size);
  let to = decoded;
  for (let at: usize = 0; at < size; at++) {
    let byte = load<u8>(start + at);
    // Quotes and backslashes are none of it.
    if (byte <= 32 || byte >= 127 || byte == 34 || byte == 92) return false;
    if (byte == PERCENT) {
      if (size - at < 3) return false;
      const high = hexDigit(load<u8>(start + at + 1));
      const low = hexDigit(load<u8>(start + at + 2));
      if ((high | low) > 15) return false;
      byte = (high << 4) | low;
      at += 2;
    }
    store<u8>(to++, byte);
  }
  return isUtf8(bytes(decoded, to - decoded));
}

/** The value of a digit; 255 of what is none. */
function hexDigit(byte: u8): u8 {
  if (isDigit(byte)) return byte - 48;
  const small = byte | 32;
  return small >= 97 && small <= 102 ? small - 87 : 255;
}

function isOfTraceKey(byte: u8): bool {
  return isLetter(byte) || isDigit(byte) || byte == 95 || byte == 45 || byte == 42 || byte == 47;
}

function isLetter(byte: u8): bool {
  return byte >= 97 && byte <= 122;
}

function isDigit(byte: u8): bool {
  return byte >= 48 && byte <= 57;
}
