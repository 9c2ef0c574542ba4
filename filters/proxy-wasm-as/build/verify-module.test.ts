import { expect, test } from "vitest";
import { assemble } from "./assemble.ts";
import { verifyModule } from "./verify-module.ts";

const wasm = (...rest: number[]) => Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, ...rest]);
const said = (...rest: number[]): string => verifyModule(wasm(...rest)).join("\n");

test("modules that a proxy would choke on are refused with reasons", () => {
  expect(verifyModule(Uint8Array.from([1, 2, 3]))[0]).toContain("does not parse");
  const empty = verifyModule(wasm()).join("\n");
  for (const part of ["ABI marker", "allocator", "memory"]) expect(empty).toContain(part);
  const start = wasm(1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 4, 1, 2, 0, 11);
  expect(verifyModule(start).join("\n")).toContain("start section");
  const name = [..."proxy_log"].map((letter) => letter.charCodeAt(0));
  const wrong = wasm(1, 4, 1, 96, 0, 0, 2, 17, 1, 3, 101, 110, 118, 9, ...name, 0, 0);
  expect(verifyModule(wrong).join("\n")).toContain("`env.proxy_log` is () -> ()");
});

test("what the reader does not know is refused, not guessed at", () => {
  // A function of (v128) -> (i32), a recursive group of one struct, and a 64-bit memory.
  expect(said(1, 6, 1, 0x60, 1, 0x7b, 1, 0x7f)).toContain("the value type 0x7b");
  expect(said(1, 6, 1, 0x60, 1, 0x70, 1, 0x7f)).toContain("the value type 0x70");
  expect(said(1, 5, 1, 0x4e, 1, 0x5f, 0)).toContain("a type of the form 0x4e");
  expect(said(5, 3, 1, 4, 1)).toContain("64-bit addresses");
  expect(said(5, 4, 1, 3, 1, 1)).toContain("shared");
});

test("memory has bounds", () => {
  const pages = (min: readonly number[], max?: readonly number[]): string => {
    const limits = max === undefined ? [0, ...min] : [1, ...min, ...max];
    return said(5, limits.length + 1, 1, ...limits);
  };
  expect(pages([0x80, 0x80, 4], [0x80, 0x80, 4])).toContain("begins with 65536 pages");
  expect(pages([1])).toContain("may use any number of pages");
  expect(pages([1], [0x80, 0x80, 4])).toContain("may use 65536 pages");
  expect(pages([1], [0x80, 2])).not.toContain("pages");
});

test("what the compiler makes passes", async () => {
  const entry = `import "proxy-wasm-as/assembly/abort";
export function proxy_abi_version_0_2_1(): void {}
export function malloc(size: usize): usize { return heap.alloc(size); }`;
  const { bytes = new Uint8Array() } = await assemble({ entry });
  expect(verifyModule(bytes)).toEqual([]);
});
