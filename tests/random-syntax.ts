import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { checkPolicies } from "../controlplane/language/check-policies.ts";
import { format } from "../controlplane/language/format.ts";
import { lex } from "../controlplane/language/lexer.ts";
import { parseInterface } from "../controlplane/language/parse-interface.ts";
import { parse } from "../controlplane/language/parser.ts";
import { reporterFor } from "../controlplane/language/reporter.ts";
import type { Source } from "../controlplane/language/source.ts";
import { standard } from "../controlplane/language/standard.ts";

const corpus = join(import.meta.dirname, "policies");
const real: readonly Source[] = [
  standard,
  ...readdirSync(corpus, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.cu[pi]$/.test(name))
    .map((name) => ({ path: name, text: readFileSync(join(corpus, name), "utf8") })),
];

const pieces: readonly string[] =
  "policy import act state type action self const dataplane cost : if else let return true none p r x Request context priority param using int string? 'a->b' 'it' \"s\\n\" \"s ' \\ SetHeader Deny Matches 403 5ms 1.5 10x . , ; ( ) { } [ ] Ingress Egress ! == != < <= > >= && || ?? + - * / % = & | ^ @ -> --- # é 😀 // /* */ /// \n".split(
    " ",
  );

/** Anything. */
const bytes: fc.Arbitrary<Source> = fc
  .tuple(fc.constantFrom("a.cup", "a.cui"), fc.string({ unit: "binary", maxLength: 120 }))
  .map(([path, text]) => ({ path, text }));

/** Text made of what Copper is made of gets deeper into the parsers than random characters do. */
const soup: fc.Arbitrary<Source> = fc
  .tuple(
    fc.constantFrom("a.cup", "a.cui"),
    fc.array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(" ", " ", "", "\n")), { maxLength: 60 }),
  )
  .map(([path, words]) => ({ path, text: words.flat().join("") }));

/** A file of the corpus with a few edits. */
const mutated: fc.Arbitrary<Source> = fc
  .tuple(
    fc.constantFrom(...real),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        removed: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
        added: fc.oneof(fc.constant(""), fc.constantFrom(...pieces), fc.string({ maxLength: 4 })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([{ path, text }, edits]) => ({ path, text: edits.reduce(edit, text) }));

function edit(text: string, { at, removed, added }: { at: number; removed: number; added: string }): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + added + text.slice(start + removed);
}

export const anyText: fc.Arbitrary<Source> = fc.oneof(bytes, soup, soup, mutated, mutated);

const name = fc.constantFrom("r", "x", "counter", "aLongerName", "GetHeader", "policy1");
const { statement } = fc.letrec<{
  expression: readonly string[];
  call: readonly string[];
  statement: readonly string[];
}>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    name.map((word) => [word]),
    fc
      .constantFrom("5", "1.5", "250us", '"text"', "'it\\'s'", '"a rather long text that fills lines"')
      .map((word) => [word]),
    tie("call"),
    fc.tuple(fc.constantFrom("!", "-"), tie("expression")).map(([sign, operand]) => [sign, ...operand]),
    tie("expression").map((inner) => ["(", ...inner, ")"]),
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom("||", "&&", "==", "!=", "<", "<=", ">", ">=", "??", "+", "-", "*", "/", "%"),
        tie("expression"),
      )
      .map(([left, operator, right]) => [...left, operator, ...right]),
  ),
  call: fc
    .tuple(
      fc.option(tie("expression"), { nil: undefined, depthIdentifier: "receiver", maxDepth: 2 }),
      name,
      fc.array(tie("expression"), { maxLength: 3 }),
      fc.boolean(),
    )
    .map(([receiver, action, values, isTrailing]) => [
      ...(receiver === undefined ? [] : ["(", ...receiver, ")", "."]),
      action,
      "(",
      ...values.flatMap((value, index) => (index === 0 ? value : [",", ...value])),
      ...(isTrailing && values.length > 0 ? [","] : []),
      ")",
    ]),
  statement: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    tie("call").map((call) => [...call, ";"]),
    fc.constantFrom(["return", ";"], ["[", "Ingress", "]"], [";"]),
    fc.tuple(name, tie("expression")).map(([local, value]) => ["let", local, "=", ...value, ";"]),
    fc
      .tuple(
        tie("expression"),
        fc.array(tie("statement"), { maxLength: 3 }),
        fc.option(tie("statement"), { nil: undefined }),
      )
      .map(([condition, then, otherwise]) => [
        ...["if", "(", ...condition, ")", "{", ...then.flat(), "}"],
        ...(otherwise === undefined || otherwise[0] === ";" ? [] : ["else", ...otherwise]),
      ]),
    fc
      .tuple(tie("expression"), tie("call"))
      .map(([condition, then]) => ["if", "(", ...condition, ")", ...then, ";"]),
  ),
}));

const clause = fc.constantFrom(
  ["act", "(", "Request", "r", ")"],
  ["context", "(", "'a -> b'", ")"],
  ["context", "(", "^a (b | .* [^c, d@v1])+ -> e?", ")"],
  ["using", "(", "worker", "Counter", "counter", ")"],
  ["param", "(", "int", "limit", "=", "-5", ",", "duration", "window", "=", "60s", ")", ","],
  ["priority", "(", "-10", ")"],
);
const header = fc.array(clause, { maxLength: 4 }).map((clauses) => clauses.flat());
const policy = fc
  .tuple(fc.constantFrom("hot-path", "p"), header, fc.array(statement, { maxLength: 5 }))
  .map(([word, clauses, body]) => ["policy", word, "(", ...clauses, ")", "{", ...body.flat(), "}"]);
const item = fc.oneof(
  { weight: 4, arbitrary: policy },
  fc.constantFrom(["import", '"a.cui"', ";"], ["import base/a-b.cui", ";"], ["---"]),
);
/** What may stand between two tokens; nothing only where they stay two. */
const trivia = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(" ", " ", "\n", "\n  ", "\n\n\n", "\t") },
  fc.constantFrom(
    " // why\n",
    "\n// own line\n",
    " /* in */ ",
    " /* end */\n",
    "\n/* two\n   lines */\n",
    "\n\n// far\n\n",
    "\n/// d\n/* x */ // y\n",
  ),
);

/** Tokens with comments in every place between them. */
function commented(words: readonly string[]): fc.Arbitrary<string> {
  const length = { minLength: words.length + 1, maxLength: words.length + 1 };
  return fc.array(trivia, length).map((between) =>
    words.reduce(
      // An import takes what stands right behind it, but not its semicolon.
      (text, word, index) =>
        (word === ";" ? text.replace(/(import \S+)\s+$/, "$1") : text) + word + between[index + 1],
      between[0] ?? "",
    ),
  );
}

const policies: fc.Arbitrary<Source> = fc
  .array(item, { maxLength: 4 })
  .chain((items) => commented(items.flat()))
  .map((text) => ({ path: "a.cup", text }));

const receivers = standard.text
  .split(/^(?=(?:act|state|type) )/m)
  .slice(1)
  .flatMap((part) => {
    const [head = "", ...actions] = part
      .replace(/\/\/.*$/gm, "")
      .replace(/^}[\s\S]*$/m, "")
      .split(/(?=\[Egress\]|(?<!\] )action)/);
    return actions.length === 0 ? [] : [{ head, actions }];
  });
/** A few actions of a receiver of the standard interface. */
const interfaces: fc.Arbitrary<Source> = fc
  .array(
    fc
      .constantFrom(...receivers)
      .chain(({ head, actions }) =>
        fc
          .subarray([...actions], { maxLength: Math.min(3, actions.length) })
          .map((some) => `${head}${some.join("")}}`),
      ),
    { minLength: 1, maxLength: 2 },
  )
  .chain((parts) => {
    const tokens = parts.flatMap((part) => ["---", "import", '"base.cui"', ...wordsOf(part)]);
    return commented(["cost", ":", "2.5", ...tokens]);
  })
  .map((text) => ({ path: "a.cui", text }));

function wordsOf(text: string): readonly string[] {
  return lex(reporterFor({ path: "a.cui", text }))
    .map(({ span }) => text.slice(span.start, span.end))
    .filter((word) => word !== "");
}

/** Files without a mistake in how they are written, with comments in every place. */
export const writtenWell: fc.Arbitrary<Source> = fc.oneof(
  { weight: 3, arbitrary: policies },
  { weight: 1, arbitrary: interfaces },
);

/** Read, check and lay out: nothing throws, and what can be laid out keeps its meaning and its comments, and stays as it is from then on. */
export function checkSyntax(source: Source): { readonly isFormatted: boolean } {
  parse(source);
  parseInterface(source);
  checkPolicies([{ ...source, path: "a.cup" }]);
  const { text, diagnostics } = format(source);
  if (diagnostics.length > 0) {
    expect(text).toBe(source.text);
    return { isFormatted: false };
  }
  const formatted: Source = { path: source.path, text };
  expect(format(formatted)).toEqual({ text, diagnostics: [] });
  expect(meaningOf(formatted)).toEqual(meaningOf(source));
  expect(commentsOf(formatted)).toEqual(commentsOf(source));
  return { isFormatted: true };
}

function meaningOf(source: Source): unknown {
  const { diagnostics: _, ...read } = source.path.endsWith(".cui") ? parseInterface(source) : parse(source);
  return JSON.parse(
    JSON.stringify(read, (key, value: unknown) =>
      // A comment that finds no room behind its line may come to stand before something else.
      key === "span" || key === "place" || key === "documentation"
        ? undefined
        : value instanceof Map
          ? [...value]
          : value,
    ),
  );
}

function commentsOf(source: Source): readonly string[] {
  const tokens = lex(reporterFor(source));
  return tokens.flatMap(({ comments = [] }) => comments.map(({ text }) => text.trimEnd())).sort();
}
