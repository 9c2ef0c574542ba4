import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Automaton, matchesAutomaton } from "./automaton.ts";
import { compileRegex } from "./compile-regex.ts";

function compiled(pattern: string): Automaton {
  const automaton = compileRegex(pattern);
  if (automaton.kind === "error") throw new Error(`${pattern}: ${automaton.message}`);
  return automaton;
}

const encode = (text: string | readonly number[]): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : Uint8Array.from(text);

describe("texts", () => {
  test.each<[pattern: string, matching: readonly string[], others: readonly string[]]>([
    ["", [""], ["a"]],
    ["abc", ["abc"], ["xabc", "abcx", "ab", "ABC"]],
    ["a|ab", ["a", "ab"], ["b", "aab"]],
    ["a*?b", ["b", "aab"], ["a"]],
    ["a{2,3}", ["aa", "aaa"], ["a", "aaaa"]],
    ["a{0}", [""], ["a"]],
    ["a{,2}", ["a{,2}"], ["", "a", "aa"]],
    ["a{x}", ["a{x}"], ["a"]],
    [".", ["a", "é", "😀"], ["", "\n", "ab"]],
    ["(?s).", ["\n"], [""]],
    ["(?s:.).", ["\na"], ["a\n"]],
    ["(?i)ab(?-i)c", ["ABc", "abc"], ["abC"]],
    ["(?i:k)s", ["ks", "Ks", "\u212as"], ["kS"]],
    ["(?i)[^k]", ["a"], ["k", "K", "\u212a"]],
    ["(?i)straße", ["STRAẞE", "Straße"], ["STRASSE"]],
    ["(?i)[ı]", ["ı"], ["i", "I"]],
    ["(?U)a+", ["aaa"], [""]],
    ["^a$", ["a"], ["a\n", "\na"]],
    ["(?m)^a$\\n^b$", ["a\nb"], ["ab"]],
    ["a^b|a$b", [], ["ab", "a", "b"]],
    ["\\Aa\\z", ["a"], ["a\n"]],
    ["\\ba\\b.*", ["a", "a-", "aé"], ["ab", "a_"]],
    ["\\B", [""], ["a"]],
    ["a\\Bb\\b", ["ab"], []],
    ["[a\\-z]", ["a", "-", "z"], ["b"]],
    ["[]a]", ["]", "a"], ["[]a]"]],
    ["[^]a]", ["b"], ["]", "a"]],
    ["[a-b-c]", ["a", "b", "-", "c"], ["d"]],
    ["[[:alpha:][:digit:]_]+", ["aZ9_"], ["é"]],
    ["[[:]", ["[", ":"], ["[:"]],
    ["(?P<n>a)(?P<n>b)", ["ab"], []],
    ["[[:^digit:]]", ["a", "é"], ["1"]],
    ["\\w+\\s\\d", ["ab_1 2", "a\t0"], ["é 1", "a\v1"]],
    ["\\pL+", ["aéΩ"], ["1"]],
    ["\\p{Greek}\\P{Greek}\\p{^Greek}", ["Ωab"], ["aab"]],
    ["[^\\p{Lu}]", ["a", "1"], ["A", "É"]],
    ["\\x{1F600}\\x41\\101\\n\\a", ["😀AA\n\x07"], []],
    ["\\Qa.*[\\E+", ["a.*[", "a.*[[["], ["aa"]],
    ["(?P<scheme>https?)://(?<rest>.*)", ["http://", "https://x"], ["ftp://x"]],
    ["[^\\x00-\\x{10FFFF}]|b", ["b"], ["", "a"]],
    ["(\\d{1,3}\\.){3}\\d{1,3}", ["10.0.0.1", "127.1.20.255"], ["10.0.0", "1000.0.0.1"]],
    ["(a*)*|(b?)+", ["", "aaa", "bb"], ["ab"]],
  ])("%j", (pattern, matching, others) => {
    const automaton = compiled(pattern);
    const found = [...matching, ...others].filter((text) => matchesAutomaton(automaton, encode(text)));
    expect(found).toEqual(matching);
  });

  // As RE2 in C++ answers, asked through its Python package.
  test.each<[bytes: readonly number[], matching: readonly string[]]>([
    [[0xff], []],
    [[0x80], []],
    [[0xc3], []],
    [[0xc0, 0x80], []],
    [
      [0xe0, 0x80, 0x80],
      [".", "[^a]", "[\\x{80}-\\x{10ffff}]"],
    ],
    [
      [0xf0, 0x80, 0x80, 0x80],
      [".", "[^a]", "[\\x{80}-\\x{10ffff}]"],
    ],
    [
      [0xf4, 0x90, 0x80, 0x80],
      [".", "[^a]", "[\\x{80}-\\x{10ffff}]"],
    ],
    [
      [0xed, 0xa0, 0x80],
      [".", "[^a]", "[\\x{80}-\\x{10ffff}]", "[^\\x{10ffff}]", "\\x{d800}", "\\pC"],
    ],
    [
      [0xef, 0xbf, 0xbd],
      [".", "[^a]", "[\\x{80}-\\x{10ffff}]", "[^\\x{10ffff}]", "\ufffd"],
    ],
  ])("that are not UTF-8: %j", (bytes, matching) => {
    const patterns = [".", "[^a]", "[\\x{80}-\\x{10ffff}]", "[^\\x{10ffff}]", "\\x{d800}", "\\pC", "\ufffd"];
    const found = patterns.filter((pattern) => matchesAutomaton(compiled(pattern), encode(bytes)));
    expect(found).toEqual(matching);
    expect(matchesAutomaton(compiled(`\\C{${bytes.length}}`), encode(bytes))).toBe(true);
  });
});

describe("size", () => {
  test.each([
    ["abc", 5, 4],
    ["a|b|c", 3, 2],
    ["(x+x+)+y", 5, 3],
    ["(?:(?:a?){30}){30}", 902, 2],
    ["[a-z]{1000}", 1002, 2],
    [".*", 5, 6],
    ["[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 38, 3],
    ["[^@]{1,64}@[^@]{1,255}", 1279, 7],
    ["\\C*", 2, 1],
    ["[^\\x00-\\x{10FFFF}]", 1, 1],
  ])("%s takes %i states over %i classes", (pattern, states, classes) => {
    expect(compiled(pattern)).toMatchObject({ states, classes });
  });

  test.each([
    ["a|b", "[ab]"],
    ["a?a?a?", "a{0,3}"],
    ["(?i)a|B", "[aAbB]"],
    ["(a*)*", "a*"],
    ["\\d", "[[:digit:]]"],
    ["^a$", "a"],
    ["a\\bb", "[^\\x00-\\x{10FFFF}]"],
    ["(?s).", "[\\x00-\\x{10FFFF}]"],
  ])("%s and %s are one automaton", (left, right) => {
    expect(compiled(left)).toEqual(compiled(right));
  });

  test.each([
    [".*a.{20}"],
    ["(.*a.{9}){3}"],
    ["\\pL{1000}"],
    [".*(\\pL\\pN.){3}x"],
    ["(a|b|ab|ba|aab|bba){0,300}"],
    ["((a{100}){10}b{1000}){1}".repeat(40)],
    ["([\\pL\\pN]{0,9}-){9}"],
    ["\\P{Lu}{100}"],
  ])("%s is too large, which is found out soon", (pattern) => {
    const error = compileRegex(pattern);
    expect(error).toMatchObject({ kind: "error", message: /^the pattern takes / });
  });

  test("limits are the caller's", () => {
    expect(compileRegex("a{9}", { maxStates: 10 })).toMatchObject({
      message: "the pattern takes 11 states, and more than 10 are too many",
    });
    expect(compileRegex("a{8}", { maxStates: 10 })).toMatchObject({ kind: "automaton", states: 10 });
    expect(compileRegex("a", { maxBytes: 269 })).toMatchObject({
      message: "the pattern takes a table of 270 bytes, and more than 269 are too many",
    });
  });
});

/** The message, then the pattern with what it is about underlined, then the help. */
function show(pattern: string): string {
  const error = compileRegex(pattern);
  if (error.kind === "automaton") return "taken";
  const line = " ".repeat(error.offset) + "^".repeat(error.length);
  return [error.message, pattern, line, ...(error.help === undefined ? [] : [`help: ${error.help}`])].join(
    "\n",
  );
}

describe("errors", () => {
  test("golden", async () => {
    const patterns = [
      ...[
        "a(b",
        "a)b",
        "a[b",
        "[]",
        "a\\",
        "*a",
        "a|+",
        "(?i)*",
        "{2}",
        "a**",
        "a++",
        "a*+",
        "a{2}{3}",
        "a+??",
      ],
      ...[
        "a{1001}",
        "(a{100}){11}",
        "a{3,2}",
        "[z-a]",
        "[a-\\d]",
        "[[:foo:]]",
        "\\p{greek}",
        "\\pX",
        "\\p{L",
        "\\p{Cn}",
      ],
      ...[
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(a)\\1",
        "(?P<n>a)(?P=n)",
        "\\k<n>",
        "(?>a)",
        "(?#a)",
        "(?|a|b)",
        "(?R)",
      ],
      ...[
        "(?(1)a|b)",
        "(?x)a",
        "(?-)a",
        "(?",
        "(?P<>a)",
        "(?P<n",
        "(?<a b>c)",
        "a\\Z",
        "\\h",
        "\\R",
        "\\e",
        "\\u0041",
      ],
      ...[
        "\\cK",
        "[\\b]",
        "\\E",
        "[\\Qa\\E]",
        "\\y",
        "\\é",
        "\\x1",
        "\\x{}",
        "\\x{110000}",
        "\\8",
        "a\ud800",
        ".*a.{20}",
      ],
      `${"(".repeat(1001)}${")".repeat(1001)}`.slice(0, 1010),
    ];
    const text = patterns.map(show).join("\n\n");
    expect(text).not.toContain("\ntaken\n");
    await expect(`${text.replaceAll("\ud800", "�").replaceAll(/\({900,}/g, "((…((")}\n`).toMatchFileSnapshot(
      "testdata/errors.txt",
    );
  });

  test("whatever the text, the answer is a value, and an error lies within the pattern", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (pattern) => {
        const result = compileRegex(pattern);
        if (result.kind === "automaton") return;
        const within =
          result.offset >= 0 && result.length > 0 && result.offset + result.length <= pattern.length;
        if (!within) expect.unreachable(`${JSON.stringify(pattern)}: ${result.offset}+${result.length}`);
      }),
      { numRuns: 500 },
    );
  });
});
