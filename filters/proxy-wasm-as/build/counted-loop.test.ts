import binaryen from "assemblyscript/binaryen";
import { expect, test } from "vitest";
import { assemble } from "./assemble.ts";
import { countedLoop } from "./counted-loop.ts";
import { ids, within } from "./expressions.ts";

/** For each loop of the function, in the order of the text, how it counts; what asc makes of the source is looked at. */
async function loopsIn(body: string): Promise<readonly string[]> {
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: `import "proxy-wasm-as/assembly/abort";
export function scan(start: usize, size: u32, other: u32): u32 { ${body} }`,
  });
  expect(stderr).toBe("");
  const module = binaryen.readBinary(bytes);
  try {
    const { body: whole } = binaryen.getFunctionInfo(
      module.getFunction(binaryen.getExportInfo(module.getExport("scan")).value),
    );
    return [...within(whole)]
      .filter((each) => binaryen.getExpressionId(each) === ids.Loop)
      .map((loop) => {
        const counted = countedLoop(loop);
        return counted === undefined ? "no" : `${counted.compare.kind} ${counted.step}`;
      });
  } finally {
    module.dispose();
  }
}

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "to a size",
    "let n: u32 = 0; for (let i: u32 = 0; i < size; i++) n += load<u8>(start + i); return n;",
    ["lt 1"],
  ],
  [
    "of pointers",
    "const end = start + size; let n: u32 = 0; for (let p = start; p < end; p += 2) n += load<u16>(p); return n;",
    ["lt 2"],
  ],
  [
    "downwards",
    "let n: u32 = 0; for (let i: i32 = size; i >= 0; i--) n ^= load<u8>(start + i) + n; return n;",
    ["ge -1"],
  ],
  [
    "whose number before the step is compared",
    "let n: u32 = 0; while (size--) n ^= load<u8>(start + size) + n; return n;",
    ["no"],
  ],
  [
    "with a way out",
    "for (let i: u32 = 0; i < size; i++) if (load<u8>(start + i) == 44) return i; return size;",
    ["lt 1"],
  ],
  [
    "with a second condition",
    "let i: u32 = 0; while (i < size && load<u8>(start + i) != 44) i++; return i;",
    ["lt 1"],
  ],
  [
    "after a do",
    "let i: u32 = 0, n: u32 = 0; do { n ^= load<u8>(start + i) + n; } while (++i < size); return n;",
    ["lt 1"],
  ],
  [
    "that skips some",
    "let n: u32 = 0; for (let i: u32 = 0; i < size; i++) { if (load<u8>(start + i) == other) continue; n ^= i * n + 1; } return n;",
    ["lt 1"],
  ],
  [
    "one in another",
    "let n: u32 = 0; for (let i: u32 = 0; i < size; i++) for (let k: u32 = 0; k < other; k++) n ^= load<u8>(start + i * k) + n; return n;",
    ["lt 1", "lt 1"],
  ],
  [
    "without an end",
    "let n: u32 = 0; while (true) { if (load<u8>(start) == n) return n; n = n * 7 + 1; }",
    ["no"],
  ],
  [
    "to a bound that moves",
    "let n: u32 = 0; for (let i: u32 = 0; i < size; i++) { if (load<u8>(start + i) == 0) size++; n ^= i * n; } return n;",
    ["no"],
  ],
  [
    "that does not always step",
    "let i: u32 = 0; while (i < size) if (load<u8>(start + i) != load<u8>(start)) i++; return i;",
    ["no"],
  ],
  [
    "that goes back",
    "let i: u32 = 0; while (i < size) { i++; if (load<u8>(start + i) == 3) i -= 2; } return i;",
    ["no"],
  ],
  [
    "by a step that is not known",
    "let i: u32 = 0; while (i < size) i += load<u8>(start + i); return i;",
    ["no"],
  ],
  [
    "that steps over its end",
    "let i: u32 = 0; while (i != size) { store<u8>(i, 1); i += 2; } return i;",
    ["no"],
  ],
];

test.each(cases)("a loop %s", async (_, body, found) => {
  expect(await loopsIn(body)).toEqual(found);
});
