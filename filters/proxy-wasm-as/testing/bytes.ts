const encoder = new TextEncoder();
const decoder = new TextDecoder();
const byteDecoder = new TextDecoder("latin1");

/** The bytes of a text, and bytes as they are. */
export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/** The text that bytes are, with U+FFFD for what is not UTF-8. */
export function textOf(value: Uint8Array): string {
  return decoder.decode(value);
}

/** Nothing. */
export const noBytes: Uint8Array = new Uint8Array();

/** One after the other. */
export function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** A key for bytes, one character each, so that other bytes have another key. */
export function keyOf(value: Uint8Array): string {
  let key = "";
  // `latin1` means windows-1252 in a TextDecoder, which differs from 0x80 on.
  if (value.every((byte) => byte < 0x80)) return byteDecoder.decode(value);
  for (const byte of value) key += String.fromCharCode(byte);
  return key;
}

/** The bytes that a key stands for. */
export function bytesOfKey(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}
