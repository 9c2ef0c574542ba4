import { Bytes, bytes, header, lengthOf, MISSING, pointerOf } from "./bytes";
import { allocate } from "./policy";

// "x-wire-claims"
function CLAIMS(): Bytes { return bytes(memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 99, 108, 97, 105, 109, 115]), 13); }

/**
 * The claims of the JSON Web Token that Envoy has verified, as the JSON text that was signed; MISSING when there is no such token. They
 * come in a header that every listener strips from what others send, in base64url.
 */
export function verifiedClaims(): Bytes {
  const encoded = header(CLAIMS());
  if (encoded == MISSING) return MISSING;
  const start = allocate(lengthOf(encoded));
  let to = start;
  let bits: u32 = 0;
  let kept: u32 = 0;
  for (let i: usize = 0; i < lengthOf(encoded); i++) {
    const value = valueOf(load<u8>(pointerOf(encoded) + i));
    if (value > 63) break;
    bits = (bits << 6) | value;
    kept += 6;
    if (kept < 8) continue;
    kept -= 8;
    store<u8>(to++, <u8>(bits >> kept));
  }
  return bytes(start, to - start);
}

/** 64 for what is no digit. */
function valueOf(character: u8): u32 {
  if (character >= 65 && character <= 90) return character - 65;
  if (character >= 97 && character <= 122) return character - 71;
  if (character >= 48 && character <= 57) return character + 4;
  if (character == 45 || character == 43) return 62;
  if (character == 95 || character == 47) return 63;
  return 64;
}
