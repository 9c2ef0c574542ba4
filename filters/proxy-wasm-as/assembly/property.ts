import { narrow, widenOrNull } from "./byte-string";
import { Bytes, bytes, lengthOf, MISSING, pointerOf, property } from "./bytes";
import { Status } from "./enums";
import { proxy_set_property } from "./env";
import { holdsBack } from "./guard";
import { arePairs, Pairs, toPairs } from "./pair-list";

// Properties by paths that are said as texts.

export function readString(path: string): string | null {
  return widenOrNull(read(path));
}

export function readInt(path: string, missing: i64): i64 {
  const value = read(path);
  return value == MISSING || lengthOf(value) != 8 ? missing : load<i64>(pointerOf(value));
}

export function readFloat(path: string, missing: f64): f64 {
  const value = read(path);
  return value == MISSING || lengthOf(value) != 8 ? missing : load<f64>(pointerOf(value));
}

export function readPairs(path: string): Pairs | null {
  const value = read(path);
  return arePairs(value) ? toPairs(value) : null;
}

export function readBool(path: string, missing: bool): bool {
  const value = read(path);
  return value == MISSING || lengthOf(value) != 1 ? missing : load<u8>(pointerOf(value)) != 0;
}

export function setString(name: string, value: string): Status {
  const key = narrow(name);
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

/** With a zero byte between the parts: `a.b` is two of them, and so is `a['b']`, in which `b` may have points. */
function pathOf(path: string): Bytes {
  const key = narrow(path);
  if (key == MISSING) return key;
  const start = pointerOf(key);
  const end = start + lengthOf(key);
  let written = start;
  let quote: u8 = 0;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    const next: u8 = at + 1 < end ? load<u8>(at + 1) : 0;
    if (quote != 0 && byte == quote && next == 93) {
      quote = 0;
      at++;
    } else if (quote == 0 && byte == 91 && (next == 34 || next == 39)) {
      if (written > start) store<u8>(written++, 0);
      quote = next;
      at++;
    } else {
      store<u8>(written++, quote == 0 && byte == 46 ? 0 : byte);
    }
  }
  return bytes(start, i32(written - start));
}
