import { describe, expect, test } from "vitest";
import type { ExpressionNode, StatementNode } from "./ast.ts";
import { parse } from "./parser.ts";
import { positionOf } from "./render.ts";

const read = (text: string) => parse({ path: "a.cup", text });
const body = (text: string) => {
  const { policies, diagnostics } = read(`policy p () { ${text} }`);
  expect(diagnostics).toEqual([]);
  return policies[0]?.statements ?? [];
};
/** With all the parentheses that it means. */
const show = (node: ExpressionNode): string => {
  switch (node.kind) {
    case "call":
      return `${node.name.text}(${node.arguments.map(show).join(", ")})`;
    case "unary":
      return `(${node.operator}${show(node.operand)})`;
    case "binary":
      return `(${show(node.left)} ${node.operator} ${show(node.right)})`;
    default:
      return node.kind === "string" ? JSON.stringify(node.value) : node.value;
  }
};
const showStatement = (node: StatementNode): string => {
  switch (node.kind) {
    case "heading":
      return `[${node.name.text}]`;
    case "let":
      return `${node.name.text} = ${show(node.value)}`;
    case "return":
      return "return";
    case "if":
      return `if ${show(node.condition)} {${node.then.map(showStatement).join("; ")}} {${node.else.map(showStatement).join("; ")}}`;
    default:
      return show(node);
  }
};
const value = (text: string) => {
  const [node] = body(`let x = ${text};`);
  return node?.kind === "let" ? show(node.value) : "";
};
/** Code, line and what is underlined. */
const mistakes = (text: string) =>
  read(text).diagnostics.map(
    ({ code, source, span }) =>
      `${code} ${positionOf(source, span.start).line} ${text.slice(span.start, span.end)}`,
  );

describe("expressions", () => {
  test.each([
    ["a || b && c == d < e ?? f + g * -h", "(a || (b && (c == (d < (e ?? (f + (g * (-h))))))))"],
    ["-a * b + c ?? d < e == f && g || h", "((((((((-a) * b) + c) ?? d) < e) == f) && g) || h)"],
    ["a - b - c", "((a - b) - c)"],
    ["a-b-1", "((a - b) - 1)"],
    ["a ?? b ?? c", "((a ?? b) ?? c)"],
    ["!(a || b) && !!c", "((!(a || b)) && (!(!c)))"],
    ["- -5 % 3", "((-(-5)) % 3)"],
    ["1.5 + 250us", "(1.5 + 250us)"],
    ["10.ToString()", "ToString(10)"],
    ['\'a\' + "b\\""', '("a" + "b\\"")'],
    ["request.GetHeader('x')", 'GetHeader(request, "x")'],
    [
      "GetHeader(request, 'x').ToLower().StartsWith('a')",
      'StartsWith(ToLower(GetHeader(request, "x")), "a")',
    ],
    ["(a + b).ToString(1,)", "ToString((a + b), 1)"],
    ["-a.Length()", "(-Length(a))"],
    ["a <= b != c >= d", "((a <= b) != (c >= d))"],
  ])("%s", (text, meaning) => {
    expect(value(text)).toBe(meaning);
  });
  test("spans go from the first token to the last, parentheses included", () => {
    const text = "policy p () { let x = (a + b) * f(c).G(); }";
    const [node] = read(text).policies[0]?.statements ?? [];
    if (node?.kind !== "let" || node.value.kind !== "binary") throw new Error("it is a product");
    const at = ({ span }: ExpressionNode) => text.slice(span.start, span.end);
    expect([at(node.value), at(node.value.left), at(node.value.right)]).toEqual([
      "(a + b) * f(c).G()",
      "a + b",
      "f(c).G()",
    ]);
  });
});

describe("statements", () => {
  test.each([
    ["f(r)", "f(r)"],
    ["r.f(); ; g(r)", "f(r) / g(r)"],
    ["[Egress] f(); [Ingress] let a = 1; return", "[Egress] / f() / [Ingress] / a = 1 / return"],
    ["if (a) f(); g();", "if a {f()} {} / g()"],
    ["if (a) f(); else g();", "if a {f()} {g()}"],
    ["if (a) if (b) f(); else g();", "if a {if b {f()} {g()}} {}"],
    ["if (a) { if (b) f() } else if (c) return; else { g() }", "if a {if b {f()} {}} {if c {return} {g()}}"],
    ["if (a) let b = 1; if (c) { }", "if a {b = 1} {} / if c {} {}"],
    ["let let1 = 1; if1(); returning()", "let1 = 1 / if1() / returning()"],
  ])("%s", (text, meaning) => {
    expect(body(text).map(showStatement).join(" / ")).toBe(meaning);
  });
});

describe("files", () => {
  test("imports, quoted and bare, with their places", () => {
    const text =
      "import \"a.cui\";\nimport 'b/c.cui'\nimport istio_proxy.cui;\nimport ../base-1/common.cui\npolicy p () {}";
    const { imports, policies, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(imports.map(({ path }) => path)).toEqual([
      "a.cui",
      "b/c.cui",
      "istio_proxy.cui",
      "../base-1/common.cui",
    ]);
    expect(imports.map(({ span }) => text.slice(span.start, span.end))).toEqual([
      '"a.cui"',
      "'b/c.cui'",
      "istio_proxy.cui",
      "../base-1/common.cui",
    ]);
    expect(policies).toHaveLength(1);
  });
  test("clauses keep their words; commas between clauses are free", () => {
    const text =
      "policy p-1 (act (Request r), context (^a (b|[c, d@v1]) -> .*) priority (-5) param (int n = -1, duration t = 5s)) {}\n---\npolicy q (context ('a')) {}";
    const { policies, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(policies.map(({ name }) => name.text)).toEqual(["p-1", "q"]);
    const words = (name: string) =>
      policies[0]?.clauses
        .find(({ keyword }) => keyword.text === name)
        ?.words.map(({ kind, text: word }) => `${kind} ${word}`);
    expect(words("priority")).toEqual(["number -5"]);
    expect(words("param")).toEqual(
      "name int,name n,symbol =,number -1,symbol ,,name duration,name t,symbol =,number 5s".split(
        /,(?=name|symbol|number)/,
      ),
    );
    const context = policies[0]?.clauses[1]?.words ?? [];
    expect(text.slice(context[0]?.span.start, context.at(-1)?.span.end)).toBe("^a (b|[c, d@v1]) -> .*");
  });
  test("in a block a hyphen is a minus, also where hyphens stand in a row", () => {
    expect(value("a---b")).toBe("(a - (-(-b)))");
    expect(read("policy p () {\n f()\n---\npolicy q-1 () {}").policies.map(({ name }) => name.text)).toEqual([
      "p",
      "q-1",
    ]);
  });
});

describe("one mistake is one message, and does not hide the next", () => {
  test.each<[string, string, readonly string[]]>([
    ["two calls", "policy p () {\n f(a b);\n g(;\n h();\n}", ["CUP0103 2 b", "CUP0103 3 ;"]],
    ["no semicolon", "policy p () {\n f()\n g() h();\n}", ["CUP0103 2 )", "CUP0103 3 )"]],
    ["junk behind a call", "policy p () {\n f() ) 5;\n g(;\n}", ["CUP0103 2 )", "CUP0103 3 ;"]],
    [
      "a condition, and its body",
      "policy p () {\n if (a b) {\n f(;\n }\n g(;\n}",
      ["CUP0103 2 b", "CUP0103 3 ;", "CUP0103 5 ;"],
    ],
    ["no condition", "policy p () {\n if () { f(); } else { g(; }\n}", ["CUP0103 2 )", "CUP0103 2 ;"]],
    ["no parentheses", "policy p () {\n if a == b { f(); }\n g(;\n}", ["CUP0103 2 a", "CUP0103 3 ;"]],
    ["an open parenthesis", "policy p () {\n if (a == b { f(); }\n g();\n}", ["CUP0103 2 {"]],
    ["an empty body", "policy p () {\n if (a);\n g();\n}", ["CUP0103 2 ;"]],
    ["else alone", "policy p () {\n else { f(); }\n g();\n}", ["CUP0103 2 else"]],
    ["a broken branch", "policy p () {\n if (a) f(; else g();\n h();\n}", ["CUP0103 2 ;"]],
    ["an assignment", "policy p () {\n x = 5;\n let y == 5;\n g();\n}", ["CUP0103 2 =", "CUP0103 3 =="]],
    ["a type", "policy p () {\n let int x = 5;\n g();\n}", ["CUP0103 2 x"]],
    [
      "a value as a statement",
      "policy p () {\n f() + 1;\n x;\n return 5;\n 'a';\n}",
      ["CUP0103 2 f() + 1", "CUP0103 3 ;", "CUP0103 4 5", "CUP0103 5 'a'"],
    ],
    [
      "foreign operators",
      "policy p () {\n if (a and b or c === d & e) f();\n}",
      ["CUP0103 2 and", "CUP0103 2 or", "CUP0103 2 ===", "CUP0103 2 &"],
    ],
    ["a percentage", "policy p () {\n f(r, 50%);\n}", ["CUP0103 2 )"]],
    [
      "clauses",
      "policy p (\n act Request r)\n context ('a')\n priority 5\n mode (audit)\n) {\n f(;\n}",
      ["CUP0103 2 Request", "CUP0103 4 5", "CUP0103 7 ;"],
    ],
    [
      "a clause in a clause",
      "policy p (\n act (Request (r))\n context ('a')\n) {\n f(;\n}",
      ["CUP0103 2 (", "CUP0103 5 ;"],
    ],
    ["no name", "policy (act (Request r)) {\n f(;\n}\npolicy q () {}", ["CUP0103 1 (", "CUP0103 2 ;"]],
    ["no header", "policy p {\n f(;\n}\npolicy q () {}", ["CUP0103 1 {", "CUP0103 2 ;"]],
    [
      "a header that does not end",
      "policy p (\n act (Request r)\n{\n f(;\n}",
      ["CUP0103 3 {", "CUP0103 4 ;"],
    ],
    ["no body", "policy p ()\npolicy q-1 () { f(; }", ["CUP0103 2 policy", "CUP0103 2 ;"]],
    [
      "a body that does not end",
      "policy p () {\n if (a) {\n f();\npolicy q-1 () { f(; }",
      ["CUP0103 4 policy", "CUP0103 4 ;"],
    ],
    [
      "a brace too many",
      "policy p () {\n f(); }\n g(;\n}\n}\npolicy q () {}",
      ["CUP0103 2 }", "CUP0103 3 ;", "CUP0103 5 }"],
    ],
    ["a string that does not end", 'policy p () {\n f(r, "a);\n g(;\n}', ['CUP0102 2 "a);', "CUP0103 3 ;"]],
    [
      "a context that does not end",
      "policy p (\n context ('a -> b)\n) {\n g(;\n}",
      ["CUP0102 2 'a -> b)", "CUP0103 4 ;"],
    ],
    [
      "characters",
      "policy p () {\n f(#$, é);\n g(;\n}",
      ["CUP0101 2 #$", "CUP0103 2 ,", "CUP0101 2 é", "CUP0103 3 ;"],
    ],
    [
      "not a policy",
      "polcy p () {\n f();\n}\n---\nimpot 'a';\npolicy q () {}",
      ["CUP0103 1 polcy", "CUP0103 5 impot"],
    ],
    ["imports", "import ;\nimport a.cui b;\nimport 'c.cui'\npolicy q () {}", ["CUP0103 1 ;", "CUP0103 2 b"]],
  ])("%s", (_, text, places) => {
    expect([...mistakes(text)].sort(byLine)).toEqual([...places].sort(byLine));
  });
  test("too long a chain of calls is said once", () => {
    expect(read(`policy p () { a${".f()".repeat(50_000)}; }`).diagnostics).toHaveLength(1);
  });
  test("too deep is said once", () => {
    for (const deep of [
      "(",
      "!",
      "-",
      "f(",
      "a.f(",
      "true && ",
      "1 + ",
      "if (true) ",
      "if (true) {",
      "if (a) {} else ",
    ]) {
      const text = `policy p () { ${deep.startsWith("if") ? "" : "let x = "}${deep.repeat(50_000)}`;
      expect(read(text).diagnostics.map(({ code, message }) => `${code} ${message.split(",")[0]}`)).toEqual([
        expect.stringMatching(
          /^CUP0103 expected fewer (nested (statements|expressions)|operators in one expression)$/,
        ),
      ]);
    }
  });
});

function byLine(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
