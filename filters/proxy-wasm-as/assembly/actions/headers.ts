import { Bytes, bytes, header, isName, isValue, lengthOf, MISSING, pointerOf, replaceHeader } from "../bytes";
import { proxy_add_header_map_value, proxy_remove_header_map_value } from "../env";
import { forgetPairs, headerIs as anyIs, nextValue, rewind } from "../pairs";
import { holdsBack } from "../policy";

/** The first value. */
export function getHeader(name: Bytes): Bytes {
  return header(name);
}

/** All values, joined by ",". */
export function getHeaders(name: Bytes): Bytes {
  let size: usize = 0;
  let count: usize = 0;
  rewind();
  for (let value = nextValue(name); value != MISSING; value = nextValue(name)) {
    size += lengthOf(value);
    count++;
  }
  if (count == 0) return MISSING;
  const joined = changetype<usize>(new ArrayBuffer(<i32>(size + count - 1)));
  let at = joined;
  rewind();
  for (let value = nextValue(name); value != MISSING; value = nextValue(name)) {
    if (at > joined) store<u8>(at++, 44);
    memory.copy(at, pointerOf(value), lengthOf(value));
    at += lengthOf(value);
  }
  return bytes(joined, at - joined);
}

export function hasHeader(name: Bytes): bool {
  return header(name) != MISSING;
}

/** Whether any of its values is this one. */
export function headerIs(name: Bytes, value: Bytes): bool {
  return anyIs(name, value);
}

export function setHeader(name: Bytes, value: Bytes): void {
  if (holdsBack()) return;
  replaceHeader(name, value);
  forgetPairs();
}

export function addHeader(name: Bytes, value: Bytes): void {
  if (holdsBack() || !isName(name)) return;
  // As with `setHeader`: a value that must not stand in a header is written as an empty one.
  const content = isValue(value) ? value : 0;
  proxy_add_header_map_value(0, pointerOf(name), lengthOf(name), pointerOf(content), lengthOf(content));
  forgetPairs();
}

export function removeHeader(name: Bytes): void {
  if (holdsBack()) return;
  proxy_remove_header_map_value(0, pointerOf(name), lengthOf(name));
  forgetPairs();
}
