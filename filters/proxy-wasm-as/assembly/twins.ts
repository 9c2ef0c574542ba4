import { Bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { proxy_remove_header_map_value } from "./env";
import { forgetPairs, nameHere, nextPair, rewind } from "./pairs";

// Applications behind CGI and WSGI know `x-path` and `x_path` by one name, and have read one where the other was sent.

const REQUEST: u32 = 0;
const HYPHEN: u8 = 45;
const UNDERSCORE: u8 = 95;

/** Take away the headers of a request whose names such applications take for this one, in lower case. */
export function removeTwins(name: Bytes): void {
  if (!hasTwins(name)) return;
  let isChanged = false;
  rewind();
  for (let value = nextPair(); value != MISSING; value = nextPair()) {
    if (!isTwin(nameHere, name)) continue;
    proxy_remove_header_map_value(REQUEST, pointerOf(nameHere), lengthOf(nameHere));
    isChanged = true;
  }
  if (isChanged) forgetPairs();
}

function hasTwins(name: Bytes): bool {
  for (let at: usize = 0; at < lengthOf(name); at++) if (isSeparator(load<u8>(pointerOf(name) + at))) return true;
  return false;
}

function isTwin(other: Bytes, name: Bytes): bool {
  const size = lengthOf(name);
  if (lengthOf(other) != size) return false;
  let isOther = false;
  for (let at: usize = 0; at < size; at++) {
    const own = load<u8>(pointerOf(name) + at);
    const byte = load<u8>(pointerOf(other) + at);
    if (byte == own) continue;
    if (!isSeparator(byte) || !isSeparator(own)) return false;
    isOther = true;
  }
  return isOther;
}

function isSeparator(byte: u8): bool {
  return byte == HYPHEN || byte == UNDERSCORE;
}
