import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";

const digits: usize = memory.data(20);

/** A number in decimal digits; valid until the next one. */
export function decimal(value: u64): Bytes {
  let at = digits + 20;
  do {
    store<u8>(--at, <u8>(48 + (value % 10)));
    value /= 10;
  } while (value > 0);
  return bytes(at, digits + 20 - at);
}

/** The number that a text of up to 18 decimal digits and nothing else is; -1 for every other text. */
export function fromDecimal(text: Bytes): i64 {
  if (text == MISSING || lengthOf(text) == 0 || lengthOf(text) > 18) return -1;
  let value: i64 = 0;
  for (let i: usize = 0; i < lengthOf(text); i++) {
    const digit = load<u8>(pointerOf(text) + i) - 48;
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
