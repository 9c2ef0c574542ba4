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

/** Characters outside ASCII become `?`, and a long text is cut, with room kept for what follows it. */
export function append(text: string): void {
  for (let i = 0; i < text.length && size < 220; i++) {
    const unit = text.charCodeAt(i);
    store<u8>(line + size++, unit < 128 ? unit : 63);
  }
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
