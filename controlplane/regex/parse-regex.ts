import {
  type CodePointRange,
  type CodePointSet,
  complement,
  everything,
  LAST_CODE_POINT,
  setOf,
} from "./code-points.ts";
import { foldCase, perlClasses, posixClasses, similarUnicodeClass, unicodeClass } from "./named-classes.ts";
import { escapeNotInRe2, groupNotInRe2 } from "./not-in-re2.ts";
import type { Assertion, Pattern, RegexError } from "./pattern.ts";

const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;
const NEWLINE: CodePointSet = [[10, 10]];

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/** A group that is being read. */
interface Group {
  readonly offset: number;
  readonly flagsBefore: Flags;
  readonly branches: Pattern[];
  items: Pattern[];
}

const nothing: Pattern = { kind: "sequence", parts: [] };

/** Parse a pattern as RE2 does with its default options. Never throws. */
export function parseRegex(pattern: string): Pattern | RegexError {
  return new Parser(pattern).parse();
}

class Parser {
  private readonly text: string;
  private at = 0;
  private flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false };
  private readonly groups: Group[] = [];
  private group: Group = { offset: 0, flagsBefore: this.flags, branches: [], items: [] };

  constructor(text: string) {
    this.text = text;
  }

  parse(): Pattern | RegexError {
    const half = this.text.search(/\p{Cs}/u);
    if (half >= 0) return this.error("the pattern has half of a surrogate pair", half, half + 1);
    // Where the repetition just read starts: RE2 takes no second one on top.
    let repetition: number | undefined;
    while (this.at < this.text.length) {
      const start = this.at;
      const error = this.item(repetition);
      if (error !== undefined && error.kind === "error") return error;
      repetition = error === undefined ? undefined : start;
    }
    if (this.groups.length > 0) {
      const { offset } = this.group;
      return this.error("`(` is never closed", offset, offset + 1, "write `\\(` for the character");
    }
    return this.closed();
  }

  /** Read one item into the group at hand. */
  private item(repetition: number | undefined): RegexError | { readonly kind: "repetition" } | undefined {
    const start = this.at;
    const character = this.next();
    switch (character) {
      case "(":
        return this.open(start);
      case ")":
        return this.close(start);
      case "|":
        this.group.branches.push(sequence(this.group.items));
        this.group.items = [];
        return undefined;
      case "[":
        return this.push(this.bracket(start));
      case ".":
        return this.push({ kind: "class", set: this.flags.dotAll ? everything : complement(NEWLINE) });
      case "^":
        return this.push(assertion(this.flags.multiLine ? "lineStart" : "textStart"));
      case "$":
        return this.push(assertion(this.flags.multiLine ? "lineEnd" : "textEnd"));
      case "*":
        return this.repeat(start, 0, Number.POSITIVE_INFINITY, repetition);
      case "+":
        return this.repeat(start, 1, Number.POSITIVE_INFINITY, repetition);
      case "?":
        return this.repeat(start, 0, 1, repetition);
      case "{": {
        // What is not the whole form of a counted repetition stands for itself.
        const [form, min, comma, max] =
          /^\{(0|[1-9]\d{0,8})(,?)(0|[1-9]\d{0,8})?\}/.exec(this.text.slice(start)) ?? [];
        if (form === undefined || (comma === "" && max !== undefined))
          return this.push(this.literal(character));
        this.at = start + form.length;
        const most = comma === "" ? Number(min) : max === undefined ? Number.POSITIVE_INFINITY : Number(max);
        return this.repeat(start, Number(min), most, repetition);
      }
      case "\\":
        return this.backslash(start);
      default:
        return this.push(this.literal(character));
    }
  }

  private open(start: number): RegexError | undefined {
    if (this.groups.length >= MAX_DEPTH)
      return this.error(`groups nest more than ${MAX_DEPTH} deep`, start, start + 1);
    const before = this.flags;
    if (this.text[this.at] === "?") {
      const rest = this.text.slice(start);
      const named = /^\(\?P?<([^>=!][^>]*|)(>?)/.exec(rest);
      const flags = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
      const absent = groupNotInRe2(rest);
      if (absent !== undefined) {
        const { what, form, help } = absent;
        return this.error(`RE2 has no ${what}: \`${form}\``, start, start + form.length, help);
      }
      if (named !== null) {
        const [form, name = "", end] = named;
        if (end === "" || !/^[\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}]+$/u.test(name)) {
          return this.error(`\`${form}\` names no group`, start, start + form.length, "write `(?P<name>…)`");
        }
        this.at = start + form.length;
      } else if (flags !== null) {
        const [form, on = "", off = "", end] = flags;
        this.at = start + form.length;
        this.setFlags(on, true);
        this.setFlags(off, false);
        if (end === ")") return undefined;
      } else {
        const form = /^\(\?[^\s\w(]{0,2}/.exec(rest)?.[0] ?? "(?";
        const help = "write `(?:…)` for a group";
        return this.error(`\`${form}\` begins no group`, start, start + form.length, help);
      }
    }
    this.groups.push(this.group);
    this.group = { offset: start, flagsBefore: before, branches: [], items: [] };
    return undefined;
  }

  private setFlags(letters: string, value: boolean): void {
    for (const letter of letters) {
      if (letter === "i") this.flags = { ...this.flags, ignoreCase: value };
      if (letter === "m") this.flags = { ...this.flags, multiLine: value };
      if (letter === "s") this.flags = { ...this.flags, dotAll: value };
    }
  }

  private close(start: number): RegexError | undefined {
    const outer = this.groups.pop();
    if (outer === undefined)
      return this.error("`)` closes nothing", start, this.at, "write `\\)` for the character");
    const inner = this.closed();
    this.flags = this.group.flagsBefore;
    this.group = outer;
    return this.push(inner);
  }

  private closed(): Pattern {
    const { branches, items } = this.group;
    return branches.length === 0
      ? sequence(items)
      : { kind: "choice", branches: [...branches, sequence(items)] };
  }

  private repeat(
    start: number,
    min: number,
    max: number,
    before: number | undefined,
  ): RegexError | { readonly kind: "repetition" } {
    if (this.text[this.at] === "?") this.at++;
    const form = this.text.slice(start, this.at);
    if (before !== undefined) {
      const both = this.text.slice(before, this.at);
      const possessive = form === "+" && !both.endsWith("?+");
      return this.error(
        possessive ? `RE2 has no possessive repetition: \`${both}\`` : `\`${both}\` repeats a repetition`,
        before,
        this.at,
        possessive ? "leave out the `+`: RE2 does not backtrack" : "put what is repeated into `(?:…)`",
      );
    }
    const of = this.group.items.pop();
    if (of === undefined) {
      const help = `write \`\\${form}\` for the ${form.length === 1 ? "character" : "text"}`;
      return this.error(`nothing stands before \`${form}\` that it could repeat`, start, this.at, help);
    }
    const least = Number.isFinite(max) ? max : min;
    if (min > max) return this.error(`\`${form}\` wants at least ${min} and at most ${max}`, start, this.at);
    if (least > MAX_REPEAT)
      return this.error(
        `\`${form}\` repeats more often than RE2 allows`,
        start,
        this.at,
        `at most ${MAX_REPEAT} times`,
      );
    const repeated: Pattern = { kind: "repeat", of, min, max };
    if (least >= 2 && times(repeated) > MAX_REPEAT) {
      const help = `at most ${MAX_REPEAT} times, counts within counts multiplied`;
      return this.error(`\`${form}\` repeats more often than RE2 allows`, start, this.at, help);
    }
    this.group.items.push(repeated);
    return { kind: "repetition" };
  }

  private backslash(start: number): RegexError | undefined {
    const letter = this.text[this.at] ?? "";
    switch (letter) {
      case "A":
        this.at++;
        return this.push(assertion("textStart"));
      case "z":
        this.at++;
        return this.push(assertion("textEnd"));
      case "b":
        this.at++;
        return this.push(assertion("wordBoundary"));
      case "B":
        this.at++;
        return this.push(assertion("notWordBoundary"));
      case "C":
        this.at++;
        return this.push({ kind: "byte" });
      case "Q": {
        const end = this.text.indexOf("\\E", this.at + 1);
        const quoted = this.text.slice(this.at + 1, end < 0 ? undefined : end);
        this.at = end < 0 ? this.text.length : end + 2;
        for (const character of quoted) this.push(this.literal(character));
        return undefined;
      }
      default: {
        this.at = start;
        const set = this.namedClass();
        if (set !== undefined) return this.push(isError(set) ? set : { kind: "class", set });
        const codePoint = this.escape();
        if (typeof codePoint !== "number") return codePoint;
        return this.push(this.literal(String.fromCodePoint(codePoint)));
      }
    }
  }

  /** `\d`, `\pL` and their like, in or out of a class; undefined where something else stands. */
  private namedClass(): CodePointSet | RegexError | undefined {
    const start = this.at;
    const [perl, letter = ""] = /^\\([dswDSW])/.exec(this.text.slice(start, start + 2)) ?? [];
    if (perl !== undefined) {
      this.at += 2;
      return this.signed(perlClasses[letter.toLowerCase()] ?? [], letter < "a");
    }
    if (!/^\\[pP]/.test(this.text.slice(start, start + 2))) return undefined;
    this.at += 2;
    const inBraces = this.text[this.at] === "{";
    const end = inBraces ? this.text.indexOf("}", this.at) : this.at;
    let name = "";
    if (inBraces && end < 0) this.at = this.text.length;
    else if (inBraces) {
      name = this.text.slice(this.at + 1, end);
      this.at = end + 1;
    } else if (this.at < this.text.length) name = this.next();
    const plain = name.replace("^", (sign, offset) => (offset === 0 ? "" : sign));
    const set = unicodeClass(plain);
    if (set === undefined) {
      const similar = similarUnicodeClass(plain);
      return this.error(
        `\`${this.text.slice(start, this.at)}\` is no Unicode class of RE2`,
        start,
        this.at,
        similar === undefined
          ? "classes are named by general category as `\\pL`, or by script as `\\p{Greek}`"
          : `did you mean \`\\p{${similar}}\`?`,
      );
    }
    return this.signed(set, (this.text[start + 1] === "P") !== (plain !== name));
  }

  /** Negation comes after folding: what is left out is left out in either case. */
  private signed(set: CodePointSet, negated: boolean): CodePointSet {
    const folded = this.flags.ignoreCase ? foldCase(set) : set;
    return negated ? complement(folded) : folded;
  }

  private bracket(start: number): Pattern | RegexError {
    const ranges: CodePointRange[] = [];
    const negated = this.text[this.at] === "^";
    if (negated) this.at++;
    for (let first = true; first || this.text[this.at] !== "]"; first = false) {
      if (this.at >= this.text.length)
        return this.error("`[` is never closed", start, start + 1, "write `\\[` for the character");
      const named = this.posixClass() ?? this.namedClass();
      if (named !== undefined) {
        if (isError(named)) return named;
        ranges.push(...named);
        continue;
      }
      const range = this.range();
      if (!Array.isArray(range)) return range;
      ranges.push(...this.signed([range], false));
    }
    this.at++;
    const set = setOf(ranges);
    return { kind: "class", set: negated ? complement(set) : set };
  }

  private posixClass(): CodePointSet | RegexError | undefined {
    const start = this.at;
    if (!this.text.startsWith("[:", start)) return undefined;
    const end = this.text.indexOf(":]", start + 2);
    if (end < 0) return undefined;
    this.at = end + 2;
    const [, sign, name = ""] = /^(\^?)(.*)$/s.exec(this.text.slice(start + 2, end)) ?? [];
    const set = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
    if (set === undefined) {
      const help = `the classes are ${Object.keys(posixClasses).join(", ")}`;
      return this.error(`\`${this.text.slice(start, this.at)}\` is no class`, start, this.at, help);
    }
    return this.signed(set, sign === "^");
  }

  /** One character of a class, or two with `-` between them. */
  private range(): [number, number] | RegexError {
    const start = this.at;
    const first = this.classCharacter();
    if (typeof first !== "number") return first;
    const after = this.text[this.at + 1];
    if (this.text[this.at] !== "-" || after === undefined || after === "]") return [first, first];
    this.at++;
    const last = this.classCharacter();
    if (typeof last !== "number") return last;
    if (last >= first) return [first, last];
    const form = this.text.slice(start, this.at);
    return this.error(`\`${form}\` ends before it begins`, start, this.at, "write `\\-` for the character");
  }

  private classCharacter(): number | RegexError {
    return this.text[this.at] === "\\" ? this.escape() : (this.next().codePointAt(0) ?? 0);
  }

  /** The one code point that an escape stands for. */
  private escape(): number | RegexError {
    const start = this.at;
    const rest = this.text.slice(start, start + 2048);
    if (rest.length === 1)
      return this.error(
        "the pattern ends in a lone `\\`",
        start,
        start + 1,
        "write `\\\\` for the character",
      );
    // A digit alone would be a backreference, zero aside; octal is what begins with zero or has two digits.
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/.exec(rest);
    const simple = /^\\([afnrtv]|(?![0-9A-Za-z])\p{ASCII})/u.exec(rest);
    if (octal !== null) return this.took(octal[0], Number.parseInt(octal[1] ?? "", 8));
    if (hex !== null) {
      const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? "", 16);
      if (codePoint <= LAST_CODE_POINT) return this.took(hex[0], codePoint);
      const message = `\`${hex[0]}\` is more than the last code point`;
      return this.error(message, start, start + hex[0].length, "which is `\\x{10FFFF}`");
    }
    if (simple !== null) {
      const character = simple[1] ?? "";
      return this.took(simple[0], (control[character] ?? character).charCodeAt(0));
    }
    const character = String.fromCodePoint(rest.codePointAt(1) ?? 0);
    const form = character === "x" ? (/^\\x(\{[^}]{0,8}\}?|.?)/s.exec(rest)?.[0] ?? "\\x") : `\\${character}`;
    const found = escapeNotInRe2(character);
    const help = character === "x" ? "write `\\x7f` or `\\x{10ffff}`" : undefined;
    const isBackreference = found?.what === "backreferences";
    return this.error(
      found === undefined
        ? `\`${form}\` is no escape of RE2`
        : `RE2 has no ${found.what}${isBackreference ? `: \`${form}\`` : ""}`,
      start,
      start + form.length,
      found?.help ?? help,
    );
  }

  private took(form: string, codePoint: number): number {
    this.at += form.length;
    return codePoint;
  }

  private literal(character: string): Pattern {
    const codePoint = character.codePointAt(0) ?? 0;
    return { kind: "class", set: this.signed([[codePoint, codePoint]], false) };
  }

  private push(item: Pattern | RegexError): RegexError | undefined {
    if (item.kind === "error") return item;
    this.group.items.push(item);
    return undefined;
  }

  private next(): string {
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    this.at += character.length;
    return character;
  }

  private error(message: string, start: number, end: number, help?: string): RegexError {
    const place = { offset: start, length: end - start };
    return { kind: "error", message, ...place, ...(help === undefined ? {} : { help }) };
  }
}

const control: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function assertion(what: Assertion): Pattern {
  return { kind: "assertion", assertion: what };
}

function sequence(parts: readonly Pattern[]): Pattern {
  const [only] = parts;
  return parts.length === 0
    ? nothing
    : parts.length === 1 && only !== undefined
      ? only
      : { kind: "sequence", parts };
}

function isError(value: CodePointSet | RegexError): value is RegexError {
  return "kind" in value;
}

/** How often the counts along the deepest nesting repeat something, multiplied. */
function times(pattern: Pattern): number {
  switch (pattern.kind) {
    case "repeat":
      return Math.max(1, Number.isFinite(pattern.max) ? pattern.max : pattern.min) * times(pattern.of);
    case "sequence":
      return pattern.parts.reduce((most, part) => Math.max(most, times(part)), 1);
    case "choice":
      return pattern.branches.reduce((most, branch) => Math.max(most, times(branch)), 1);
    default:
      return 1;
  }
}
