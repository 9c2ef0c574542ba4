import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "../bytes";
import { proxy_get_buffer_bytes, proxy_get_buffer_status } from "../env";
import { phase, turn } from "../phase";
import { allocate } from "../policy";
import { contains } from "./text";

// The body of the request, or of the response in its phase, as far as the host has it: all of it, when a policy runs once it is
// complete or longer than any limit. Fetched at most once in a callback, unless a later action reads further.
const cell: usize = memory.data(8);
let known: u32 = 0;
let total: usize = 0;
let fetched: Bytes = 0;

/** How many bytes the body has; of a longer one, `limit` + 1. */
export function getBodySize(limit: i64): i64 {
  const whole = <i64>size();
  return whole > limit ? limit + 1 : whole;
}

/** Whether the text occurs in the first `limit` bytes. */
export function bodyContains(text: Bytes, limit: i64): bool {
  return text != MISSING && contains(body(limit), text);
}

/**
 * A field of a JSON body: names and indexes joined by ".". A string comes without quotes and with its escapes resolved, the rest as it
 * stands there. Of several members of one name the first counts. MISSING where there is none, where the body is longer than `limit`,
 * and where it is not JSON, to which objects and arrays more than 64 deep count too.
 */
export function getJsonField(path: Bytes, limit: i64): Bytes {
  return path == MISSING || <i64>size() > limit ? MISSING : fieldOf(body(limit), path);
}

/** The same of any JSON text. */
export function fieldOf(text: Bytes, path: Bytes): Bytes {
  at = pointerOf(text);
  end = at + lengthOf(text);
  found = MISSING;
  pathEnd = pointerOf(path) + lengthOf(path);
  skipSpace();
  if (!readValue(pointerOf(path), 64)) return MISSING;
  skipSpace();
  return at == end ? found : MISSING;
}

function size(): usize {
  if (known != turn) {
    store<u64>(cell, 0);
    const isThere = proxy_get_buffer_status(phase >> 1, cell, cell + 4) == 0;
    total = isThere ? <usize>load<u32>(cell) : 0;
    fetched = 0;
    known = turn;
  }
  return total;
}

/** As much of the body as there is, up to the limit. */
function body(limit: i64): Bytes {
  const wanted = <usize>max<i64>(min<i64>(size(), limit), 0);
  if (lengthOf(fetched) < wanted) {
    store<u64>(cell, 0);
    if (proxy_get_buffer_bytes(phase >> 1, 0, wanted, cell, cell + 4) != 0) return 0;
    fetched = bytes(load<u32>(cell), load<u32>(cell + 4));
  }
  return bytes(pointerOf(fetched), min(wanted, lengthOf(fetched)));
}

// Where the reader of JSON stands. It checks all of the text, and keeps the value that the path leads to.
let at: usize = 0;
let end: usize = 0;
let found: Bytes = MISSING;
let pathEnd: usize = 0;

/** No part of the path leads here. */
const ELSEWHERE: usize = usize.MAX_VALUE;

/** Read a value to its end; false when it is none. `path` is the rest of the path from here, behind its end for the value itself. */
function readValue(path: usize, depth: u32): bool {
  if (at == end) return false;
  const start = at;
  const first = load<u8>(at);
  const isWanted = path == pathEnd + 1;
  const inner = isWanted ? ELSEWHERE : path;
  if (first == 34) {
    const text = readString();
    if (text != MISSING && isWanted) found = unescape(text);
    return text != MISSING;
  }
  let isValid: bool;
  if (first == 123) isValid = depth > 0 && readMembers(inner, depth - 1);
  else if (first == 91) isValid = depth > 0 && readItems(inner, depth - 1);
  else if (first == 116) isValid = readWord(0x65757274, 4);
  else if (first == 102) isValid = readWord(0x736c6166, 4) && readByte(101);
  else if (first == 110) isValid = readWord(0x6c6c756e, 4);
  else isValid = readNumber();
  if (isValid && isWanted) found = bytes(start, at - start);
  return isValid;
}

function readMembers(path: usize, depth: u32): bool {
  at++;
  skipSpace();
  if (readByte(125)) return true;
  let rest = path;
  do {
    skipSpace();
    if (at == end || load<u8>(at) != 34) return false;
    const name = readString();
    if (name == MISSING) return false;
    skipSpace();
    if (!readByte(58)) return false;
    skipSpace();
    const isNext = rest != ELSEWHERE && isPart(rest, name);
    if (!readValue(isNext ? partEnd(rest) + 1 : ELSEWHERE, depth)) return false;
    // The first of its name counts, wherever that leads.
    if (isNext) rest = ELSEWHERE;
    skipSpace();
  } while (readByte(44));
  return readByte(125);
}

function readItems(path: usize, depth: u32): bool {
  at++;
  skipSpace();
  if (readByte(93)) return true;
  const wanted = path == ELSEWHERE ? -1 : indexAt(path);
  let index: i64 = 0;
  do {
    skipSpace();
    if (!readValue(index == wanted ? partEnd(path) + 1 : ELSEWHERE, depth)) return false;
    index++;
    skipSpace();
  } while (readByte(44));
  return readByte(93);
}

/** What stands between the quotes, escapes and all; MISSING when it does not end or has what must be escaped. */
function readString(): Bytes {
  const start = ++at;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 34) return bytes(start, at++ - start);
    if (byte < 32) return MISSING;
    if (byte != 92) continue;
    if (++at == end) return MISSING;
    const escaped = load<u8>(at);
    if (escaped == 117) {
      if (end - at < 5) return MISSING;
      for (let i: usize = 1; i <= 4; i++) if (digit(load<u8>(at + i)) > 15) return MISSING;
      at += 4;
    } else if (simple(escaped) == 0) return MISSING;
  }
  return MISSING;
}

function readNumber(): bool {
  readByte(45);
  if (!readByte(48) && !readDigits()) return false;
  if (readByte(46) && !readDigits()) return false;
  if (readByte(101) || readByte(69)) {
    if (!readByte(43)) readByte(45);
    if (!readDigits()) return false;
  }
  return true;
}

function readDigits(): bool {
  const start = at;
  while (at < end && load<u8>(at) - 48 < 10) at++;
  return at > start;
}

function readWord(word: u32, length: usize): bool {
  if (end - at < length || load<u32>(at) != word) return false;
  at += length;
  return true;
}

function readByte(byte: u8): bool {
  if (at == end || load<u8>(at) != byte) return false;
  at++;
  return true;
}

function skipSpace(): void {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte != 32 && byte != 10 && byte != 13 && byte != 9) return;
    at++;
  }
}

function partEnd(path: usize): usize {
  let stop = path;
  while (stop < pathEnd && load<u8>(stop) != 46) stop++;
  return stop;
}

function isPart(path: usize, name: Bytes): bool {
  const plain = unescape(name);
  const length = lengthOf(plain);
  return length == partEnd(path) - path && memory.compare(pointerOf(plain), path, length) == 0;
}

/** The index that a part of the path is; -1 when it is none. */
function indexAt(path: usize): i64 {
  const stop = partEnd(path);
  if (stop == path || stop - path > 9 || (load<u8>(path) == 48 && stop - path > 1)) return -1;
  let index: i64 = 0;
  for (let next = path; next < stop; next++) {
    const figure = load<u8>(next) - 48;
    if (figure > 9) return -1;
    index = index * 10 + figure;
  }
  return index;
}

/** What the escapes of a string stand for, in UTF-8; the same bytes where there is none. Half of a pair of units becomes U+FFFD. */
function unescape(text: Bytes): Bytes {
  const stop = pointerOf(text) + lengthOf(text);
  let next = pointerOf(text);
  while (next < stop && load<u8>(next) != 92) next++;
  if (next == stop) return text;
  const plain = allocate(lengthOf(text));
  let to = plain + (next - pointerOf(text));
  memory.copy(plain, pointerOf(text), to - plain);
  while (next < stop) {
    const byte = load<u8>(next++);
    if (byte != 92) {
      store<u8>(to++, byte);
      continue;
    }
    const escaped = load<u8>(next++);
    if (escaped != 117) {
      store<u8>(to++, simple(escaped));
      continue;
    }
    let unit = unitAt(next);
    next += 4;
    if (unit >> 10 == 0x36 && stop - next >= 6 && load<u8>(next) == 92 && load<u8>(next + 1) == 117) {
      const low = unitAt(next + 2);
      if (low >> 10 == 0x37) {
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
        next += 6;
      }
    }
    if (unit >> 11 == 0x1b) unit = 0xfffd;
    if (unit < 0x80) store<u8>(to++, unit);
    else if (unit < 0x800) {
      store<u8>(to++, 0xc0 | (unit >> 6));
      store<u8>(to++, 0x80 | (unit & 63));
    } else if (unit < 0x10000) {
      store<u8>(to++, 0xe0 | (unit >> 12));
      store<u8>(to++, 0x80 | ((unit >> 6) & 63));
      store<u8>(to++, 0x80 | (unit & 63));
    } else {
      store<u8>(to++, 0xf0 | (unit >> 18));
      store<u8>(to++, 0x80 | ((unit >> 12) & 63));
      store<u8>(to++, 0x80 | ((unit >> 6) & 63));
      store<u8>(to++, 0x80 | (unit & 63));
    }
  }
  return bytes(plain, to - plain);
}

function unitAt(start: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) unit = (unit << 4) | digit(load<u8>(start + i));
  return unit;
}

/** The value of a hexadecimal digit; more than 15 when it is none. */
function digit(byte: u8): u32 {
  if (byte - 48 < 10) return byte - 48;
  const letter = (byte | 32) - 97;
  return letter < 6 ? letter + 10 : 16;
}

/** The byte that a short escape stands for; 0 when there is no such escape. */
function simple(escaped: u8): u8 {
  if (escaped == 34 || escaped == 92 || escaped == 47) return escaped;
  if (escaped == 98) return 8;
  if (escaped == 102) return 12;
  if (escaped == 110) return 10;
  if (escaped == 114) return 13;
  return escaped == 116 ? 9 : 0;
}
