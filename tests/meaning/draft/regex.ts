import fc from "fast-check";

const atom = fc.constantFrom(
  "a",
  "b",
  "1",
  "é",
  ".",
  "[ab]",
  "[^a]",
  "[a-c0-9]",
  "\\d",
  "\\w",
  "\\s",
  "\\.",
  ",",
  "-",
  "(?i:A)",
  "[[:alpha:]]",
  "\\p{Latin}",
  "",
);
const repeated = fc
  .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "*?", "{2}", "{0,2}", "{1,}"))
  .map(([of, sign]) => (of === "" ? "" : of + sign));

/** Patterns with RE2's syntax, made to match one of our texts now and then. */
export const regex: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "a.*",
    ".*",
    "[0-9]+",
    "(a|b)+",
    "-?\\d+",
    "a|ab",
    "(?i)a",
    ".",
    "(?s).",
    "^a$",
    "\\x61",
    "é?",
    "",
  ),
  fc.array(repeated, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
  fc
    .tuple(
      fc.array(repeated, { maxLength: 2 }),
      fc.array(repeated, { maxLength: 2 }),
      fc.constantFrom("", "*", "+", "?"),
    )
    .map(([left, right, sign]) => `(${left.join("")}|${right.join("")})${sign}`),
);
