import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkCopper } from "./check.ts";
import { checkPolicies } from "./check-policies.ts";
import { lex } from "./lexer.ts";
import { nearest } from "./nearest.ts";
import { readFilter } from "./read-filter.ts";
import { diagnosticToJson, positionOf, renderDiagnostic } from "./render.ts";
import { reporterFor } from "./reporter.ts";

const tokensOf = (text: string) =>
  lex(reporterFor({ path: "a.cup", text })).map(({ kind, value }) => `${kind} ${value}`);

const known = { services: new Map([["a", { versions: new Map([["v1", {}]]) }]]) };

/** Text made of what Copper is made of gets deeper into the parser than random characters do. */
const almostCopper = fc
  .array(
    fc.constantFrom(
      ..."policy p ( ) { } [ ] Ingress Egress ; , . ! == != && || if else act Request r context 'a->b' \"s\" SetHeader Deny 403 --- \n // /* */ import ' \\".split(
        " ",
      ),
    ),
    { maxLength: 60 },
  )
  .map((words) => words.join(" "));

describe("lexer", () => {
  test("a hyphen stays in a name, three of them separate", () => {
    expect(tokensOf("hot-path\n---\n-5ms")).toEqual([
      "name hot-path",
      "separator ---",
      "symbol -",
      "number 5ms",
      "end ",
    ]);
  });
  test("comments are skipped, either quote makes a string", () => {
    expect(tokensOf('a // b\n/* c */ \'d\' "e\\"f"')).toEqual(["name a", "string d", 'string e"f', "end "]);
  });
});

describe("numbers", () => {
  test("the least of 64 bits and exponents are read, as values and as defaults", () => {
    const least = "-9223372036854775808";
    const text = `policy p (act (Request r) context ('a') param (int low = ${least}, float part = -2.5e-7)) {
  let a = low + ${least}; let b = part * 1e3; let c = ${least}ns;
  if (a > 0 || b > 1E+2 || c > 0s) Deny(r);
}`;
    const { policies, diagnostics } = checkCopper({ path: "a.cup", text });
    expect(diagnostics).toEqual([]);
    expect(policies[0]?.parameters.map(({ default: { value } }) => value)).toEqual([-(2n ** 63n), -2.5e-7]);
  });
  test.each(["9223372036854775808", "-9223372036854775809", "1 - 9223372036854775808"])(
    "%s is too large",
    (number) => {
      const text = `policy p (act (Request r) context ('a')) { let a = ${number}; if (a > 0) Deny(r); }`;
      expect(checkCopper({ path: "a.cup", text }).diagnostics.map(({ code }) => code)).toEqual(["CUP0218"]);
    },
  );
});

describe("escapes", () => {
  test.each([
    ["\\t\\n\\r", "\t\n\r"],
    ["\\\\d \\\" \\'", "\\d \" '"],
    ["caf\\u{e9} \\u{1F600}", "café 😀"],
  ])("%s", (written, read) => {
    expect(tokensOf(`"${written}"`)[0]).toBe(`string ${read}`);
  });
  test.each(["\\d", "\\u0041", "\\u{D800}", "\\u{110000}", "\\0"])("%s is none", (written) => {
    const reporter = reporterFor({ path: "a.cup", text: `"${written}"` });
    lex(reporter);
    expect(reporter.diagnostics.map(({ code }) => code)).toEqual(["CUP0105"]);
  });
});

describe("parser", () => {
  test("never throws, on any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 80 }),
        (text) => void checkCopper({ path: "a.cup", text }),
      ),
    );
    fc.assert(
      fc.property(almostCopper, (text) => void checkPolicies([{ path: "a.cup", text }], known)),
      { numRuns: 500 },
    );
  });
  test("never throws, on any filter code", () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => void readFilter({ path: "a.ts", text })));
  });
  test("deep nesting is a diagnostic", () => {
    for (const deep of ["(", "!", "true && ", "'a' == ", "if (true) {", "if (true) {} else "]) {
      const text = `policy p (act (Request r)) { ${deep.startsWith("if") ? "" : "if ("}${deep.repeat(50_000)}`;
      expect(checkCopper({ path: "a.cup", text }).diagnostics.length).toBeGreaterThan(0);
    }
  });
  test("spans lie inside the text", () => {
    fc.assert(
      fc.property(almostCopper, (text) => {
        for (const { span } of checkCopper({ path: "a.cup", text }).diagnostics) {
          expect(0 <= span.start && span.start <= span.end && span.end <= text.length).toBe(true);
        }
      }),
    );
  });
  test("both spellings of a call are the same", () => {
    const body = (statement: string) =>
      JSON.stringify(
        checkCopper({
          path: "a.cup",
          text: `policy p (act (Request r) context ('a')) { ${statement} }`,
        }).policies[0]?.sections,
        (key, value: unknown) =>
          key === "span" ? undefined : typeof value === "bigint" ? String(value) : value,
      );
    expect(body("r.SetHeader('a', 'b')")).toEqual(body("SetHeader(r, 'a', 'b');"));
    expect(body("Deny(r)")).toContain('"value":"403"');
  });
  test("one mistake does not hide the next", () => {
    const { diagnostics } = checkCopper({
      path: "a.cup",
      text: "policy p (act (Request r) context ('a')) {\n  SetHeadr(r, 'a', 'b');\n  Deny(r;\n  Denny(r);\n}\n",
    });
    expect(diagnostics.map((d) => `${d.code} ${positionOf(d.source, d.span.start).line}`)).toEqual([
      "CUP0203 2",
      "CUP0103 3",
      "CUP0203 4",
    ]);
  });
});

describe("check", () => {
  const policy = (name: string, clauses = "", body = "SetHeader(r, 'a', 'b');") =>
    `policy ${name} (act (Request r) context ('a') ${clauses}) { ${body} }`;
  test("policies come in the order of enforcement", () => {
    const text = [policy("b"), policy("a"), policy("c", "priority (5)")].join("\n---\n");
    expect(checkPolicies([{ path: "a.cup", text }]).policies.map(({ name }) => name)).toEqual([
      "c",
      "a",
      "b",
    ]);
  });
  test("lost context denies where access is decided", () => {
    const onLost = (text: string) => checkCopper({ path: "a.cup", text }).policies[0]?.onLost;
    expect([
      onLost(policy("p")),
      onLost(policy("p", "", "Deny(r)")),
      onLost(policy("p", "onLost (skip)", "Deny(r)")),
    ]).toEqual(["skip", "deny", "skip"]);
  });
  test("a route without a heading takes all that stands under none to egress, in its order", () => {
    const text = policy(
      "p",
      "",
      "SetHeader(r, 'a', 'b'); if (GetHeader(r, 'a') == 'b') { RouteToVersion(r, 'a', 'v2') } Deny(r); [Ingress] Deny(r);",
    );
    const sections = checkCopper({ path: "a.cup", text }).policies[0]?.sections ?? [];
    expect(sections.map(({ side, body }) => [side, ...body.map(({ kind }) => kind)])).toEqual([
      ["egress", "do", "if", "do"],
      ["ingress", "do"],
    ]);
  });
  test("a filter is named after its file, or its folder", () => {
    const text = 'export const context = "a";\nexport function onRequest(): void { /* r.deny(1) */ }\n';
    const name = (path: string) => readFilter({ path, text }).policy;
    expect([name("x/limit.ts")?.name, name("x/limit/policy.ts")?.name, name("policy.ts")?.name]).toEqual([
      "limit",
      "limit",
      "policy",
    ]);
    expect(name("x.ts")?.actions).toEqual([]);
  });
});

describe("render", () => {
  const diagnostic = {
    code: "CUP0101",
    severity: "error",
    message: "m",
    source: { path: "a.cup", text: "x\n\ty #z\n" },
    span: { start: 5, end: 6 },
  } as const;
  test("lines and columns count from 1", () => {
    expect(diagnosticToJson(diagnostic)).toEqual({
      code: "CUP0101",
      severity: "error",
      message: "m",
      file: "a.cup",
      line: 2,
      column: 4,
      endLine: 2,
      endColumn: 5,
    });
  });
  test("the mark stands under the text, tabs too", () => {
    expect(renderDiagnostic(diagnostic, { color: false }).split("\n").slice(-2)).toEqual([
      "2 │ \ty #z",
      "  │ \t  ^",
    ]);
    expect(renderDiagnostic(diagnostic, { color: true })).toContain("\u001b[1;31merror[CUP0101]\u001b[0m");
  });
  test("the nearest names come first", () => {
    expect(nearest("serch", ["rate", "search", "sarch"])).toEqual(
      ["search", "sarch"].sort((a, b) => (a < b ? -1 : 1)),
    );
    expect(nearest("weather", ["rate"])).toEqual([]);
  });
});

describe("a line that is very long", () => {
  const text = `${"a ".repeat(5_000)}\u001b[2J@${" b".repeat(5_000)}`;
  const [diagnostic] = checkPolicies([{ path: "a.cup", text }]).diagnostics.filter(
    ({ code }) => code === "CUP0101",
  );

  test("is shown around the mark, without what moves a cursor", () => {
    if (diagnostic === undefined) throw new Error("nothing is wrong with it");
    const [, , , line = "", mark = ""] = renderDiagnostic(diagnostic, { color: false }).split("\n");
    expect(line.length).toBeLessThan(220);
    expect(line).toMatch(/^1 │ ….*a \uFFFD\[2J@ b .*…$/);
    expect(line[mark.indexOf("^")]).toBe("\uFFFD");
  });
});

test("lines and columns of every offset are what counting says", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "\n", "\r\n", "é"), { maxLength: 30 }), (parts) => {
      const source = { path: "a.cup", text: parts.join("") };
      for (let offset = 0; offset <= source.text.length; offset++) {
        const before = source.text.slice(0, offset).split("\n");
        expect(positionOf(source, offset)).toEqual({
          line: before.length,
          column: (before.at(-1)?.length ?? 0) + 1,
        });
      }
    }),
  );
});
