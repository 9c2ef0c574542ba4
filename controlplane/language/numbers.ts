import { durationUnits, parseDuration } from "./duration.ts";

/** A number of a policy's text. `int` and `duration` (nanoseconds) are exact. */
export type ReadNumber =
  | { readonly kind: "int" | "duration"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "wrong"; readonly message: string; readonly help: string };

const max = 2n ** 63n - 1n;

/** Read `10`, `1.5` or, with a unit, `250us`, `1.5s`. */
export function readNumber(text: string): ReadNumber {
  if (/^\d+\.\d+$/.test(text)) return { kind: "float", value: Number(text) };
  if (/^\d+$/.test(text)) return whole("int", BigInt(text), text);
  const duration = parseDuration(text);
  if (duration !== undefined) return whole("duration", duration, text);
  const units = durationUnits.map((unit) => `\`${unit}\``).join(", ");
  return {
    kind: "wrong",
    message: `\`${text}\` is not a number`,
    help: `a duration has one of the units ${units}`,
  };
}

function whole(kind: "int" | "duration", value: bigint, text: string): ReadNumber {
  if (value <= max) return { kind, value };
  return { kind: "wrong", message: `\`${text}\` is too large`, help: `numbers go up to ${max}` };
}
