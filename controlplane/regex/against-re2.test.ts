import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { matchesAutomaton } from "./automaton.ts";
import { compileRegex } from "./compile-regex.ts";

// The oracle is a port of RE2 by others. Left out is where it follows Go's RE2 and not the one in C++, which Envoy has: `\C`,
// two groups of one name, and texts that are not UTF-8; and where it follows neither: `[:]` in a class. These are in
// `compile-regex.test.ts`.

/** A pattern with texts that it matches, unless an assertion or a flag in it says otherwise. */
interface Sample {
  readonly pattern: string;
  readonly texts: readonly string[];
}

const sample = (pattern: string, ...texts: string[]): Sample => ({ pattern, texts });
const atoms: readonly Sample[] = [
  ...["a", "b", "k", "_", "1", " ", "é", "Ω", "ſ", "ß", "😀"].map((text) =>
    sample(text, text, text.toUpperCase()),
  ),
  ...["\\b", "\\B", "^", "$", "\\A", "\\z", "(?i)", "(?s)", "(?m)", "(?-i)", "(?U)", "()", "|"].map(
    (pattern) => sample(pattern, ""),
  ),
  sample(".", "a", "\n", "é", "😀"),
  sample("\\n", "\n"),
  sample("\\d", "7"),
  sample("\\D", "x", "é"),
  sample("\\w", "k", "_"),
  sample("\\W", "-", "ſ", "\u212a"),
  sample("\\s", " ", "\t"),
  sample("\\S", "x", "\v"),
  sample("[a-c]", "b", "C"),
  sample("[^a-y]", "z", "Z", "\n", "Ω"),
  sample("[[:alpha:]]", "q"),
  sample("[[:^punct:]]", "q", "."),
  sample("[\\d-]", "-", "5"),
  sample("\\p{Lt}", "ǅ", "Ω"),
  sample("\\p{Greek}", "ω"),
  sample("\\P{Greek}", "a", "A", "1", "Ω"),
  sample("[^\\PZ]", " ", "a"),
  sample("[é-ω]", "é", "ω", "ž"),
  sample("[^é-ω]", "a", "😀"),
  sample("\\x{1F600}", "😀"),
  sample("\\x41", "A", "a"),
  sample("\\Qa.b|\\E", "a.b|", "axb|"),
];
const few = (texts: readonly string[]): readonly string[] => [...new Set(texts)].slice(0, 6);

const { any: samples } = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: fc.constantFrom(...atoms) },
    {
      weight: 4,
      arbitrary: fc.array(tie("any"), { minLength: 2, maxLength: 4 }).map((parts) => ({
        pattern: parts.map(({ pattern }) => pattern).join(""),
        texts: few([0, 1, 2].map((i) => parts.map(({ texts }) => texts[i % texts.length]).join(""))),
      })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie("any"), tie("any"), fc.constantFrom("(", "(?:", "(?i:", "(?P<n>"))
        .map(([left, right, open]) => ({
          pattern: `${open}${left.pattern}|${right.pattern})`,
          texts: few([...left.texts.slice(0, 3), ...right.texts]),
        })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie("any"), fc.constantFrom("*", "+", "?", "*?", "{2}", "{1,3}", "{0,2}?", "{2,}", "{,2}"))
        .map(([{ pattern, texts }, counted]) => ({
          pattern: `(?:${pattern})${counted}`,
          texts: few([...texts.map((text) => text + text), ...texts, texts.join(""), ""]),
        })),
    },
  ),
}));
const piece = fc.constantFrom(..."abkK_1 -.\n\té".split(""), "Ω", "ω", "ſ", "s", "ß", "ẞ", "\u212a", "😀");
const noise = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));

function oracle(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

test("says of texts what RE2 says", { timeout: 60_000 }, () => {
  const encoder = new TextEncoder();
  let pairs = 0;
  let matching = 0;
  fc.assert(
    fc.property(
      samples,
      fc.array(noise, { minLength: 18, maxLength: 18 }),
      ({ pattern: drawn, texts }, noises) => {
        let groups = 0;
        const pattern = drawn.replaceAll("(?P<n>", () => `(?P<n${groups++}>`);
        const ours = compileRegex(pattern);
        const theirs = oracle(pattern);
        if (ours.kind === "error" && ours.message.includes("takes")) return;
        if (ours.kind === "error" || theirs === undefined) {
          expect([pattern, ours.kind, theirs]).toEqual([pattern, "error", undefined]);
          return;
        }
        for (const text of [...texts, ...texts.map((each) => `${each}\n`), ...noises]) {
          const wanted = theirs.matches(text);
          pairs++;
          matching += Number(wanted);
          if (matchesAutomaton(ours, encoder.encode(text)) !== wanted)
            expect.unreachable(`${JSON.stringify(pattern)} on ${JSON.stringify(text)} should be ${wanted}`);
        }
      },
    ),
    { numRuns: 1100 },
  );
  expect(pairs).toBeGreaterThan(20_000);
  expect(matching).toBeGreaterThan(pairs / 20);
});

test("takes the patterns that RE2 takes", () => {
  const tokens = fc.constantFrom(
    ..."ab-][^$()?*+{}207,|\\x.<n>:=!isUmé\n".split(""),
    ...[
      "(?",
      "{2}",
      "{1,",
      "\\d",
      "\\Q",
      "\\E",
      "\\p",
      "\\pL",
      "{L}",
      "\\x",
      "\\x{",
      "41",
      "[:",
      "alpha",
      ":]",
      "[:^",
    ],
    ...[
      "\\b",
      "\\z",
      "\\Z",
      "\\1",
      "\\07",
      "\\_",
      "\\\\",
      "[[:digit:]]",
      "(?i)",
      "(?:",
      "{9}",
      "{1001}",
      "\\é",
    ],
  );
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 7 }), (drawn) => {
      const pattern = drawn.join("");
      const ours = compileRegex(pattern);
      if (pattern.includes("[:]") || (ours.kind === "error" && ours.message.includes("takes"))) return;
      if ((ours.kind === "automaton") !== (oracle(pattern) !== undefined))
        expect.unreachable(
          `${JSON.stringify(pattern)}: ${ours.kind === "error" ? ours.message : "is taken"}`,
        );
    }),
    { numRuns: 2500 },
  );
});
