import { compare } from "./actions/text";
import { Bytes, MISSING } from "./bytes";

// What the operators of Copper become where WebAssembly has none. A comparison with an absent value is false, and nothing traps.

export function isLess(left: Bytes, right: Bytes): bool {
  return left != MISSING && right != MISSING && compare(left, right) < 0;
}

export function isLessOrEqual(left: Bytes, right: Bytes): bool {
  return left != MISSING && right != MISSING && compare(left, right) <= 0;
}

export function isGreater(left: Bytes, right: Bytes): bool {
  return isLess(right, left);
}

export function isGreaterOrEqual(left: Bytes, right: Bytes): bool {
  return isLessOrEqual(right, left);
}

/** Towards zero; 0 where the divisor is, and the least number divided by -1 is itself. */
export function divide(left: i64, right: i64): i64 {
  if (right == 0) return 0;
  return right == -1 ? -left : left / right;
}

/** With the sign of the left side; 0 where the divisor is 0. */
export function remainder(left: i64, right: i64): i64 {
  return right == 0 || right == -1 ? 0 : left % right;
}
