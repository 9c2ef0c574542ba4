import { Bytes, bytes, equal, header, lengthOf, MISSING, pointerOf } from "../bytes";
import { verifiedClaims } from "../claims";
import { calleeOf, callerOf } from "../policy";
import { fieldOf } from "./body";
import { HOST } from "./routing";

const METHOD: usize = memory.data<u8>([58, 109, 101, 116, 104, 111, 100]);
const PATH: usize = memory.data<u8>([58, 112, 97, 116, 104]);
const AUTHORITY: usize = memory.data<u8>([58, 97, 117, 116, 104, 111, 114, 105, 116, 121]);
const QUESTION: u8 = 63;
const AMPERSAND: u8 = 38;
const EQUALS: u8 = 61;
const PERCENT: u8 = 37;
const PLUS: u8 = 43;
const HASH: u8 = 35;

export function getCaller(): Bytes {
  return callerOf();
}

export function getCallee(): Bytes {
  return calleeOf();
}

export function getMethod(): Bytes {
  return orEmpty(header(bytes(METHOD, 7)));
}

/** Without the query. */
export function getPath(): Bytes {
  const whole = orEmpty(header(bytes(PATH, 5)));
  return bytes(pointerOf(whole), find(whole, 0, QUESTION));
}

export function getHost(): Bytes {
  return orEmpty(givenHost());
}

/** What a policy before has made it, here as at the next proxy: the router writes it only once all have had their turn. */
export function givenHost(): Bytes {
  const rewritten = header(HOST());
  return rewritten == MISSING ? header(bytes(AUTHORITY, 10)) : rewritten;
}

export function isHost(value: Bytes): bool {
  return value != MISSING && equal(givenHost(), value);
}

export function hasHost(): bool {
  return givenHost() != MISSING;
}

/** The first value of a query parameter, percent-decoded, `+` as a space; MISSING where there is none. */
export function getQuery(name: Bytes): Bytes {
  const whole = header(bytes(PATH, 5));
  if (whole == MISSING) return MISSING;
  const end = find(whole, 0, HASH);
  for (let at = find(whole, 0, QUESTION) + 1; at <= end; ) {
    const stop = min(find(whole, at, AMPERSAND), end);
    const equals = min(find(whole, at, EQUALS), stop);
    if (isDecoded(whole, at, equals, name)) {
      return equals < stop ? decoded(whole, equals + 1, stop) : 0;
    }
    at = stop + 1;
  }
  return MISSING;
}

/** A claim of the token that Envoy has verified, by its path. A string comes without quotes, the rest as it was signed. */
export function getClaim(path: Bytes): Bytes {
  const claims = verifiedClaims();
  return claims == MISSING ? MISSING : fieldOf(claims, path);
}

function orEmpty(value: Bytes): Bytes {
  return value == MISSING ? 0 : value;
}

/** The place of a byte from `start` on, or the length. */
function find(text: Bytes, start: usize, byte: u8): usize {
  const length = lengthOf(text);
  let at = start;
  while (at < length && load<u8>(pointerOf(text) + at) != byte) at++;
  return min(at, length);
}

/** Whether a part of a query stands for this text. */
function isDecoded(text: Bytes, start: usize, end: usize, wanted: Bytes): bool {
  let n: usize = 0;
  for (let at = start; at < end; n++) {
    if (n >= lengthOf(wanted)) return false;
    if (byteAt(text, at, end) != load<u8>(pointerOf(wanted) + n)) return false;
    at += widthAt(text, at, end);
  }
  return n == lengthOf(wanted);
}

function decoded(text: Bytes, start: usize, end: usize): Bytes {
  const out = changetype<usize>(new ArrayBuffer(<i32>(end - start)));
  let n: usize = 0;
  for (let at = start; at < end; at += widthAt(text, at, end)) store<u8>(out + n++, byteAt(text, at, end));
  return bytes(out, n);
}

/** How many bytes of the text stand for one: three when it is an escape. */
function widthAt(text: Bytes, at: usize, end: usize): usize {
  return escaped(text, at, end) < 0 ? 1 : 3;
}

function byteAt(text: Bytes, at: usize, end: usize): u8 {
  const escape = escaped(text, at, end);
  if (escape >= 0) return <u8>escape;
  const byte = load<u8>(pointerOf(text) + at);
  return byte == PLUS ? 32 : byte;
}

/** The byte that an escape stands for, negative when there is none here. */
function escaped(text: Bytes, at: usize, end: usize): i32 {
  if (load<u8>(pointerOf(text) + at) != PERCENT || at + 2 >= end) return -1;
  const high = digit(load<u8>(pointerOf(text) + at + 1));
  const low = digit(load<u8>(pointerOf(text) + at + 2));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

function digit(byte: u8): i32 {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
