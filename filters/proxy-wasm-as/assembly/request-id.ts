import { Bytes, bytes, equal, lengthOf, MISSING, pointerOf, trimmed } from "./bytes";
import { proxy_remove_header_map_value, proxy_replace_header_map_value } from "./env";
import { allocate } from "./memory";
import { allValues, firstMember } from "./path-state";
import { fact, nextField } from "./plugins";
import { currentBlock } from "./policy";
import { beTraced, hex, isHex, isIdentity } from "./trace-identity";
import { removeTwins } from "./twins";
import { random_get } from "./wasi_snapshot_preview1";

// The id by which a request is known again in those that it leads to, where it is all that a service hands on. The configuration says where it is:
//
//     @forwards  HEADER  trace | b3 | whole
//
// Of `trace`, which is `traceparent`, it is the trace; of `b3` the trace, too, up to the first hyphen; of others all of the value. Applications may write it otherwise
// than they read it, in other letters or cut to half. What they may make of two ids has to be one here, lest one client names the request of another.

const REQUEST: u32 = 0;
/** As long as an id may be. */
export const ID_MAX: usize = 64;
const UUID: usize = 36;
const COMMA: u8 = 44;
const HYPHEN: u8 = 45;
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
  if (shape == T_RACE) return isIdentity(value) ? bytes(pointerOf(value) + 3, 32) : MISSING;
  return shape == B_3 ? traceOf(value) : folded(trimmed(value));
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
  const other = equal(name, single) ? traceId : single;
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
  const trace = traceOf(value);
  if (trace == MISSING) remove(name);
  return trace;
}

function remove(name: Bytes): void {
  proxy_remove_header_map_value(REQUEST, pointerOf(name), lengthOf(name));
}

/** The lower half of the trace, which is all that some libraries take of it. */
function traceOf(value: Bytes): Bytes {
  const trace = firstMember(value, HYPHEN);
  const size = lengthOf(trace);
  if (size != 16 && size != 32) return MISSING;
  for (let at: usize = 0; at < size; at++) if (!isHex(load<u8>(pointerOf(trace) + at))) return MISSING;
  for (let at = size; at < lengthOf(value); at++) if (load<u8>(pointerOf(value) + at) == COMMA) return MISSING;
  return bytes(pointerOf(trace) + size - 16, 16);
}

/** In lower case; MISSING of what is no one word. */
function folded(value: Bytes): Bytes {
  const size = lengthOf(value);
  if (size == 0 || size > ID_MAX) return MISSING;
  const start = allocate(size);
  for (let at: usize = 0; at < size; at++) {
    const byte = load<u8>(pointerOf(value) + at);
    if (byte <= 32 || byte >= 127 || byte == COMMA) return MISSING;
    store<u8>(start + at, byte >= 65 && byte <= 90 ? byte + 32 : byte);
  }
  return bytes(start, size);
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
