import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createJsonReader } from "./json-reader.ts";

type Found = readonly [list: string, value: unknown, line: number];

function read(pieces: readonly string[]) {
  const values: Found[] = [];
  const faults: (readonly [number, string])[] = [];
  const reader = createJsonReader(["resourceSpans", "data"], {
    value: (list, value, line) => void values.push([list, value, line]),
    fault: (line, message) => void faults.push([line, message]),
  });
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return { values, faults };
}

describe("createJsonReader", () => {
  test("documents on lines, and one over many lines", () => {
    expect(read(['{"resourceSpans":[{"a":1},{"a":2}]}\n{"resourceSpans":[{"a":3}]}\n']).values).toEqual([
      ["resourceSpans", { a: 1 }, 1],
      ["resourceSpans", { a: 2 }, 1],
      ["resourceSpans", { a: 3 }, 2],
    ]);
    expect(read(['{\n  "total": 2,\n  "data": [\n    { "b": [1,\n 2] },\n    7\n  ]\n}\n'])).toEqual({
      values: [
        ["data", { b: [1, 2] }, 5],
        // A number ends where something else begins.
        ["data", 7, 6],
      ],
      faults: [],
    });
  });

  test("lists elsewhere are none of ours", () => {
    expect(read(['{"other":{"data":[1]},"more":[{"data":[2]}],"data":{}}']).values).toEqual([]);
    expect(read(["[1, 2]"])).toEqual({ values: [], faults: [] });
  });

  test("after a mistake it goes on with the next document, and says where it was", () => {
    const { values, faults } = read([
      '{"data":[1]}\n{"data":[2, oops\n  {"data":[3]}\n',
      '{"data":[4]}\n{"data":[[5',
    ]);
    expect(values.map(([, value, line]) => [value, line])).toEqual([
      [1, 1],
      [2, 2],
      [4, 4],
    ]);
    expect(faults.map(([line]) => line)).toEqual([2, 5]);
    expect(faults[1]?.[1]).toBe("not JSON: the file ends within a value");
  });

  test.each([
    ['{"data":[1,}', "`}` cannot stand there"],
    ['{"data":tru}', "`}` cannot stand there"],
    ['{"data":[{"a" 1}]}', "`1` cannot stand there"],
    ['{"data" "b"}', '`"b"` cannot stand there'],
    ['{"data":"\\x"}', "`x` cannot stand there"],
    ["{'data':[]}", "`'` cannot stand there"],
    ['{"data":"a\nb"}', "a text goes on after the end of a line"],
    ['{"data":é}', "what stands there is none of it"],
    [`{"data" "${"b".repeat(100)}"}`, "what stands there is none of it"],
  ])("%s: %s", (text, told) => {
    expect(read([text]).faults[0]).toEqual([1, `not JSON: ${told}`]);
  });

  test("however the text is cut, the same elements come of it", () => {
    const document = fc.record(
      {
        data: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
        other: fc.jsonValue({ maxDepth: 1 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(document, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(200)),
        fc.constantFrom(undefined, 2),
        (documents, cuts, indent) => {
          const text = documents.map((each) => `${JSON.stringify(each, null, indent)}\n`).join("");
          const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
          const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
          const { values, faults } = read(pieces);
          expect(faults).toEqual([]);
          expect(values.map(([, value]) => value)).toEqual(
            JSON.parse(JSON.stringify(documents.flatMap(({ data = [] }) => data))),
          );
        },
      ),
    );
  });

  test("never throws, on any text", () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (pieces) => void read(pieces)));
  });
});
