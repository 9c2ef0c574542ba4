import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { assemble } from "./assemble.ts";

const entry = 'import "proxy-wasm-as/assembly/abort"; export function one(): i32 { return 1; }';
const deep = `export function deep(): i32 { return ${"1 + ".repeat(60_000)}1; }`;

test("a crash of the compiler is a value, and the next source compiles", async () => {
  const [crashed, fine] = await Promise.all([assemble({ entry: deep }), assemble({ entry })]);
  expect(crashed.failure?.kind).toBe("crash");
  expect(crashed.failure?.reason).toContain("call stack");
  expect(crashed.bytes).toBeUndefined();
  expect(fine.stderr).toBe("");
  expect(fine.bytes?.length).toBeGreaterThan(8);
});

test("a source that takes too long is given up", async () => {
  const { failure } = await assemble({ entry, timeoutMs: 1 });
  expect(failure).toEqual({ kind: "timeout", reason: "the compiler was given up: it took more than 1 ms" });
  expect((await assemble({ entry })).failure).toBeUndefined();
});

test("the event loop goes on while the compiler works", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  await assemble({ entry: entry.replace("1; }", "2; }") });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});

test("a process that compiled something ends by itself", () => {
  const module = fileURLToPath(new URL("./assemble.ts", import.meta.url));
  const script = `import { assemble } from ${JSON.stringify(module)};
    const { bytes } = await assemble({ entry: ${JSON.stringify(entry)} });
    console.log(bytes.length > 8);`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(stdout).toBe("true\n");
  expect(status).toBe(0);
});
