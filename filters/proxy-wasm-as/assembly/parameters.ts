import { Bytes, lengthOf, pointerOf } from "./bytes";
import { fieldOf } from "./plugins";
import { currentBlock } from "./policy";

// Parameters of policies stand in the plugin configuration behind the mode, in the order in which the policy declares them:
// numbers in decimal, a float as the 64 bits that it is, a duration in nanoseconds, a bool as 0 or 1.

export function parameterText(policy: u32, place: u32): Bytes {
  return fieldOf(currentBlock(), policy, place + 1);
}

/** For filter code, whose texts are strings. */
export function parameterString(policy: u32, place: u32): string {
  const field = parameterText(policy, place);
  return String.UTF8.decodeUnsafe(pointerOf(field), lengthOf(field));
}

export function parameterInt(policy: u32, place: u32): i64 {
  const field = parameterText(policy, place);
  const end = pointerOf(field) + lengthOf(field);
  let at = pointerOf(field);
  const negative = at < end && load<u8>(at) == 45;
  if (negative) at++;
  let value: i64 = 0;
  for (; at < end; at++) value = value * 10 - <i64>(load<u8>(at) - 48);
  return negative ? value : -value;
}

/** For filter code: a number as wide as what it is for. */
export function parameterNumber<T>(_like: T, policy: u32, place: u32): T {
  return <T>parameterInt(policy, place);
}

export function parameterFloat(policy: u32, place: u32): f64 {
  return reinterpret<f64>(parameterInt(policy, place));
}

export function parameterBool(policy: u32, place: u32): bool {
  return parameterInt(policy, place) != 0;
}
