import fc from "fast-check";
import { expect, test } from "vitest";
import { type Texts, tellApart } from "./tell-apart.ts";
import {
  around,
  codes,
  comparing,
  containing,
  ending,
  matching,
  measuring,
  type TextMachine,
} from "./text-machine.ts";
import { automatonOf, lower, operate, valueFunction } from "./trial-value.ts";

interface Asked {
  readonly machine: TextMachine;
  answer(text: string): unknown;
}

const literal = fc.string({ unit: fc.constantFrom("a", "b", "A"), minLength: 0, maxLength: 3 });
const question: fc.Arbitrary<Asked> = fc.oneof(
  literal.map((text) => ({
    machine: comparing(text, "equal"),
    answer: (value: string) => Number(value === text),
  })),
  literal.map((text) => ({
    machine: comparing(text, "order"),
    answer: (value: string) => (value === text ? 1 : operate("<", value, text) === true ? 0 : 3),
  })),
  fc
    .tuple(
      literal,
      fc.constantFrom(
        ["string.StartsWith", (text: string) => comparing(text, "begins")] as const,
        ["string.Contains", containing] as const,
        ["string.EndsWith", ending] as const,
      ),
    )
    .map(([text, [action, machineOf]]) => ({
      machine: machineOf(text),
      answer: (value: string) => Number(valueFunction(action, [value, text])?.value),
    })),
  fc.constantFrom("a.*b", "[ab]{2}", "(ab|c)+", ".*A").map((pattern) => ({
    machine: matching(automatonOf(pattern) ?? expect.unreachable()),
    answer: (value: string) => Number(valueFunction("string.Matches", [value, pattern])?.value),
  })),
  fc.array(fc.nat(4), { minLength: 1, maxLength: 2 }).map((sizes) => ({
    machine: measuring(sizes),
    answer: ({ length }: string) =>
      2 * sizes.filter((size) => size < length).length + Number(sizes.includes(length)),
  })),
);
const wrapped: fc.Arbitrary<Asked> = fc.oneof(
  question,
  fc
    .tuple(question, literal, literal, fc.boolean())
    .map(([{ machine, answer }, before, behind, isLower]) => ({
      machine: around(machine, { before, behind, isLower }),
      answer: (value: string) => answer(before + (isLower ? lower(value) : value) + behind),
    })),
);
const texts: Texts = { begin: "", bytes: codes("abcAB"), isTrimmed: true, mayBeEmpty: true };

/** All texts of up to so many characters. */
function allUpTo(length: number): readonly string[] {
  const all = [""];
  for (const text of all) if (text.length < length) for (const next of "abcA") all.push(text + next);
  return all;
}

test("a machine answers as the function does, and every way to answer questions together has a text", () => {
  const property = fc.property(fc.array(wrapped, { maxLength: 3 }), (asked) => {
    const machines = asked.map(({ machine }) => machine);
    const found = tellApart(machines, texts, { each: 2, avoided: new Set(["a"]) });
    expect(found.isComplete).toBe(true);
    const answersOf = (text: string): string => asked.map(({ answer }) => answer(text)).join();
    const stepped = (text: string): string =>
      machines.map(({ start, step, answer }) => answer(codes(text).reduce(step, start))).join();
    for (const alike of found.texts) {
      expect(alike.length).toBeGreaterThan(0);
      expect(new Set(alike.map(answersOf)).size).toBe(1);
    }
    const ways = new Set(found.texts.map(([text = ""]) => answersOf(text)));
    expect(ways.size).toBe(found.texts.length);
    for (const text of allUpTo(4)) {
      expect(stepped(text), text).toBe(answersOf(text));
      expect(ways, text).toContain(answersOf(text));
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test("texts are legal, and others than those to avoid where there are such", () => {
  const legal: Texts = { begin: "/", bytes: codes("ab "), isTrimmed: true, mayBeEmpty: false };
  const { texts: found } = tellApart([containing("a b")], legal, {
    each: 2,
    avoided: new Set(["/", "/a b"]),
  });
  for (const text of found.flat()) {
    expect(text).toMatch(/^\/[ab ]*$/);
    expect(text).not.toMatch(/ $/);
    expect(["/", "/a b"]).not.toContain(text);
  }
  expect(found.map(({ length }) => length)).toEqual([2, 2]);
});

test("what takes too many states is not said to be complete", () => {
  const machines = [64, 81, 125, 49].map((size) =>
    matching(automatonOf(`(.{${size}})*`) ?? expect.unreachable()),
  );
  expect(tellApart(machines, texts, { each: 1, avoided: new Set() }).isComplete).toBe(false);
});
