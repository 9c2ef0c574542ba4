import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "./check-policies.ts";
import type { Expression, Name } from "./context.ts";
import { parseContext } from "./parse-context.ts";
import { reporterFor } from "./reporter.ts";
import type { KnownServices } from "./resolve-context.ts";

const nameText = (name: Name) => (name.version === undefined ? name.name : `${name.name}@${name.version}`);

/** The context written out in full, so that tests read as text. */
function print(node: Expression): string {
  switch (node.kind) {
    case "service":
      return nameText(node);
    case "any":
      return node.except.length === 0 ? "." : `[^${node.except.map(nameText).join(", ")}]`;
    case "set":
      return `[${node.names.map(nameText).join(", ")}]`;
    case "sequence":
      return `(${node.items.map(print).join(" -> ")})`;
    case "choice":
      return `(${node.options.map(print).join(" | ")})`;
    case "repeat":
      return `${print(node.item)}${node.max === 1 ? "?" : node.min === 0 ? "*" : "+"}`;
    default:
      return node satisfies never;
  }
}

function read(text: string): string {
  const reporter = reporterFor({ path: "a.cup", text });
  const context = parseContext(reporter, { start: 0, end: text.length });
  if (!context) return reporter.diagnostics.map((d) => `${d.span.start}: ${d.message}`).join("\n");
  return (context.anchored ? "^" : "") + print(context.expression);
}

describe("parseContext", () => {
  test.each([
    ["frontend.*[rate,geo]", "(frontend -> .* -> [rate, geo])"],
    ["frontend->rate", "(frontend -> rate)"],
    ["mongo-rate->geo-", "(mongo-rate -> geo-)"],
    ["^frontend -> (a | b)+ -> [^c, d]?", "^(frontend -> (a | b)+ -> [^c, d]?)"],
    ["shop/cart -> reviews@v2", "(shop/cart -> reviews@v2)"],
    ["reviews@v2.*rate", "(reviews@v2 -> .* -> rate)"],
    ["a | b -> c", "(a | (b -> c))"],
    ["a->b|c->d", "((a -> b) | (c -> d))"],
    ["(a | b)c", "((a | b) -> c)"],
    ["a*b+ -> c?", "(a* -> b+ -> c?)"],
    ["[a@v1, b/c] -> [^ a ]", "([a@v1, b/c] -> [^a])"],
    ["a.b", "(a -> . -> b)"],
    ["a--b->c", "(a--b -> c)"],
    ["*", "."],
    ["a * b", "(a -> . -> b)"],
    ["a * * [b, c]", "(a -> . -> . -> [b, c])"],
    ["a *b", "(a -> . -> b)"],
    ["a ** b", "(a -> .* -> b)"],
    ["(a | b)+ * (c)", "((a | b)+ -> . -> c)"],
    ["a* b", "(a* -> b)"],
    ["a *", "a*"],
    ["a * * | b", "(a* | b)"],
    ["a+? -> b?+ -> c++ -> d??", "(a* -> b* -> c+ -> d?)"],
    ["(a+)? -> b", "(a* -> b)"],
    ["a * -> b", "(a* -> b)"],
    ["(a *)b", "(a* -> b)"],
    ["a\n  -> b ", "(a -> b)"],
    ["a^b", "1: expected a service, found `^`"],
    ["a ->", "3: expected a service, `.`, `[` or `(`, the context ends here"],
    ["[]", "1: expected the name of a service, found `]`"],
    ["a||b", "2: expected a service, `.`, `[` or `(`, found `|`"],
    ["a/b/c", "3: expected a service, `.`, `[` or `(`, found `/`"],
    ["a -> * -> b", "(a -> . -> b)"],
    ["", "0: expected a service, `.`, `[` or `(`, the context ends here"],
    ["a b", "2: expected `->` between two services, found `b`"],
    ["a -> [b", "6: expected `,` or `]`, the context ends here"],
    ["a -> ^b", "5: expected a service, found `^`"],
  ])("%s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test("what is printed reads the same again", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b-c", "->", "|", "*", "+", "?", ".", "[a,b]", "[^a]", "(", ")"), {
          maxLength: 12,
        }),
        (words) => {
          const once = read(words.join(" "));
          if (!/^\d+:/.test(once)) expect(read(once)).toBe(once);
        },
      ),
    );
  });

  test("never throws, and stays inside its span", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => void read(text)));
    const reporter = reporterFor({ path: "a.cup", text: "xx frontend yy" });
    const context = parseContext(reporter, { start: 3, end: 8 });
    expect(context?.expression).toMatchObject({ kind: "service", name: "front", span: { start: 3, end: 8 } });
  });

  test("deep nesting is a diagnostic, and a row of signs is no nesting", () => {
    expect(read("(".repeat(10_000))).toMatch(/fewer nested parentheses/);
    expect(read(`a${"*".repeat(20_000)}`)).toBe("a*");
  });
});

describe("contexts of old files, without separators", () => {
  const services = (...names: readonly string[]) => ({
    services: new Map(names.map((name) => [name, { versions: new Map<string, unknown>() }])),
  });
  const resolved = (text: string, known: KnownServices) => {
    const source = { path: "a.cup", text: `policy p ( act (Request r) context ('${text}') ) { Deny(r); }` };
    const { policies, diagnostics } = checkPolicies([source], known);
    const [policy] = policies;
    if (diagnostics.length > 0 || policy === undefined)
      return diagnostics.map(({ message, help }) => `${message}: ${help}`).join("\n");
    return print(policy.context.expression);
  };

  test.each([
    ["frontendsearchgeo", "(frontend -> search -> geo)"],
    ["frontend.*searchgeo", "(frontend -> .* -> (search -> geo))"],
    ["mongo-rategeo", "(mongo-rate -> geo)"],
    ["frontend", "frontend"],
    [
      "frontendsaerch",
      "the mesh has no service `frontendsaerch`: the mesh has `frontend`, `search`, `geo`, `mongo-rate`",
    ],
  ])("%s", (text, expected) => {
    expect(resolved(text, services("frontend", "search", "geo", "mongo-rate"))).toBe(expected);
  });

  test("all versions of a service are the service", () => {
    const versions = new Map<string, unknown>([
      ["v1", {}],
      ["v2", {}],
    ]);
    const known = {
      services: new Map([
        ["a", { versions }],
        ["b", { versions: new Map<string, unknown>() }],
      ]),
    };
    expect(resolved("[a@v2, b, a@v1] -> [^a@v1, a@v2]", known)).toBe("([a, b] -> [^a])");
    expect(resolved("[a@v2, b]", known)).toBe("[a@v2, b]");
  });

  test("a name of the mesh is that service, whatever else it could be split into", () => {
    expect(resolved("frontendsearch", services("frontend", "search", "frontendsearch"))).toBe(
      "frontendsearch",
    );
  });

  test("more than one split is an error that lists them", () => {
    expect(resolved("abc", services("a", "bc", "ab", "c"))).toBe(
      "`abc` can be split in more than one way: write `a -> bc` or `ab -> c`",
    );
  });
});
