import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "proxy-wasm-as-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

test("what the command can do, and which it is", async () => {
  const [help, ofBuild, version] = await Promise.all([run("--help"), run("build", "-h"), run("--version")]);
  expect(help).toMatchObject({ code: 0, err: "" });
  for (const option of [
    "--budget",
    "--memory",
    "--runtime",
    "--names",
    "--configuration",
    "--text",
    "--version",
  ])
    expect(help.out).toContain(`  ${option}`);
  expect(ofBuild).toEqual(help);
  const said = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(version).toEqual({ code: 0, out: `${JSON.parse(said).version}\n`, err: "" });
});

test("it ends with 2 when the command is wrong, and says how it is used", async () => {
  const wrong = [[], ["make"], ["build"], ["build", "a.ts", "--what"], ["build", "a.ts", "--budget", "many"]];
  for (const { code, out, err } of await Promise.all(wrong.map((args) => run(...args)))) {
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("usage: proxy-wasm-as build FILTER.ts");
  }
  expect(await run("build", "none.ts")).toMatchObject({ code: 2, out: "" });
});

test("a filter that is wrong ends it with 1, at the author's line; one that is right is written", async () => {
  const path = join(folder, "mine.ts");
  const out = join(folder, "out.wasm");
  writeFileSync(path, 'export function onTick(): void {\n  let a: i32 = "b";\n}\n');
  const wrong = await run("build", "mine.ts", "-o", out);
  expect(wrong).toMatchObject({ code: 1, out: "" });
  expect(wrong.err).toContain(` --> mine.ts:2:16
  |
2 |   let a: i32 = "b";
  |                ^^^
`);
  expect(() => readFileSync(out)).toThrow("ENOENT");
  writeFileSync(path, "export function onTick(): void {}\n");
  const right = await run("build", "mine.ts", "-o", out);
  expect(right).toMatchObject({ code: 0, err: "" });
  expect(right.out).toBe(`${out}: ${readFileSync(out).length} bytes\n`);
});
