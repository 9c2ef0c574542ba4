import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

/** `value` is the text, for a string without its quotes and with escapes undone, for a number with its unit. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "symbol" | "separator" | "end";
  readonly value: string;
  readonly span: Span;
  /** What stands between the token before and this one, if there is any. */
  readonly comments?: readonly Comment[];
  /** A string, or the end of the file, that swallowed what may be missed after it: that has been reported. */
  readonly isBroken?: true;
}

/** `text` has its slashes and stars. */
export interface Comment {
  readonly text: string;
  readonly span: Span;
}

const space = /[\s\uFEFF]+/y;
const lineRest = /[^\n]*/y;
const lineComment = /\/\/[^\n]*/y;
// A hyphen belongs to a name only between its letters, as in DNS labels.
const name = /[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*/y;
const plainName = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?:[A-Za-z_][A-Za-z0-9_]*)?/y;
const separator = /---+/y;
const symbol = /[=!]==?|[<>]=?|->|&&?|\|\|?|\?\??|[(){}[\],;.!:=+\-*/%^@]/y;
const lineEnd = /[ \t\r]*(?:\n|$)/y;
const escaped = /\\(?:u\{([0-9A-Fa-f]{1,6})\}|[\s\S])/gu;
const escapes: ReadonlyMap<string, string> = new Map([
  ["\\n", "\n"],
  ["\\r", "\r"],
  ["\\t", "\t"],
  ["\\\\", "\\"],
  ['\\"', '"'],
  ["\\'", "'"],
]);

/** Cut Copper, or an interface, into tokens. Never throws; the last token is always `end`. */
export function lex(reporter: Reporter): readonly Token[] {
  const { text } = reporter.source;
  const tokens: Token[] = [];
  let comments: Comment[] = [];
  let at = 0;
  /** Braces that are open here: between them `a-b` is a difference. */
  let braces = 0;
  let last: Token | undefined;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match[0];
  };
  const push = (kind: Token["kind"], value: string, start: number, isBroken = false): void => {
    last = {
      kind,
      value,
      span: { start, end: at },
      ...(comments.length === 0 ? {} : { comments }),
      ...(isBroken ? { isBroken } : {}),
    };
    tokens.push(last);
    comments = [];
  };
  const keep = (start: number): void => {
    comments.push({ text: text.slice(start, at), span: { start, end: at } });
  };

  const string = (start: number): void => {
    const end = closingQuote(text, start);
    if (end !== undefined) {
      at = end + 1;
      push("string", textOf(text.slice(start + 1, end), start + 1, reporter), start);
      return;
    }
    const newline = text.indexOf("\n", start);
    at = newline === -1 ? text.length : newline;
    reporter.report("CUP0102", { start, end: at }, "this string does not end", {
      help: `close it with \`${text[start]}\` on the same line`,
    });
    // What would have followed the string is inside it: nothing more can be said about this line.
    push("string", text.slice(start + 1, at), start, true);
  };
  /** In quotes that are none here: the text is read all the same, so that one message is enough. */
  const foreignString = (start: number, close: string): void => {
    const end = text.indexOf(close, start + 1);
    at = end + 1;
    reporter.report("CUP0101", { start, end: at }, `a string does not stand in \`${text[start]}\``, {
      help: "write `\"` or `'` around it",
    });
    push("string", text.slice(start + 1, end), start);
  };
  const blockComment = (start: number): void => {
    const end = text.indexOf("*/", start + 2);
    if (end !== -1) {
      at = end + 2;
      keep(start);
      return;
    }
    reporter.report("CUP0104", { start, end: start + 2 }, "this comment does not end", {
      help: "close it with `*/`",
    });
    at = text.length;
    push("end", "", text.length, true);
  };
  const word = (start: number): void => {
    // The name of a policy begins anew where the last one lacks its brace.
    const isPolicyName = last?.kind === "name" && last.value === "policy";
    if (isPolicyName) braces = 0;
    push("name", take(braces === 0 ? name : plainName) ?? "", start);
  };
  /** Whether what a `#` begins is a comment in other languages, and nothing else here: apart, where something has ended. */
  const isLikeComment = (start: number): boolean => {
    const isFirst = last === undefined || text.slice(last.span.end, start).includes("\n");
    return (isFirst || /[;{}),]/.test(last?.value ?? "")) && /^#[# !]/.test(text.slice(start, start + 2));
  };
  /** Three hyphens; in a block, where they may be signs, only on a line of their own. */
  const isSeparator = (start: number): boolean => {
    if (braces > 0 && !/(?:^|\n)[ \t]*$/.test(text.slice(Math.max(0, start - 80), start))) return false;
    if (take(separator) === undefined) return false;
    lineEnd.lastIndex = at;
    if (braces === 0 || lineEnd.test(text)) return true;
    at = start;
    return false;
  };

  while (at < text.length) {
    const start = at;
    const code = text.charCodeAt(at);
    if (isSpace(code) && take(space) !== undefined) continue;
    if (code === slash && text.charCodeAt(at + 1) === slash) {
      take(lineComment);
      keep(start);
    } else if (code === slash && text.charCodeAt(at + 1) === star) blockComment(start);
    else if (code === doubleQuote || code === singleQuote) string(start);
    else if (foreignQuote(text, start) !== undefined) foreignString(start, foreignQuote(text, start) ?? "");
    else if (code === hash && isLikeComment(start)) {
      take(lineRest);
      reporter.report("CUP0101", { start, end: start + 1 }, "a comment does not begin with `#`", {
        help: "write `//` before it",
      });
    } else if (isLetter(code)) word(start);
    else if (isDigit(code)) push("number", take(number) ?? "", start);
    else if (code === hyphen && isSeparator(start)) {
      braces = 0;
      push("separator", "---", start);
    } else {
      const sign = take(symbol);
      if (sign !== undefined) {
        if (sign === "{") braces++;
        else if (sign === "}") braces = Math.max(0, braces - 1);
        push("symbol", sign, start);
      } else strange(start);
    }
  }
  if (last?.kind !== "end") push("end", "", text.length);
  return tokens;

  /** One message for all that stands together. */
  function strange(start: number): void {
    let count = 0;
    while (at < text.length && !isSpace(text.charCodeAt(at)) && !isKnown(text.charCodeAt(at))) {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      count++;
    }
    const shown = JSON.stringify([...text.slice(start, at)].slice(0, 20).join("")).slice(1, -1);
    reporter.report(
      "CUP0101",
      { start, end: at },
      `unexpected character${count === 1 ? "" : "s"} \`${shown}\``,
    );
  }
}

const slash = 0x2f;
const star = 0x2a;
const hyphen = 0x2d;
const hash = 0x23;
const doubleQuote = 0x22;
const singleQuote = 0x27;

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return /[\s\uFEFF]/.test(String.fromCharCode(code));
}

/** Of ASCII, Copper uses everything but these. */
function isKnown(code: number): boolean {
  return code > 0x20 && code < 0x7f && !"#$\\`~".includes(String.fromCharCode(code));
}

/** How a text that begins here with the quotes of other languages, or of word processors, ends: undefined where it does not, on this line. */
function foreignQuote(text: string, start: number): string | undefined {
  const close = foreignQuotes.get(text[start] ?? "");
  const end = close === undefined ? -1 : text.indexOf(close, start + 1);
  return end === -1 || text.slice(start, end).includes("\n") ? undefined : close;
}

const foreignQuotes: ReadonlyMap<string, string> = new Map([
  ["`", "`"],
  ["\u201c", "\u201d"],
  ["\u2018", "\u2019"],
]);

/** Where the string that begins at `start` has its other quote: on the same line, and with no backslash before it. */
function closingQuote(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === quote) return at;
    if (character === "\n") return undefined;
    if (character === "\\") {
      at++;
      if (text[at] === "\n") return undefined;
    }
  }
  return undefined;
}

/** The text of a string whose inside begins at `start`. */
function textOf(inside: string, start: number, reporter: Reporter): string {
  if (!inside.includes("\\")) return inside;
  return inside.replace(escaped, (written: string, code: string | undefined, offset: number) => {
    const value = code === undefined ? escapes.get(written) : character(Number.parseInt(code, 16));
    if (value !== undefined) return value;
    const place = { start: start + offset, end: start + offset + written.length };
    reporter.report("CUP0105", place, `unknown escape \`${written}\``, {
      help: "write `\\\\` for a backslash; there are `\\n`, `\\r`, `\\t`, `\\\"`, `\\'` and `\\u{1F600}`",
    });
    return written;
  });
}

/** Undefined for half a surrogate pair and for numbers past the last code point: these are no text. */
function character(code: number): string | undefined {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code);
}
