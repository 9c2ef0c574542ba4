import fc from "fast-check";
import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { actionModule, enforced } from "./action-module.test-helper.ts";
import { createHost } from "./index.ts";

// What is asked for comes in a header, so that one module serves all tests.
const reads = `const limit = toInt(getHeader(b"limit"));
  number(getBodySize(limit)); number(bodyContains(getHeader(b"text"), limit)); show(getJsonField(getHeader(b"path"), limit));`;
const rest = `function toInt(text: Bytes): i64 {
  return I64.parseInt(String.UTF8.decodeUnsafe(pointerOf(text), lengthOf(text)));
}`;
const imports = {
  "actions/headers": "getHeader",
  "actions/body": "bodyContains, getBodySize, getJsonField",
};
const entry = actionModule({ imports, rest, requestBody: reads, holds: true });
const { bytes = new Uint8Array(), stderr } = await assemble({ entry });
const host = createHost(bytes, { configuration: enforced, allowOnHeadersStopIteration: true });

test("the module compiles", () => {
  expect(stderr).toBe("");
});

interface Question {
  readonly body: string | readonly string[] | Uint8Array;
  readonly limit?: number;
  readonly text?: string;
  readonly path?: string;
}

/** Size, whether the text is there, and the field. */
function ask({ body, limit = 100_000, text = "", path = "" }: Question): readonly string[] {
  const headers = [
    ["limit", String(limit)],
    ["text", text],
    ["path", path],
  ] as const;
  const { logs } = host.request({ headers, body });
  expect(host.failure).toBeNull();
  return logs.map(({ message }) => message);
}

const field = (body: string, path: string): string | undefined => ask({ body, path })[2];

test("a body's size is known up to the limit", () => {
  expect(ask({ body: "" })[0]).toBe("0");
  expect(ask({ body: "abc", limit: 3 })[0]).toBe("3");
  expect(ask({ body: "abcd", limit: 3 })[0]).toBe("4");
  expect(ask({ body: "abcdefgh", limit: 3 })[0]).toBe("4");
  expect(ask({ body: ["ab", "cd", "e"], limit: 100 })[0]).toBe("5");
});

test("a text is found within the limit", () => {
  expect(ask({ body: ["ab", "cd"], text: "bc" })[1]).toBe("1");
  expect(ask({ body: "abcd", text: "cd", limit: 3 })[1]).toBe("0");
  expect(ask({ body: "abcd", text: "" })[1]).toBe("1");
  expect(ask({ body: "", text: "a" })[1]).toBe("0");
  expect(ask({ body: "abc", text: "abcd" })[1]).toBe("0");
});

test("a text is found wherever it is, as `includes` finds it", () => {
  const letters = (maxLength: number) =>
    fc.array(fc.constantFrom("a", "b"), { maxLength }).map((list) => list.join(""));
  fc.assert(
    fc.property(letters(40), letters(6), (body, text) => {
      expect(ask({ body, text })[1]).toBe(body.includes(text) ? "1" : "0");
    }),
    { numRuns: 300 },
  );
});

test("a field of a JSON body by its path", () => {
  const body = ` { "user" : { "name" : "Ada", "tags": ["x", {"y": [1, -2.5e+3 ]}], "": 7 }, "n":null,
    "t":true, "f":false, "o": { "a" : 1 }, "0": "zero", "name":"outer" } `;
  const expected = {
    "user.name": "Ada",
    name: "outer",
    "user.tags.0": "x",
    "user.tags.1.y.1": "-2.5e+3",
    "user.tags.1": '{"y": [1, -2.5e+3 ]}',
    "user.tags.2": "-",
    "user.tags.-1": "-",
    "user.tags.00": "-",
    "user.tags.x": "-",
    "user.tags.length": "-",
    "user.": "7",
    n: "null",
    t: "true",
    f: "false",
    o: '{ "a" : 1 }',
    "0": "zero",
    "o.a.b": "-",
    "n.x": "-",
    absent: "-",
    "": "-",
  };
  const found = Object.keys(expected).map((path) => [path, field(body, path)]);
  expect(Object.fromEntries(found)).toEqual(expected);
});

test("of several members of one name the first counts, wherever it leads", () => {
  expect(field('{"a":1,"a":2}', "a")).toBe("1");
  expect(field('{"a":1,"a":{"b":2}}', "a.b")).toBe("-");
  expect(field('{"a":{"b":1},"a":{"b":2,"c":3}}', "a.c")).toBe("-");
  expect(field(String.raw`{"\u0061":1,"a":2}`, "a")).toBe("1");
});

test("escapes are resolved, in values and in names", () => {
  expect(field(String.raw`{"a":"\"\\\/\b\f\n\r\t"}`, "a")).toBe('"\\/\b\f\n\r\t');
  expect(field(String.raw`{"a":"\u0041\u00e9\u20AC\ud83d\uDE00"}`, "a")).toBe("Aé€😀");
  expect(field(String.raw`{"a":"x\ud83dy\ude00\ud83d\u0041"}`, "a")).toBe("x\ufffdy\ufffd\ufffdA");
  expect(field(String.raw`{"\u0075ser":{"n\u00e4me":"x"}}`, "user.näme")).toBe("x");
  // What is not a string stays as it stands.
  expect(field(String.raw`{"a":["\n"]}`, "a")).toBe(String.raw`["\n"]`);
});

test("what is not JSON has no fields, wherever the mistake is", () => {
  const wrong = [
    ...["", " ", "{", '{"a":1', '{"a":1,}', '{"a":1}x', '{"a":1}{}', '{"a" 1}', "{a:1}", "{'a':1}"],
    ...[
      '{"a":1,"b":01}',
      '{"a":1,"b":+1}',
      '{"a":1,"b":1.}',
      '{"a":1,"b":.5}',
      '{"a":1,"b":1e}',
      '{"a":1,"b":-}',
    ],
    ...['{"a":1,"b":tru}', '{"a":1,"b":nul}', '{"a":1,"b":True}', '{"a":1,"b":[1,]}', '{"a":1,"b":[1 2]}'],
    ...['{"a":1,"b":"\n"}', String.raw`{"a":1,"b":"\x"}`, String.raw`{"a":1,"b":"\u12g4"}`, '{"a":1,"b":"'],
    ...['{"a":1,"b":"\\', '{"a":1,"b":"\\u12', '{"a":1,"b":NaN}', '{"a":1,1:2}', '{"a":1,"b":}'],
  ];
  for (const body of wrong) expect([body, field(body, "a")]).toEqual([body, "-"]);
});

test("a body longer than the limit, or deeper than 64, has no fields", () => {
  const body = '{"a":1}';
  expect(ask({ body, path: "a", limit: body.length })[2]).toBe("1");
  expect(ask({ body, path: "a", limit: body.length - 1 })[2]).toBe("-");
  const deep = (depth: number): string => `{"a":1,"b":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  expect(field(deep(63), "a")).toBe("1");
  expect(field(deep(64), "a")).toBe("-");
  expect(field(deep(10_000), "a")).toBe("-");
});

test("any JSON is read as `JSON.parse` reads it, and any other bytes as it refuses them", () => {
  const isPlain = (key: string): boolean => !key.includes(".") && key !== "__proto__" && key.isWellFormed();
  const key = fc.oneof(
    fc.constantFrom("a", "b", "0", "1"),
    fc.string({ unit: "binary", maxLength: 3 }).filter(isPlain),
  );
  const document = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.constantFrom(true, false, null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const lookUp = (value: unknown, parts: readonly string[]): string => {
    const [part, ...others] = parts;
    if (part === undefined) return typeof value === "string" ? value.toWellFormed() : JSON.stringify(value);
    const isIndex = /^(0|[1-9]\d*)$/.test(part);
    const holds = typeof value === "object" && value !== null && (!Array.isArray(value) || isIndex);
    if (!holds || !Object.hasOwn(value, part)) return "-";
    return lookUp(Object.entries(value).find(([name]) => name === part)?.[1], others);
  };
  const part = fc.oneof(fc.constantFrom("a", "b", "0", "1", "2"), key);
  fc.assert(
    fc.property(document, fc.array(part, { minLength: 1, maxLength: 3 }), fc.nat(), (value, parts, cut) => {
      const body = JSON.stringify(value);
      const path = parts.join(".");
      if (/[\0\r\n]/.test(path)) return;
      expect(field(body, path)).toBe(lookUp(value, parts));
      // One byte less or another one: valid or not, the same as there.
      const broken = body.slice(0, cut % (body.length + 1)) + body.slice((cut % (body.length + 1)) + 1);
      let isJson = true;
      try {
        JSON.parse(broken);
      } catch {
        isJson = false;
      }
      if (!isJson) expect(field(broken, path)).toBe("-");
    }),
    { numRuns: 1000 },
  );
});
