import { Bytes, bytes, header, isName, isValue, lengthOf, MISSING, pointerOf, putHeader, trimmed } from "../bytes";
import { proxy_add_header_map_value, proxy_remove_header_map_value } from "../env";
import { forgetPairs, headerIs, nextValue, rewind } from "../pairs";
import { phase } from "../phase";
import { allocate, holdsBackChange } from "../policy";

// The headers of the request, or of the response in its phase. Names are in lower case.

/** The first value; MISSING where there is none. */
export function getHeader(name: Bytes): Bytes {
  return header(name);
}

/** All values, joined by ","; MISSING where there is none. */
export function getHeaders(name: Bytes): Bytes {
  rewind();
  let joined = nextValue(name);
  if (joined == MISSING) return joined;
  for (let value = nextValue(name); value != MISSING; value = nextValue(name)) joined = join(joined, value);
  return joined;
}

/** Whether the header is there; with a value, whether any of its values is this one. */
export function hasHeader(name: Bytes, value: Bytes = MISSING): bool {
  return value == MISSING ? header(name) != MISSING : headerIs(name, value);
}

/** Replace all values by one. A value that must not stand in a header is written as an empty one. */
export function setHeader(name: Bytes, value: Bytes): void {
  setLiteral(name, isValue(value) ? trimmed(value) : 0);
}

/** The same with a value that is known to be one that a header may have, as it is. */
export function setLiteral(name: Bytes, value: Bytes): void {
  if (holdsBackChange()) return;
  putHeader(name, value);
  forgetPairs();
}

/** Add a value to those that are there. One that must not stand in a header is not added. */
export function addHeader(name: Bytes, value: Bytes): void {
  if (holdsBackChange() || !isName(name) || !isValue(value)) return;
  const own = trimmed(value);
  proxy_add_header_map_value(phase, pointerOf(name), lengthOf(name), pointerOf(own), lengthOf(own));
  forgetPairs();
}

export function removeHeader(name: Bytes): void {
  if (holdsBackChange()) return;
  proxy_remove_header_map_value(phase, pointerOf(name), lengthOf(name));
  forgetPairs();
}

function join(left: Bytes, right: Bytes): Bytes {
  const size = lengthOf(left) + 1 + lengthOf(right);
  const start = allocate(size);
  memory.copy(start, pointerOf(left), lengthOf(left));
  store<u8>(start + lengthOf(left), 44);
  memory.copy(start + lengthOf(left) + 1, pointerOf(right), lengthOf(right));
  return bytes(start, size);
}
