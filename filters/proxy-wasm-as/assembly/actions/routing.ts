import { Bytes, bytes, header, isValue, lengthOf, MISSING, pointerOf, replaceHeader } from "../bytes";
import { chance, MIRROR as MIRRORED, share, SPLIT } from "../chance";
import { forgetPairs } from "../pairs";
import { allocate, holdsBackChange, leadsTo, reroute } from "../policy";

// What these decide, the routes and filters that the control plane ships beside the module carry out.

// "x-wire-version"
function VERSION(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 118, 101, 114, 115, 105, 111, 110]), 14); }
// "x-wire-mirror"
function MIRROR(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 109, 105, 114, 114, 111, 114]), 13); }
// "x-wire-hash"
function HASH(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 104, 97, 115, 104]), 11); }
// "x-wire-host"
export function HOST(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 104, 111, 115, 116]), 11); }
// ":path"
function PATH(): Bytes { return bytes(memory.data<u8>([58, 112, 97, 116, 104]), 5); }

export function routeToVersion(service: Bytes, version: Bytes): void {
  if (!leadsTo(service) || holdsBackChange()) return;
  pick(VERSION(), version);
}

/** To the first of two versions at its weight's share of both, and else to the second. Without any weight, as if it was not there. */
export function splitByWeight(
  service: Bytes,
  first: Bytes,
  firstWeight: i64,
  second: Bytes,
  secondWeight: i64,
): void {
  if (!leadsTo(service)) return;
  const left = <f64>max<i64>(firstWeight, 0);
  const all = left + <f64>max<i64>(secondWeight, 0);
  if (all <= 0) return;
  routeToVersion(service, share(SPLIT) * all < left ? first : second);
}

export function mirror(service: Bytes, version: Bytes, percent: f64): void {
  if (!leadsTo(service) || !chance(percent, MIRRORED) || holdsBackChange()) return;
  pick(MIRROR(), version);
}

/** Set a header that routes are chosen by. */
function pick(name: Bytes, version: Bytes): void {
  replaceHeader(name, version);
  forgetPairs();
  reroute();
}

/** An absent key is none. */
export function setHashKey(key: Bytes): void {
  if (key == MISSING || holdsBackChange()) return;
  replaceHeader(HASH(), key);
  forgetPairs();
}

/** Nothing happens when it cannot be a host and a port: empty, or with a byte that RFC 3986 lets stand in neither, for which a proxy answers 400. */
export function rewriteHost(host: Bytes): void {
  if (!isValue(host) || lengthOf(host) == 0) return;
  for (let i: usize = 0; i < lengthOf(host); i++) {
    if (!isOfHost(load<u8>(pointerOf(host) + i))) return;
  }
  if (holdsBackChange()) return;
  replaceHeader(HOST(), host);
  forgetPairs();
}

/** A letter, a digit, or one of `!$%&'()*+,-.:;=[]_~`. */
function isOfHost(byte: u8): bool {
  const letter = byte | 32;
  if ((letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57)) return true;
  switch (byte) {
    case 33: case 36: case 37: case 38: case 39: case 40: case 41: case 42: case 43: case 44: case 45: case 46:
    case 58: case 59: case 61: case 91: case 93: case 95: case 126:
      return true;
    default:
      return false;
  }
}

/** What cannot stand in a path, `?` and `#` too, is written as %XX, and the slash that it begins with is added where it is missing. */
export function rewritePath(path: Bytes): void {
  if (path == MISSING || holdsBackChange()) return;
  const query = queryOf(header(PATH()));
  const start = allocate(1 + 3 * lengthOf(path) + lengthOf(query));
  let to = start;
  if (lengthOf(path) == 0 || load<u8>(pointerOf(path)) != 47) store<u8>(to++, 47);
  for (let i: usize = 0; i < lengthOf(path); i++) {
    const byte = load<u8>(pointerOf(path) + i);
    if (byte > 32 && byte < 127 && byte != 63 && byte != 35) {
      store<u8>(to++, byte);
      continue;
    }
    store<u8>(to++, 37);
    store<u8>(to++, hex(byte >> 4));
    store<u8>(to++, hex(byte & 15));
  }
  memory.copy(to, pointerOf(query), lengthOf(query));
  replaceHeader(PATH(), bytes(start, to - start + lengthOf(query)));
  forgetPairs();
}

/** With its question mark. */
function queryOf(path: Bytes): Bytes {
  if (path == MISSING) return 0;
  for (let i: usize = 0; i < lengthOf(path); i++) {
    if (load<u8>(pointerOf(path) + i) == 63) return bytes(pointerOf(path) + i, lengthOf(path) - i);
  }
  return 0;
}

function hex(digit: u8): u8 {
  return digit < 10 ? 48 + digit : 55 + digit;
}
