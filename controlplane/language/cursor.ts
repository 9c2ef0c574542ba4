import type { Identifier, ImportNode } from "./ast.ts";
import type { Code } from "./codes.ts";
import type { Token } from "./lexer.ts";
import type { Reporter, ReportOptions } from "./reporter.ts";
import type { Span } from "./source.ts";

/** A place among tokens, and the questions that both parsers ask of it. What returns undefined has reported why. */
export interface Cursor {
  peek(ahead?: number): Token;
  /** The token before; at the start, the first one. */
  previous(): Token;
  /** How many tokens have been read. */
  count(): number;
  next(): Token;
  isAt(value: string, kind?: Token["kind"]): boolean;
  accept(value: string, kind?: Token["kind"]): boolean;
  expect(value: string): boolean;
  identifier(wanted: string): Identifier | undefined;
  /** Say what was wanted instead of the token here. */
  unexpected(wanted: string, help?: string | ReportOptions): undefined;
  /** Say so once, and nothing more until the end of what is being read, which `mute(false)` marks. */
  tooDeep(wanted: string): undefined;
  mute(isMuted: boolean): void;
  /** From `start` to the end of the last token that was read. */
  from(start: number): Span;
  /** Whether the token here is the first of its line. */
  startsLine(): boolean;
  importLine(): ImportNode | undefined;
}

/** A cursor in front of the first of the tokens; `code` is that of what is unexpected. */
export function createCursor(tokens: readonly Token[], reporter: Reporter, code: Code): Cursor {
  const { text } = reporter.source;
  const last = tokens[tokens.length - 1] as Token;
  let index = 0;
  let isMuted = false;
  const peek = (ahead = 0): Token => tokens[index + ahead] ?? last;
  const previous = (): Token => tokens[index - 1] ?? peek();
  const next = (): Token => {
    const token = peek();
    if (index < tokens.length) index++;
    return token;
  };
  const isAt = (value: string, kind: Token["kind"] = "symbol"): boolean => {
    const token = peek();
    return token.kind === kind && token.value === value;
  };
  const accept = (value: string, kind: Token["kind"] = "symbol"): boolean => {
    if (!isAt(value, kind)) return false;
    index++;
    return true;
  };
  const unexpected = (wanted: string, help: string | ReportOptions = {}): undefined => {
    const token = peek();
    const isSwallowed = index > 0 && previous().isBroken === true;
    if (isMuted || isSwallowed || (token.kind === "end" && token.isBroken)) return undefined;
    // A file that ends too early is shown where its text ends, not on the empty line after it.
    const place = token.kind === "end" ? endOfText() : token.span;
    const found = token.kind === "end" ? "the file ends here" : `found \`${token.value}\``;
    reporter.report(code, place, `expected ${wanted}, ${found}`, typeof help === "string" ? { help } : help);
    return undefined;
  };
  const endOfText = (): Span => {
    const end = tokens[tokens.length - 2]?.span.end ?? 0;
    return { start: Math.max(0, end - 1), end };
  };
  const startsLine = (): boolean =>
    index === 0 || text.slice(previous().span.end, peek().span.start).includes("\n");
  const from = (start: number): Span => ({ start, end: index === 0 ? start : previous().span.end });

  function identifier(wanted: string): Identifier | undefined {
    if (peek().kind !== "name") return unexpected(wanted);
    const { value, span } = next();
    return { text: value, span };
  }

  /** `import "interface.cui";`; old files write the path bare, and leave out the semicolon. */
  function importLine(): ImportNode | undefined {
    next();
    const { kind, value, span } = peek();
    if (kind === "string") {
      next();
      accept(";");
      return { path: value, span };
    }
    const help = 'write `import "interface.cui";`';
    const isPath = kind === "name" || kind === "number" || isAt(".") || isAt("/");
    const toNextLine = (): undefined => {
      while (peek().kind !== "end" && !startsLine()) next();
      return undefined;
    };
    if (!isPath || startsLine()) return unexpected("the path of an interface", help) ?? toNextLine();
    next();
    // Whatever stands together, but for strings: what is between quotes is a path of its own.
    while (
      !isAt(";") &&
      !["end", "string"].includes(peek().kind) &&
      previous().span.end === peek().span.start
    )
      next();
    const place = from(span.start);
    if (!accept(";") && !startsLine() && peek().kind !== "end") {
      unexpected("`;`", help);
      toNextLine();
    }
    return { path: text.slice(place.start, place.end), span: place };
  }

  return {
    peek,
    previous,
    count: () => index,
    next,
    isAt,
    accept,
    expect: (value) => accept(value) || unexpected(`\`${value}\``) === true,
    identifier,
    unexpected,
    tooDeep(wanted) {
      unexpected(wanted);
      isMuted = true;
      return undefined;
    },
    mute(value) {
      isMuted = value;
    },
    from,
    startsLine,
    importLine,
  };
}
