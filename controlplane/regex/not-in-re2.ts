/** What Perl, PCRE, Java or JavaScript have and RE2 has not: what it is called, and what to write instead. */
export interface NotInRe2 {
  readonly what: string;
  readonly help?: string;
}

const lookaround = "say it as a condition of its own, as in `a.Matches(…) && !b.Matches(…)`";
const backreference = "RE2 never remembers what a group matched; compare the parts in the policy";
const recursion = "write the group again, as often as it may nest";

/** By how the group begins; the first that fits counts. */
const groups: readonly (readonly [start: RegExp, found: NotInRe2])[] = [
  [/^\(\?=/, { what: "lookahead", help: lookaround }],
  [/^\(\?!/, { what: "negative lookahead", help: lookaround }],
  [/^\(\?<=/, { what: "lookbehind", help: lookaround }],
  [/^\(\?<!/, { what: "negative lookbehind", help: lookaround }],
  [/^\(\?>/, { what: "atomic groups", help: "write `(?:` instead: RE2 does not backtrack" }],
  [/^\(\?#/, { what: "comments" }],
  [/^\(\?\|/, { what: "branch reset groups", help: "write `(?:` instead" }],
  [/^\(\?P=/, { what: "backreferences", help: backreference }],
  [/^\(\?(R|&|P>|[+-]?\d)/, { what: "recursion", help: recursion }],
  [/^\(\?\(/, { what: "conditional groups", help: "write the branches as `(?:…|…)`" }],
  [/^\(\?'/, { what: "groups named with `'`", help: "write `(?P<name>…)`" }],
  [/^\(\?[imsU-]*x/, { what: "flag for free spacing", help: "write the pattern without spaces" }],
];

const escapes: Readonly<Record<string, NotInRe2>> = {
  k: { what: "backreferences", help: backreference },
  g: { what: "backreferences", help: backreference },
  Z: { what: "`\\Z`", help: "write `\\z` for the end of the text" },
  G: { what: "`\\G`", help: "write `\\A` for the start of the text" },
  h: { what: "`\\h`", help: "write `[\\t ]`" },
  H: { what: "`\\H`", help: "write `[^\\t ]`" },
  V: { what: "`\\V`", help: "write `[^\\n\\v\\f\\r]`" },
  R: { what: "`\\R`", help: "write `(?:\\r\\n|[\\n\\v\\f\\r])`" },
  N: { what: "`\\N`", help: "write `.` for anything but a newline" },
  X: { what: "`\\X`" },
  K: { what: "`\\K`" },
  e: { what: "`\\e`", help: "write `\\x1b`" },
  c: { what: "`\\c`", help: "write the control character as `\\x01` and so on" },
  u: { what: "`\\u`", help: "write `\\x{…}` with the code point in hexadecimal" },
  U: { what: "`\\U`", help: "write `\\x{…}` with the code point in hexadecimal" },
  b: { what: "`\\b` within a class", help: "write `\\x08` for a backspace" },
  E: { what: "`\\E` without a `\\Q` before it" },
  Q: { what: "`\\Q` within a class", help: "write a backslash before each special character" },
};

/** `rest` is the pattern from `(?` on; `form` is as much of it as tells. */
export function groupNotInRe2(rest: string): (NotInRe2 & { readonly form: string }) | undefined {
  for (const [start, found] of groups) {
    const form = start.exec(rest)?.[0];
    if (form !== undefined) return { ...found, form };
  }
  return undefined;
}

/** `character` is what stands behind the backslash. */
export function escapeNotInRe2(character: string): NotInRe2 | undefined {
  if (/^[1-9]$/.test(character)) return { what: "backreferences", help: backreference };
  return Object.hasOwn(escapes, character) ? escapes[character] : undefined;
}
