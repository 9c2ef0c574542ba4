/** A string of Copper as it is at run time: bytes, one character for each, so that JavaScript compares and joins them bytewise. */
export type Bytes = string;

const encoder = new TextEncoder();

/** Text as the bytes of its UTF-8. */
export function utf8(text: string): Bytes {
  return ofArray(encoder.encode(text));
}

export function ofArray(bytes: Uint8Array): Bytes {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function toArray(bytes: Bytes): Uint8Array {
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0));
}

/** The text that the bytes are; undefined when they are not UTF-8. */
export function toText(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(toArray(bytes));
  } catch {
    return undefined;
  }
}

/** As a log shows them: U+FFFD for what is not UTF-8. */
export function shown(bytes: Bytes): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(toArray(bytes));
}

/** ASCII letters in lower case; no other byte changes. */
export function lower(bytes: Bytes): Bytes {
  return bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
