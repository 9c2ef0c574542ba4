import { Bytes, bytes, lengthOf, pointerOf } from "./bytes";

// One line of text in static memory, built without allocating: where memory may be what ran out, and where strings would
// bring more code than they are worth.
const line: usize = memory.data(256);
let size: usize = 0;

/** Start again, with a text. */
export function begin(text: string): void {
  size = 0;
  append(text);
}

/** In UTF-8. A long text is cut, with room kept for what follows it. */
export function append(text: string): void {
  for (let i = 0; i < text.length && size < 220; i++) {
    const found = <u32>text.codePointAt(i);
    // Half of a pair is no character.
    const code: u32 = found >> 11 == 27 ? 0xfffd : found;
    if (code < 0x80) {
      put(code);
      continue;
    }
    if (code < 0x800) put(0xc0 | (code >> 6));
    else {
      if (code < 0x10000) put(0xe0 | (code >> 12));
      else {
        put(0xf0 | (code >> 18));
        put(0x80 | ((code >> 12) & 63));
        i++;
      }
      put(0x80 | ((code >> 6) & 63));
    }
    put(0x80 | (code & 63));
  }
}

function put(byte: u32): void {
  store<u8>(line + size++, byte);
}

/** Bytes as they are, which have to be ASCII. */
export function appendBytes(text: Bytes): void {
  const length = min(lengthOf(text), 220 - size);
  memory.copy(line + size, pointerOf(text), length);
  size += length;
}

export function appendNumber(value: u32): void {
  let scale: u32 = 1;
  while (value / scale >= 10) scale *= 10;
  for (; scale > 0 && size < 256; scale /= 10) store<u8>(line + size++, 48 + ((value / scale) % 10));
}

/** The line so far; valid until the next `begin`. */
export function view(): Bytes {
  return bytes(line, size);
}
