import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvValues } from "./csv-values.ts";
import { createLineReader, lineMax } from "./line-reader.ts";

function lines(pieces: readonly string[]) {
  const found: (readonly [string | undefined, number])[] = [];
  const reader = createLineReader((text, number) => void found.push([text, number]));
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return found;
}

describe("createLineReader", () => {
  test("lines with their numbers, however they end and are cut", () => {
    expect(lines(["a\r\nb", "c\n\n", "  \nd"])).toEqual([
      ["a", 1],
      ["bc", 2],
      ["d", 5],
    ]);
    expect(lines([])).toEqual([]);
  });

  test("one that is too long is not kept, and the next one is", () => {
    const half = "x".repeat(lineMax / 2 + 1);
    expect(lines([half, half, half, "\nb\n", half + half])).toEqual([
      [undefined, 1],
      ["b", 2],
      [undefined, 3],
    ]);
  });
});

describe("csvValues", () => {
  test.each([
    ["a,b", ["a", "b"]],
    ["", [""]],
    [",a,", ["", "a", ""]],
    ['"a,b",c', ["a,b", "c"]],
    ['a,"b ""c""",', ["a", 'b "c"', ""]],
    ['5" pipe,b', ['5" pipe', "b"]],
    ['""', [""]],
    ['a,"b', undefined],
    ['"a"b,c', undefined],
  ])("%s", (line, values) => {
    expect(csvValues(line)).toEqual(values);
  });

  test("what is quoted comes back", () => {
    const value = fc.string().filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const line = values.map((text) => `"${text.replaceAll('"', '""')}"`).join(",");
        expect(csvValues(line)).toEqual(values);
      }),
    );
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void csvValues(text)));
  });
});
