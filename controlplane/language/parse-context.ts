import type { Context, Expression, Name } from "./context.ts";
import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

const depthMax = 100;
const name = /[A-Za-z0-9_](?:[A-Za-z0-9_]|-(?!>))*(?:\/[A-Za-z0-9_](?:[A-Za-z0-9_]|-(?!>))*)?/y;
const version = /@([A-Za-z0-9_](?:[A-Za-z0-9_]|-(?!>))*)/y;
const space = /\s*/y;
const bareStar = /\*[\s*]*[A-Za-z0-9_.[(]/y;

/**
 * Parse the notation of contexts (design §3) found at `span` of the reporter's source, without its quotes. Reports at
 * most one error; undefined when there is one.
 */
export function parseContext(reporter: Reporter, span: Span): Context | undefined {
  // The notation may stand inside a longer text: nothing beyond its end is seen.
  const text = reporter.source.text.slice(0, span.end);
  let at = span.start;
  let depth = 0;

  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at += found[0].length;
    return found;
  };
  const skip = () => {
    match(space);
    at = Math.min(at, span.end);
  };
  const looking = (sign: string): boolean => {
    skip();
    return at + sign.length <= span.end && text.startsWith(sign, at);
  };
  const looksBare = (): boolean => {
    bareStar.lastIndex = at;
    return bareStar.test(text);
  };
  const accept = (sign: string): boolean => {
    if (!looking(sign)) return false;
    at += sign.length;
    return true;
  };
  const fail = (wanted: string, help?: string): undefined => {
    skip();
    const found =
      at >= span.end
        ? "the context ends here"
        : `found \`${String.fromCodePoint(text.codePointAt(at) ?? 0)}\``;
    const place =
      at >= span.end
        ? { start: Math.max(span.start, span.end - 1), end: span.end }
        : { start: at, end: at + 1 };
    reporter.report("CTX0101", place, `expected ${wanted}, ${found}`, help === undefined ? {} : { help });
    return undefined;
  };
  const atEnd = () => {
    skip();
    return at >= span.end;
  };

  function choice(): Expression | undefined {
    skip();
    const start = at;
    const options: Expression[] = [];
    do {
      const option = sequence();
      if (!option) return undefined;
      options.push(option);
    } while (accept("|"));
    const [only] = options;
    return options.length === 1 && only ? only : { kind: "choice", options, span: { start, end: at } };
  }

  function sequence(): Expression | undefined {
    skip();
    const start = at;
    const items: Expression[] = [];
    for (;;) {
      const item = repeat();
      if (!item) return undefined;
      items.push(item);
      const end = at;
      if (accept("->")) continue;
      if (atEnd() || looking("|") || looking(")")) {
        at = end;
        const [only] = items;
        return items.length === 1 && only ? only : { kind: "sequence", items, span: { start, end: at } };
      }
      // The arrow was left out: fine unless two bare names would meet.
      if (item.kind === "service" && /[A-Za-z0-9_]/.test(text[at] ?? "")) {
        return fail("`->` between two services", "write `a -> b`");
      }
    }
  }

  function repeat(): Expression | undefined {
    skip();
    const start = at;
    let item = atom();
    while (item) {
      const end = at;
      skip();
      // Apart from what stands before it and with an element behind it, it is one itself: `a * b`.
      if (at > end && looksBare()) return item;
      const sign = at < span.end ? text[at] : undefined;
      if (sign !== "*" && sign !== "+" && sign !== "?") return item;
      at++;
      // A repeat of a repeat is one repeat, so that a row of signs nests nothing.
      const inner = item.kind === "repeat" ? item : undefined;
      item = {
        kind: "repeat",
        item: inner?.item ?? item,
        min: sign === "+" && inner?.min !== 0 ? 1 : 0,
        max: sign === "?" && inner?.max !== "infinity" ? 1 : "infinity",
        span: { start, end: at },
      };
    }
    return undefined;
  }

  function atom(): Expression | undefined {
    skip();
    const start = at;
    if (accept(".")) return { kind: "any", except: [], span: { start, end: at } };
    if (accept("*")) {
      reporter.report("CTX0102", { start, end: at }, "`*` alone is read as `.`, any one service", {
        severity: "warning",
        help: "write `.` for one service, `.*` for any number of them",
      });
      return { kind: "any", except: [], span: { start, end: at } };
    }
    if (accept("(")) {
      if (++depth > depthMax) return fail("fewer nested parentheses");
      const inner = choice();
      depth--;
      if (!inner) return undefined;
      return accept(")") ? inner : fail("`)`");
    }
    if (accept("[")) {
      const complement = accept("^");
      const names: Name[] = [];
      do {
        const element = service();
        if (!element) return fail("the name of a service");
        names.push(element);
      } while (accept(","));
      if (!accept("]")) return fail("`,` or `]`");
      const place = { start, end: at };
      return complement ? { kind: "any", except: names, span: place } : { kind: "set", names, span: place };
    }
    const element = service();
    if (element) return { kind: "service", ...element };
    if (looking("^"))
      return fail("a service", "`^` stands at the very start of a context, or first in a set");
    if (looking("=>") || looking(">")) return fail("a service, `.`, `[` or `(`", "a call is written `->`");
    return fail(
      "a service, `.`, `[` or `(`",
      at > span.start && looking("$") ? "a context always ends at its end: leave the `$` out" : undefined,
    );
  }

  function service(): Name | undefined {
    skip();
    const start = at;
    const word = match(name);
    if (!word) return undefined;
    const tag = match(version);
    return {
      name: word[0],
      ...(tag?.[1] === undefined ? {} : { version: tag[1] }),
      span: { start, end: at },
    };
  }

  const anchored = accept("^");
  const expression = choice();
  if (!expression) return undefined;
  if (!atEnd()) return fail("`->`, `|` or the end of the context");
  return { anchored, expression };
}
