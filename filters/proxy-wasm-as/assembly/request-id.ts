import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, trimmed } from "./bytes";
import { proxy_remove_header_map_value, proxy_replace_header_map_value } from "./env";
import { allocate } from "./memory";
import { afterMember, allValues, firstMember } from "./path-state";
import { fact, nextField } from "./plugins";
import { currentBlock } from "./policy";
import { beTraced, hex, isHex, isIdentity } from "./trace-identity";
import { removeTwins } from "./twins";
import { random_get } from "./wasi_snapshot_preview1";

// The id by which a request is known again in those that it leads to, where it is all that a service hands on. The configuration says where it is:
//
//     @forwards  HEADER  trace | b3 | whole
//
// Of `trace`, which is `traceparent`, and of `b3` it is the lower half of the trace; of others the letters and digits. Applications may write it otherwise
// than they read it, in other letters, cut to half, or without what they do not take. What they may make of two ids has to be one here, lest one client names the request of another.

const REQUEST: u32 = 0;
/** As long as an id may be. */
export const ID_MAX: usize = 64;
const UUID: usize = 36;
const COMMA: u8 = 44;
const HYPHEN: u8 = 45;
const SPAN: usize = 16;
const D_EBUG: u8 = 100;
const T_RACE: u8 = 116;
const B_3: u8 = 98;

// "@forwards\t"
const FORWARDS: usize = memory.data<u8>([64, 102, 111, 114, 119, 97, 114, 100, 115, 9]);
// "b3x-b3-traceid"
const B3_FORMS: usize = memory.data<u8>([98, 51, 120, 45, 98, 51, 45, 116, 114, 97, 99, 101, 105, 100]);
const random: usize = memory.data(16);

/** The id of the request that is looked at; MISSING where it has none, or more than one. */
export function requestId(): Bytes {
  const name = fact(currentBlock(), bytes(FORWARDS, 10));
  const shape = load<u8>(pointerOf(nextField()));
  const value = allValues(name);
  if (value == MISSING) return MISSING;
  if (shape == T_RACE) return isIdentity(value) ? bytes(pointerOf(value) + 19, 16) : MISSING;
  return shape == B_3 ? traceOf(value, isSingle(name)) : folded(trimmed(value));
}

/**
 * The same of a request that comes in, which gets an id where it has none: `traceparent`, or `x-request-id`. A b3 nobody makes, and none is left that cannot be read
 * here, since the service might.
 */
export function ownId(): Bytes {
  const name = fact(currentBlock(), bytes(FORWARDS, 10));
  const shape = load<u8>(pointerOf(nextField()));
  if (shape == B_3) return ownTrace(name);
  removeTwins(name);
  const found = requestId();
  if (found != MISSING) return found;
  if (shape == T_RACE) beTraced();
  else {
    const id = uuid();
    proxy_replace_header_map_value(REQUEST, pointerOf(name), lengthOf(name), pointerOf(id), UUID);
  }
  return requestId();
}

/** Libraries read a b3 in either of its two forms, and write it in one of them: here both are of one trace, or the other one is taken away. */
function ownTrace(name: Bytes): Bytes {
  const single = bytes(B3_FORMS, 2);
  const traceId = bytes(B3_FORMS + 2, 12);
  const other = isSingle(name) ? traceId : single;
  removeTwins(traceId);
  const own = readable(name);
  const said = readable(other);
  if (own == MISSING) return said;
  if (said != MISSING && !equal(said, own)) remove(other);
  return own;
}

/** The trace that a b3 is of; one that cannot be read is taken away. */
function readable(name: Bytes): Bytes {
  const value = allValues(name);
  if (value == MISSING) return MISSING;
  const trace = traceOf(value, isSingle(name));
  if (trace == MISSING) remove(name);
  return trace;
}

function isSingle(name: Bytes): bool {
  return lengthOf(name) == 2;
}

function remove(name: Bytes): void {
  proxy_remove_header_map_value(REQUEST, pointerOf(name), lengthOf(name));
}

/**
 * The lower half of the trace, which is all that some libraries take of it; MISSING of what is no `x-b3-traceid` or, where it is `single`, no `b3`: some look for one anywhere
 * in the header.
 */
function traceOf(value: Bytes, single: bool): Bytes {
  const trace = single ? firstMember(value, HYPHEN) : value;
  const size = lengthOf(trace);
  if (!(isHexOf(trace, 16) || isHexOf(trace, 32)) || (single && !isBehindTrace(afterMember(value, trace)))) return MISSING;
  return bytes(pointerOf(trace) + size - 16, 16);
}

/** Whether this is `SPAN`, and behind it maybe whether it is sampled, and the parent. */
function isBehindTrace(fields: Bytes): bool {
  if (fields == MISSING) return false;
  const span = firstMember(fields, HYPHEN);
  if (!isHexOf(span, SPAN)) return false;
  const rest = afterMember(fields, span);
  if (rest == MISSING) return true;
  const sampled = firstMember(rest, HYPHEN);
  if (!isSampled(sampled)) return isHexOf(rest, SPAN);
  const parent = afterMember(rest, sampled);
  return parent == MISSING || isHexOf(parent, SPAN);
}

function isSampled(field: Bytes): bool {
  if (lengthOf(field) != 1) return false;
  const sign = load<u8>(pointerOf(field));
  return sign == 48 || sign == 49 || sign == D_EBUG;
}

function isHexOf(field: Bytes, size: usize): bool {
  if (lengthOf(field) != size) return false;
  for (let at: usize = 0; at < size; at++) if (!isHex(load<u8>(pointerOf(field) + at))) return false;
  return true;
}

/** The letters, in lower case, and digits: some applications write no others, or others between them. MISSING of what has none, or is no one word. */
function folded(value: Bytes): Bytes {
  const size = lengthOf(value);
  if (size == 0 || size > ID_MAX) return MISSING;
  const start = allocate(size);
  let to = start;
  for (let at: usize = 0; at < size; at++) {
    const byte = load<u8>(pointerOf(value) + at);
    if (byte <= 32 || byte >= 127 || byte == COMMA) return MISSING;
    const small = byte | 32;
    if ((byte >= 48 && byte <= 57) || (small >= 97 && small <= 122)) store<u8>(to++, small);
  }
  return to == start ? MISSING : bytes(start, to - start);
}

/** Of version 4. */
function uuid(): Bytes {
  random_get(random, 16);
  store<u8>(random + 6, (load<u8>(random + 6) & 15) | 64);
  store<u8>(random + 8, (load<u8>(random + 8) & 63) | 128);
  const start = allocate(UUID);
  let to = start;
  for (let at: usize = 0; at < 16; at++) {
    if (at == 4 || at == 6 || at == 8 || at == 10) store<u8>(to++, HYPHEN);
    hex(to, random + at, 1);
    to += 2;
  }
  return bytes(start, UUID);
}
