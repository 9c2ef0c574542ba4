import { narrow, widenOrNull } from "./byte-string";
import { Bytes, lengthOf, MISSING, pointerOf, property } from "./bytes";
import { Status } from "./enums";
import { proxy_set_property } from "./env";
import { holdsBack } from "./guard";

// Properties by paths that are said as texts.

export function readString(path: string): string | null {
  return widenOrNull(read(path));
}

export function readInt(path: string, missing: i64): i64 {
  const value = read(path);
  return value == MISSING || lengthOf(value) != 8 ? missing : load<i64>(pointerOf(value));
}

export function readBool(path: string, missing: bool): bool {
  const value = read(path);
  return value == MISSING || lengthOf(value) != 1 ? missing : load<u8>(pointerOf(value)) != 0;
}

export function setString(path: string, value: string): Status {
  const key = pathOf(path);
  const content = narrow(value);
  if (key == MISSING || content == MISSING) return Status.BadArgument;
  if (holdsBack()) return Status.Ok;
  return proxy_set_property(pointerOf(key), lengthOf(key), pointerOf(content), lengthOf(content));
}

/** A whole number as the host writes one; -1 for what is none. */
export function toInt(value: Bytes): i64 {
  return value == MISSING || lengthOf(value) != 8 ? -1 : load<i64>(pointerOf(value));
}

export function toBool(value: Bytes): bool {
  return value != MISSING && lengthOf(value) == 1 && load<u8>(pointerOf(value)) != 0;
}

function read(path: string): Bytes {
  const key = pathOf(path);
  return key == MISSING ? MISSING : property(key);
}

/** With zero bytes for the points. */
function pathOf(path: string): Bytes {
  const key = narrow(path);
  if (key == MISSING) return key;
  for (let i: usize = 0; i < lengthOf(key); i++) {
    if (load<u8>(pointerOf(key) + i) == 46) store<u8>(pointerOf(key) + i, 0);
  }
  return key;
}
