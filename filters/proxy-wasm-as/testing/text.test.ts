import { expect, test } from "vitest";
import { matchesAutomaton } from "../../../controlplane/regex/automaton.ts";
import { compileRegex } from "../../../controlplane/regex/compile-regex.ts";
import { assemble } from "../build/assemble.ts";

type Function = (...args: (number | bigint)[]) => number | bigint;

const { bytes: module = new Uint8Array(), stderr } = await assemble({
  entry: `import "proxy-wasm-as/assembly/abort";
export { equal } from "proxy-wasm-as/assembly/bytes";
export { allocate } from "proxy-wasm-as/assembly/policy";
export * from "proxy-wasm-as/assembly/actions/text";
export function collect(): void { __collect(); }`,
});
const MISSING = 2n ** 64n - 1n;

/** The runtime's functions on texts as bytes; what they allocate goes with the next call. */
async function start() {
  expect(stderr).toBe("");
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module), {});
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  const call = (name: string, ...args: (number | bigint)[]) => (instance.exports[name] as Function)(...args);
  if (instance.exports["_initialize"] !== undefined) call("_initialize");
  const put = (content: Uint8Array): number => {
    const pointer = Number(call("allocate", content.length));
    new Uint8Array(memory.buffer).set(content, pointer);
    return pointer;
  };
  const view = (text: string | Uint8Array): bigint => {
    const content = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return (BigInt(put(content)) << 32n) | BigInt(content.length);
  };
  const read = (value: number | bigint): string => {
    const unsigned = BigInt.asUintN(64, BigInt(value));
    const [pointer, length] = [Number(unsigned >> 32n), Number(unsigned & 0xffff_ffffn)];
    return new TextDecoder().decode(new Uint8Array(memory.buffer, pointer, length).slice());
  };
  const pages = () => memory.buffer.byteLength / 65536;
  return { call, put, view, read, pages };
}

const { call, put, view, read, pages } = await start();

test("the automaton in a filter says what the one here says", () => {
  const texts = ["", "a", "b", "ab", "abc", "aé", "é", "ẞ", "10.0.0.1", "GET", "get", "a\nb", "x".repeat(300)]
    .map((text) => new TextEncoder().encode(text))
    .concat([Uint8Array.of(0xff), Uint8Array.of(0x61, 0xc3), Uint8Array.of(0xe0, 0x80, 0x80)]);
  const patterns = [
    ...[
      "",
      "a",
      "a*",
      "(?i)GET",
      ".*",
      "(?s).*",
      "[^a]+",
      "\\C*",
      "\\w+",
      "é",
      "(?i)ß",
      "\\pL+",
      "x{299,301}",
      "^a\\b.*$",
    ],
    ...[
      "(\\d{1,3}\\.){3}\\d{1,3}",
      "[^\\x00-\\x{10FFFF}]",
      "(?m)a$\\n^b",
      "x{0,255}",
      "x{300}",
      "(a|ab)(c|bcd)?",
    ],
  ];
  for (const pattern of patterns) {
    const automaton = compileRegex(pattern);
    if (automaton.kind === "error") throw new Error(automaton.message);
    call("collect");
    const table = put(automaton.table);
    for (const text of texts) {
      const found = call("matches", view(text), table) === 1;
      expect([pattern, text, found]).toEqual([pattern, text, matchesAutomaton(automaton, text)]);
    }
  }
});

test.each([
  ["", "", true],
  ["", "a", false],
  ["abc", "", true],
  ["abc", "abc", true],
  ["abc", "bc", true],
  ["abc", "abcd", false],
  ["aabaabaaab", "aabaaa", true],
  ["abababac", "ababac", true],
  ["abababab", "abaa", false],
  ["é", "\u00a9", false],
])("contains: %j has %j: %s", (value, text, wanted) => {
  expect(call("contains", view(value), view(text))).toBe(Number(wanted));
  expect(value.includes(text)).toBe(wanted);
});

test("contains takes no longer on texts made to take long", () => {
  call("collect");
  const value = view("a".repeat(400_000));
  const text = view(`${"a".repeat(200_000)}b`);
  expect(call("contains", value, text)).toBe(0);
  // Comparing at each place would be 4 × 10^10 steps, for which no test waits.
});

test.each([
  ["abc", "a", true, false],
  ["abc", "c", false, true],
  ["abc", "abc", true, true],
  ["abc", "", true, true],
  ["", "", true, true],
  ["abc", "abcd", false, false],
])("%j starts with %j: %s, ends with it: %s", (value, text, starts, ends) => {
  expect(call("startsWith", view(value), view(text))).toBe(Number(starts));
  expect(call("endsWith", view(value), view(text))).toBe(Number(ends));
});

test("comparing goes by bytes, and a text comes before those that go on from it", () => {
  const sorted = ["", "A", "Z", "a", "aa", "ab", "b", "é", "😀"];
  sorted.forEach((left, i) => {
    sorted.forEach((right, j) => {
      expect(Math.sign(Number(call("compare", view(left), view(right))))).toBe(Math.sign(i - j));
      expect(call("equal", view(left), view(right))).toBe(Number(i === j));
    });
  });
});

test("an absent value equals nothing and gives way in `??`; an empty one does neither", () => {
  expect(call("equal", MISSING, MISSING)).toBe(0);
  expect(call("equal", MISSING, view(""))).toBe(0);
  expect(call("equal", view(""), MISSING)).toBe(0);
  expect(call("equal", view(""), view(""))).toBe(1);
  expect(read(call("orElse", MISSING, view("b")))).toBe("b");
  expect(read(call("orElse", view(""), view("b")))).toBe("");
});

test("concat, toLower and length", () => {
  expect(read(call("concat", view("ab"), view("cé")))).toBe("abcé");
  expect(read(call("concat", view(""), view("c")))).toBe("c");
  expect(read(call("concat", view("a"), view("")))).toBe("a");
  expect(read(call("toLower", view("x-Request-ID É @[`{")))).toBe("x-request-id É @[`{");
  expect(read(call("toLower", view("lower")))).toBe("lower");
  expect(call("length", view("aé"))).toBe(3n);
  expect(call("length", view(""))).toBe(0n);
});

test.each([
  ["0", 0n],
  ["-0", 0n],
  ["007", 7n],
  ["-12", -12n],
  ["9223372036854775807", 2n ** 63n - 1n],
  ["-9223372036854775808", -(2n ** 63n)],
  ["9223372036854775808", 99n],
  ["-9223372036854775809", 99n],
  ["18446744073709551616", 99n],
  ["000000000000000000000000000001", 1n],
  ["", 99n],
  ["-", 99n],
  ["+1", 99n],
  ["--1", 99n],
  [" 1", 99n],
  ["1 ", 99n],
  ["1.0", 99n],
  ["1e3", 99n],
  ["٣", 99n],
])("toInt of %j is %s", (text, wanted) => {
  expect(call("toInt", view(text), 99n)).toBe(wanted);
});

test("toString writes what toInt reads", () => {
  for (const value of [0n, 7n, 10n, -1n, 1234567890n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const text = call("toString", value);
    expect(read(text)).toBe(String(value));
    expect(call("toInt", text, 99n)).toBe(value);
  }
});

test("what is made goes when the callback ends", () => {
  call("collect");
  const before = pages();
  for (let round = 0; round < 5000; round++) {
    const value = view("x".repeat(1000));
    call("concat", value, value);
    call("contains", value, value);
    call("toLower", view("A".repeat(1000)));
    call("collect");
  }
  expect(pages()).toBe(before);
});
