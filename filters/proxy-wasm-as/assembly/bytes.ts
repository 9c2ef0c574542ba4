import {
  proxy_call_foreign_function, proxy_get_header_map_value, proxy_get_property, proxy_log, proxy_replace_header_map_value,
} from "./env";
import { phase } from "./phase";

/** A view of memory, pointer in the upper half and length in the lower: a value, so it allocates nothing. */
export type Bytes = u64;

/** What reading an absent header or property gives; an empty one is zero bytes long instead. */
export const MISSING: Bytes = u64.MAX_VALUE;

const out: usize = memory.data(16);

// @ts-ignore: decorator
@inline
export function bytes(pointer: usize, length: usize): Bytes {
  return (<u64>pointer << 32) | <u64>length;
}

// @ts-ignore: decorator
@inline
export function pointerOf(view: Bytes): usize {
  return <usize>(view >>> 32);
}

// @ts-ignore: decorator
@inline
export function lengthOf(view: Bytes): usize {
  return <usize>(<u32>view);
}

/** An absent value equals nothing, neither the empty string nor another absent one. */
export function equal(left: Bytes, right: Bytes): bool {
  if (left == MISSING || right == MISSING) return false;
  const length = lengthOf(left);
  return length == lengthOf(right) && memory.compare(pointerOf(left), pointerOf(right), length) == 0;
}

/** The first value of a header; `./pairs` looks at all of them. */
export function header(name: Bytes): Bytes {
  store<u64>(out, 0);
  if (proxy_get_header_map_value(phase, pointerOf(name), lengthOf(name), out, out + 4) != 0) return MISSING;
  return bytes(load<u32>(out), load<u32>(out + 4));
}

/** The path's parts are joined by zero bytes. */
export function property(path: Bytes): Bytes {
  store<u64>(out, 0);
  if (proxy_get_property(pointerOf(path), lengthOf(path), out, out + 4) != 0) return MISSING;
  return bytes(load<u32>(out), load<u32>(out + 4));
}

/** Replace all values of a header by one. A value that must not stand in a header is written as an empty one. */
export function replaceHeader(name: Bytes, value: Bytes): bool {
  if (!isName(name)) return false;
  const clean = isValue(value);
  const content = clean ? value : 0;
  proxy_replace_header_map_value(phase, pointerOf(name), lengthOf(name), pointerOf(content), lengthOf(content));
  return clean;
}

/** Whether this is a value, and one that a header may have: CR, LF and NUL would end the header or the request. */
export function isValue(value: Bytes): bool {
  if (value == MISSING) return false;
  const end = pointerOf(value) + lengthOf(value);
  for (let at = pointerOf(value); at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0 || byte == 10 || byte == 13) return false;
  }
  return true;
}

/** Whether a header may be called this: visible ASCII, and a colon only as the first of several. */
export function isName(name: Bytes): bool {
  if (name == MISSING || lengthOf(name) == 0) return false;
  const start = pointerOf(name);
  const end = start + lengthOf(name);
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte <= 32 || byte >= 127 || (byte == 58 && (at > start || lengthOf(name) == 1))) return false;
  }
  return true;
}

export function log(level: u32, text: Bytes): void {
  proxy_log(level, pointerOf(text), lengthOf(text));
}

/** Envoy keeps the route that it chose before the filters ran; this makes it choose again. */
export function clearRouteCache(): void {
  const name = memory.data<u8>([99, 108, 101, 97, 114, 95, 114, 111, 117, 116, 101, 95, 99, 97, 99, 104, 101]);
  proxy_call_foreign_function(name, 17, 0, 0, out, out + 4);
}
