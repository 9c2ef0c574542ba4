import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { proxy_set_property } from "./env";
import { holdsBack } from "./guard";
import { appendBytes, begin, view } from "./line";
import { allocate } from "./memory";

/** Set what the access log reads as `%FILTER_STATE(wasm.wire.tag.NAME:PLAIN)%`. */
export function tagAccessLog(name: Bytes, value: Bytes): void {
  if (holdsBack()) return;
  begin("wire.tag.");
  appendBytes(name);
  const path = view();
  const line = inOneLine(value);
  proxy_set_property(pointerOf(path), lengthOf(path), pointerOf(line), lengthOf(line));
}

/** The same with a space for each control character: what would begin another line. Nothing for MISSING. */
export function inOneLine(text: Bytes): Bytes {
  if (text == MISSING) return 0;
  let line = text;
  for (let i: usize = 0; i < lengthOf(text); i++) {
    const byte = load<u8>(pointerOf(line) + i);
    if (byte >= 32 && byte != 127) continue;
    if (line == text) {
      line = bytes(allocate(lengthOf(text)), lengthOf(text));
      memory.copy(pointerOf(line), pointerOf(text), lengthOf(text));
    }
    store<u8>(pointerOf(line) + i, 32);
  }
  return line;
}
