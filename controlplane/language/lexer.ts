import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

/** `value` is the text, for a string without its quotes and with escapes undone. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "symbol" | "separator" | "end";
  readonly value: string;
  readonly span: Span;
}

const space = /[\s\uFEFF]+/y;
const lineComment = /\/\/[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
// A hyphen belongs to a name only between its letters, as in DNS labels.
const name = /[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*/y;
const number = /-?[0-9]+(?:\.[0-9]+)?/y;
const separator = /---+/y;
const symbol = /==|!=|&&|\|\||[(){}[\],;.!:=]/y;
const string = /(["'])((?:\\.|(?!\1)[^\\\n])*)\1/y;
const escaped = /\\(?:u\{([0-9A-Fa-f]{1,6})\}|[\s\S])/gu;
const escapes: ReadonlyMap<string, string> = new Map([
  ["\\n", "\n"],
  ["\\r", "\r"],
  ["\\t", "\t"],
  ["\\\\", "\\"],
  ['\\"', '"'],
  ["\\'", "'"],
]);
const openString = /["'][^\n]*/y;

/** Cut Copper into tokens. Never throws; the last token is always `end`. */
export function lex(reporter: Reporter): readonly Token[] {
  const { text } = reporter.source;
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    return match;
  };
  /** The text of a string whose inside begins at `start`. */
  const textOf = (inside: string, start: number): string =>
    inside.replace(escaped, (written: string, code: string | undefined, offset: number) => {
      const value = code === undefined ? escapes.get(written) : character(Number.parseInt(code, 16));
      if (value !== undefined) return value;
      const place = { start: start + offset, end: start + offset + written.length };
      reporter.report("CUP0105", place, `unknown escape \`${written}\``, {
        help: "write `\\\\` for a backslash; there are `\\n`, `\\r`, `\\t`, `\\\"`, `\\'` and `\\u{1F600}`",
      });
      return written;
    });
  while (at < text.length) {
    const start = at;
    const push = (kind: Token["kind"], value: string) =>
      tokens.push({ kind, value, span: { start, end: at } });
    if (take(space) || take(lineComment) || take(blockComment)) continue;
    if (text.startsWith("/*", at)) {
      reporter.report("CUP0104", { start, end: start + 2 }, "this comment does not end", {
        help: "close it with `*/`",
      });
      at = text.length;
      continue;
    }
    const quoted = take(string);
    if (quoted) {
      push("string", textOf(quoted[2] ?? "", start + 1));
      continue;
    }
    const open = take(openString);
    if (open) {
      reporter.report("CUP0102", { start, end: at }, "this string does not end", {
        help: `close it with \`${open[0][0]}\` on the same line`,
      });
      // What would have followed the string is inside it: nothing more can be said about this line.
      push("string", open[0].slice(1));
      continue;
    }
    const word = take(name);
    if (word) push("name", word[0]);
    else if (take(separator)) push("separator", "---");
    else {
      const digits = take(number) ?? undefined;
      const sign = digits === undefined ? take(symbol) : undefined;
      if (digits) push("number", digits[0]);
      else if (sign) push("symbol", sign[0]);
      else {
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        at += character.length;
        reporter.report("CUP0101", { start, end: at }, `unexpected character \`${character}\``);
      }
    }
  }
  tokens.push({ kind: "end", value: "", span: { start: text.length, end: text.length } });
  return tokens;
}

/** Undefined for half a surrogate pair and for numbers past the last code point: these are no text. */
function character(code: number): string | undefined {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code);
}
