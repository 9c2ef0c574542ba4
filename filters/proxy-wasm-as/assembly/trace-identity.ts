import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { proxy_replace_header_map_value } from "./env";
import { allocate } from "./memory";
import { random_get } from "./wasi_snapshot_preview1";

// What `traceparent` says: version, trace, parent and flags, as hexadecimal digits with hyphens between.

const REQUEST: u32 = 0;
const IDENTITY: usize = 55;
// "traceparent"
const NAME: usize = memory.data<u8>([116, 114, 97, 99, 101, 112, 97, 114, 101, 110, 116]);
const random: usize = memory.data(24);

/** All values of it in the request that is looked at, joined by commas; MISSING where there is none. */
let identity: Bytes = MISSING;

export function setIdentity(all: Bytes): void {
  identity = all;
}

/** The name of the header. */
export function traceParent(): Bytes {
  return bytes(NAME, 11);
}

/** Have the request say which trace it belongs to: one that does not, or not readably, gets an identity, as one that nobody samples. */
export function beTraced(): void {
  if (isIdentity(identity)) return;
  const name = traceParent();
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
  identity = bytes(start, IDENTITY);
}

/** Whether this is one `traceparent`, of which neither trace nor parent is zero. */
export function isIdentity(value: Bytes): bool {
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
    } else if (isHex(byte)) {
      digits |= byte ^ 48;
    } else return false;
  }
  return true;
}

/** Whether this is a hexadecimal digit, of which letters are in lower case. */
export function isHex(byte: u8): bool {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102);
}

/** Write so many bytes as twice as many digits. */
export function hex(to: usize, from: usize, size: usize): void {
  for (let i: usize = 0; i < size; i++) {
    const byte = load<u8>(from + i);
    store<u8>(to + 2 * i, digit(byte >> 4));
    store<u8>(to + 2 * i + 1, digit(byte & 15));
  }
}

function digit(value: u8): u8 {
  return value < 10 ? 48 + value : 87 + value;
}
