import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { narrow, widen } from "./byte-string";

/** UTF-8, the way from bytes to text and back, as it has to be asked for. */
export namespace utf8 {
  /** The text that a byte string is in UTF-8; null when it is none: cut short, overlong, a surrogate, or over U+10FFFF. No call of the host. */
  export function decode(byteString: string): string | null {
    return decodeBytes(narrow(byteString));
  }

  /** The byte string that a text is in UTF-8. Half of a pair of surrogates becomes U+FFFD. No call of the host. */
  export function encode(text: string): string {
    return widen(encodeBytes(text));
  }
}

/** The text; null when it is not UTF-8, or MISSING. */
export function decodeBytes(view: Bytes): string | null {
  if (view == MISSING || !isUtf8(view)) return null;
  return String.UTF8.decodeUnsafe(pointerOf(view), lengthOf(view));
}

/** A text in UTF-8, until the callback ends. */
export function encodeBytes(text: string): Bytes {
  const encoded = String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE);
  return bytes(changetype<usize>(encoded), encoded.byteLength);
}

/** Table 3-7 of the Unicode standard: the first byte says how many follow, and of these the first may be narrower than 0x80 to 0xbf. */
export function isUtf8(view: Bytes): bool {
  const end = pointerOf(view) + lengthOf(view);
  for (let at = pointerOf(view); at < end; ) {
    const first = load<u8>(at++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    let least: u8 = 0x80;
    let most: u8 = 0xbf;
    if (first == 0xe0) least = 0xa0;
    else if (first == 0xed) most = 0x9f;
    else if (first == 0xf0) least = 0x90;
    else if (first == 0xf4) most = 0x8f;
    for (let following = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3; following > 0; following--) {
      if (at == end) return false;
      const byte = load<u8>(at++);
      if (byte < least || byte > most) return false;
      least = 0x80;
      most = 0xbf;
    }
  }
  return true;
}
