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

/** Read `10`, `1.5`, `2.5e-7` or, with a unit, `250us`, `1.5s`; each with a minus sign before it, too. */
export function readNumber(text: string): ReadNumber {
  const [, sign = "", whole = "", fraction, exponent, unit = ""] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?([A-Za-z]*)$/.exec(text) ?? [];
  const signed = (value: bigint): bigint => (sign === "" ? value : -value);
  const fits = (value: bigint): boolean => value <= (sign === "" ? max : max + 1n);
  if (whole === "")
    return {
      kind: "wrong",
      message: `\`${text}\` is not a number`,
      help: "write digits, as in `10` or `1.5`",
    };
  if (unit === "") {
    if (fraction !== undefined || exponent !== undefined) {
      const value = Number(text);
      return Number.isFinite(value) ? { kind: "float", value } : tooLarge(text, "1.7976931348623157e308");
    }
    const value = BigInt(whole);
    return fits(value) ? { kind: "int", value: signed(value) } : tooLarge(text);
  }
  if (exponent !== undefined) {
    return {
      kind: "wrong",
      message: `\`${text}\` has an exponent and a unit`,
      help: "write a number with a smaller or a larger unit, as in `250us` or `5m`",
    };
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
  return fits(value) ? { kind: "duration", value: signed(value) } : tooLarge(text);
}

function tooLarge(text: string, most = String(max)): ReadNumber {
  return { kind: "wrong", message: `\`${text}\` is too large`, help: `numbers go up to ${most}` };
}
