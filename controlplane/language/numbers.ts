/** A number of a policy's text. `int` and `duration` (nanoseconds) are exact. */
export type ReadNumber =
  | { readonly kind: "int" | "duration"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "wrong"; readonly message: string; readonly help: string };

const nanoseconds: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const max = 2n ** 63n - 1n;

/** Read `10`, `1.5` or, with a unit, `250us`, `1.5s`. */
export function readNumber(text: string): ReadNumber {
  const [, whole = "", fraction, unit = ""] = /^(\d+)(?:\.(\d+))?([A-Za-z]*)$/.exec(text) ?? [];
  if (whole === "")
    return {
      kind: "wrong",
      message: `\`${text}\` is not a number`,
      help: "write digits, as in `10` or `1.5`",
    };
  if (unit === "") {
    if (fraction !== undefined) return { kind: "float", value: Number(text) };
    return BigInt(whole) <= max ? { kind: "int", value: BigInt(whole) } : tooLarge(text);
  }
  const factor = nanoseconds.get(unit);
  if (factor === undefined) {
    const known = [...nanoseconds.keys()];
    const meant = unit.startsWith("mil") ? "ms" : known.find((candidate) => unit.startsWith(candidate));
    return {
      kind: "wrong",
      message: `unknown unit \`${unit}\``,
      help:
        meant === undefined
          ? `there are \`${known.join("`, `")}\``
          : `write \`${text.slice(0, -unit.length)}${meant}\``,
    };
  }
  const digits = fraction ?? "";
  const value = (BigInt(whole + digits) * factor) / 10n ** BigInt(digits.length);
  return value <= max ? { kind: "duration", value } : tooLarge(text);
}

function tooLarge(text: string): ReadNumber {
  return { kind: "wrong", message: `\`${text}\` is too large`, help: `numbers go up to ${max}` };
}
