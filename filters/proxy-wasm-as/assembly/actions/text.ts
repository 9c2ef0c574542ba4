import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "../bytes";
import { allocate } from "../policy";

// The actions of `string` and `int`, and what the operators on strings become. What a function makes lives until the callback ends.
// Asked of an absent value all answers are no, its length is 0, it is no number, and in lower case it is absent still.

/** `??`. */
export function orElse(value: Bytes, otherwise: Bytes): Bytes {
  return value == MISSING ? otherwise : value;
}

/** Negative, zero or positive, by the first byte that differs; a text comes before those that go on from it. */
export function compare(left: Bytes, right: Bytes): i32 {
  const leftLength = lengthOf(left);
  const rightLength = lengthOf(right);
  const order = memory.compare(pointerOf(left), pointerOf(right), min(leftLength, rightLength));
  if (order != 0) return order;
  return leftLength < rightLength ? -1 : i32(leftLength > rightLength);
}

/** `+`. */
export function concat(left: Bytes, right: Bytes): Bytes {
  const leftLength = lengthOf(left);
  const rightLength = lengthOf(right);
  if (leftLength == 0) return right;
  if (rightLength == 0) return left;
  const start = allocate(leftLength + rightLength);
  memory.copy(start, pointerOf(left), leftLength);
  memory.copy(start + leftLength, pointerOf(right), rightLength);
  return bytes(start, leftLength + rightLength);
}

/** Whether the whole text is one that an automaton accepts; `table` is as `controlplane/regex/automaton.ts` lays it out. */
export function matches(value: Bytes, table: usize): bool {
  if (value == MISSING) return false;
  const classes = <usize>load<u16>(table, 4);
  const rows = table + 264;
  const end = pointerOf(value) + lengthOf(value);
  let state = <usize>load<u16>(table);
  let at = pointerOf(value);
  // Nothing leads out of state 0.
  if (load<u16>(table, 6) == 1) {
    while (at < end && state != 0) {
      state = load<u8>(rows + state * classes + load<u8>(table + load<u8>(at++), 8));
    }
  } else {
    while (at < end && state != 0) {
      state = load<u16>(rows + ((state * classes + load<u8>(table + load<u8>(at++), 8)) << 1));
    }
  }
  return state >= load<u16>(table, 2);
}

export function startsWith(value: Bytes, text: Bytes): bool {
  const length = lengthOf(text);
  return value != MISSING && length <= lengthOf(value) && memory.compare(pointerOf(value), pointerOf(text), length) == 0;
}

export function endsWith(value: Bytes, text: Bytes): bool {
  const length = lengthOf(text);
  if (value == MISSING || length > lengthOf(value)) return false;
  return memory.compare(pointerOf(value) + lengthOf(value) - length, pointerOf(text), length) == 0;
}

/**
 * Whether a text stands anywhere in another. By Knuth, Morris and Pratt, for both may come from a caller who wants
 * this to take long: the time is that of reading each once.
 */
export function contains(value: Bytes, text: Bytes): bool {
  const length = lengthOf(text);
  const size = lengthOf(value);
  if (value == MISSING) return false;
  if (length == 0) return true;
  if (length > size) return false;
  const wanted = pointerOf(text);
  const start = pointerOf(value);
  // For each prefix of the text the length of the longest that it also ends in, itself aside.
  const borders = allocate(length << 2);
  store<u32>(borders, 0);
  let known: usize = 0;
  for (let at: usize = 1; at < length; at++) {
    const byte = load<u8>(wanted + at);
    while (known > 0 && load<u8>(wanted + known) != byte) known = load<u32>(borders + ((known - 1) << 2));
    if (load<u8>(wanted + known) == byte) known++;
    store<u32>(borders + (at << 2), known);
  }
  known = 0;
  for (let at: usize = 0; at < size; at++) {
    const byte = load<u8>(start + at);
    while (known > 0 && load<u8>(wanted + known) != byte) known = load<u32>(borders + ((known - 1) << 2));
    if (load<u8>(wanted + known) == byte && ++known == length) return true;
  }
  return false;
}

/** In bytes. */
export function length(value: Bytes): i64 {
  return value == MISSING ? 0 : lengthOf(value);
}

/** ASCII letters only; a text without capitals is given back as it is. */
export function toLower(value: Bytes): Bytes {
  if (value == MISSING) return MISSING;
  const size = lengthOf(value);
  const from = pointerOf(value);
  let at: usize = 0;
  while (at < size && !isCapital(load<u8>(from + at))) at++;
  if (at == size) return value;
  const to = allocate(size);
  memory.copy(to, from, size);
  for (; at < size; at++) {
    const byte = load<u8>(from + at);
    if (isCapital(byte)) store<u8>(to + at, byte | 32);
  }
  return bytes(to, size);
}

/** Digits with at most a `-` before them, and nothing beside. */
export function toInt(value: Bytes, otherwise: i64): i64 {
  if (value == MISSING) return otherwise;
  const end = pointerOf(value) + lengthOf(value);
  let at = pointerOf(value);
  const negative = at < end && load<u8>(at) == 45;
  if (negative) at++;
  if (at == end) return otherwise;
  // Of the numbers that fit, the lowest has no positive counterpart, so the sum is kept as a magnitude.
  const most: u64 = negative ? <u64>i64.MAX_VALUE + 1 : <u64>i64.MAX_VALUE;
  let sum: u64 = 0;
  for (; at < end; at++) {
    const digit = <u64>(load<u8>(at) - 48);
    if (digit > 9 || sum > (most - digit) / 10) return otherwise;
    sum = sum * 10 + digit;
  }
  return negative ? -(<i64>sum) : <i64>sum;
}

export function toString(value: i64): Bytes {
  const start = allocate(20);
  let at = start + 20;
  let rest: u64 = value < 0 ? -(<u64>value) : <u64>value;
  do {
    store<u8>(--at, 48 + <u8>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (value < 0) store<u8>(--at, 45);
  return bytes(at, start + 20 - at);
}

function isCapital(byte: u8): bool {
  return byte >= 65 && byte <= 90;
}
