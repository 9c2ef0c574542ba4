import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { allocate } from "./memory";

// Byte strings, as in the Fetch standard: each character stands for one byte, so that nothing is lost on the way.

/** The bytes as a string of as many characters. */
export function widen(view: Bytes): string {
  const size = lengthOf(view);
  const start = pointerOf(view);
  const text = newString(size << 1);
  for (let i = size; i > 0; ) {
    i--;
    store<u16>(text + (i << 1), load<u8>(start + i));
  }
  return changetype<string>(text);
}

/** Of the header of a string nothing is ever looked at but the size, where there is no garbage collector: it has no more. All of the rest is about to be written. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function newString(size: usize): usize {
  if (ASC_RUNTIME != 0) return __new(size, idof<string>());
  const block = heap.alloc(size + 4);
  store<u32>(block, <u32>size);
  return block + 4;
}

/** The same, null for MISSING. */
export function widenOrNull(view: Bytes): string | null {
  return view == MISSING ? null : widen(view);
}

/** What `narrow` lets pass: everything, what may be a header's value, or what may be a header's name. */
export const ANY: u32 = 0;
export const VALUE: u32 = 1;
export const NAME: u32 = 2;

/**
 * The bytes that a string stands for, until the callback ends; MISSING when it has a character over 255, or one that it must not have: CR, LF
 * and NUL would end a header or the request, and a name is visible ASCII with a colon only as the first of several.
 */
export function narrow(text: string, what: u32 = ANY): Bytes {
  const size = sizeOf(text);
  const start = allocate(size);
  // One way out: a budget pays for a loop before it and settles at each way out of it.
  let wrong: u32 = what == NAME && size == 0 ? 1 : 0;
  for (let i = size; i > 0; ) {
    i--;
    const unit: u32 = load<u16>(changetype<usize>(text) + (i << 1));
    store<u8>(start + i, unit);
    wrong |= unit >> 8;
    wrong |=
      what == NAME
        ? u32(unit - 33 > 93) | (u32(unit == 58) & (u32(i > 0) | u32(size == 1)))
        : u32(what) & (u32(unit == 0) | u32(unit == 10) | u32(unit == 13));
  }
  return wrong != 0 ? MISSING : bytes(start, size);
}

/** How many characters a string has, and so how many bytes when it is a byte string. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
function sizeOf(text: string): usize {
  return <usize>load<u32>(changetype<usize>(text) - 4) >> 1;
}

/** A copy with the letters of ASCII in lower case: `toLowerCase` would bring the tables of all of Unicode. */
export function lowered(view: Bytes): Bytes {
  const size = lengthOf(view);
  const start = allocate(size);
  for (let i: usize = 0; i < size; i++) {
    const byte = load<u8>(pointerOf(view) + i);
    store<u8>(start + i, byte - 65 < 26 ? byte | 32 : byte);
  }
  return bytes(start, size);
}

/** The bytes of a byte string; of a character over 255, its lower byte. No call of the host. */
export function toBytes(byteString: string): Uint8Array {
  const found = new Uint8Array(byteString.length);
  for (let i = 0; i < byteString.length; i++) found[i] = <u8>byteString.charCodeAt(i);
  return found;
}

/** A byte string of these bytes. No call of the host. */
export function fromBytes(content: Uint8Array): string {
  return widen(bytes(content.dataStart, content.length));
}

/** A copy of what the host has handed over. */
export function copied(view: Bytes): Uint8Array {
  const found = new Uint8Array(<i32>lengthOf(view));
  memory.copy(found.dataStart, pointerOf(view), lengthOf(view));
  return found;
}
