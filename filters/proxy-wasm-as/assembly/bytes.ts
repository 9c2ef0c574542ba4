import {
  proxy_call_foreign_function, proxy_get_header_map_value, proxy_get_property, proxy_log, proxy_replace_header_map_value,
} from "./env";
import { noteLook } from "./gone";
import { phase } from "./phase";

/** A view of memory, pointer in the upper half and length in the lower: a value, so it allocates nothing. */
export type Bytes = u64;

/** The view of what is not there, or not at hand; what is empty is zero bytes long instead. */
export const MISSING: Bytes = u64.MAX_VALUE;

// Where the host writes a view: its length first, as in `Bytes`.
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const out: usize = memory.data(16);

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function bytes(pointer: usize, length: usize): Bytes {
  return (<u64>pointer << 32) | <u64>length;
}

/** Where the bytes of a view begin, for `load<u8>(pointerOf(view) + i)`. No call of the host. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function pointerOf(view: Bytes): usize {
  return <usize>(view >>> 32);
}

/** How many bytes a view has; ask whether it is `MISSING` before. No call of the host. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function lengthOf(view: Bytes): usize {
  return <usize>(<u32>view);
}

/** An absent value equals nothing, neither the empty string nor another absent one. */
export function equal(left: Bytes, right: Bytes): bool {
  return left != MISSING && lengthOf(left) == lengthOf(right) && same(pointerOf(left), pointerOf(right), lengthOf(left));
}

/** Whether so many bytes are the same here and there. They are few, and so should this be. */
export function same(left: usize, right: usize, size: usize): bool {
  while (size > 0) {
    size--;
    if (load<u8>(left + size) != load<u8>(right + size)) return false;
  }
  return true;
}

/** The first value of a header; `./pairs` looks at all of them. */
export function header(name: Bytes): Bytes {
  noteLook();
  return proxy_get_header_map_value(phase, pointerOf(name), lengthOf(name), out + 4, out) != 0
    ? MISSING
    : load<u64>(out);
}

/** The path's parts are joined by zero bytes. */
export function property(path: Bytes): Bytes {
  noteLook();
  return proxy_get_property(pointerOf(path), lengthOf(path), out + 4, out) != 0 ? MISSING : load<u64>(out);
}

/** Replace all values of a header by one. A value that must not stand in a header is written as an empty one. */
export function replaceHeader(name: Bytes, value: Bytes): bool {
  if (!isName(name)) return false;
  const clean = isValue(value);
  putHeader(name, clean ? value : 0);
  return clean;
}

/** The same where both are known to be what may stand in a header. */
export function putHeader(name: Bytes, value: Bytes): void {
  proxy_replace_header_map_value(phase, pointerOf(name), lengthOf(name), pointerOf(value), lengthOf(value));
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

/** Without the blanks and tabs around it, which are no part of a header's value: one proxy writes them and the next one does not see them. */
export function trimmed(value: Bytes): Bytes {
  let start = pointerOf(value);
  let end = start + lengthOf(value);
  while (start < end && isBlank(load<u8>(start))) start++;
  while (end > start && isBlank(load<u8>(end - 1))) end--;
  return bytes(start, end - start);
}

function isBlank(byte: u8): bool {
  return byte == 32 || byte == 9;
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
export function clearRouteCache(): u32 {
  const name = memory.data<u8>([99, 108, 101, 97, 114, 95, 114, 111, 117, 116, 101, 95, 99, 97, 99, 104, 101]);
  return proxy_call_foreign_function(name, 17, 0, 0, out, out + 4);
}
