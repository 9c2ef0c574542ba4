import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
    "--stack",
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

test("what a filter imports is found in folders too, from where it is said; what is not there is said at its line", async () => {
  mkdirSync(join(folder, "lib/parts"), { recursive: true });
  writeFileSync(
    join(folder, "parted.ts"),
    'import { name } from "./lib/name";\nimport { log } from "proxy-wasm-as";\nexport function onTick(): void { log.info(name()); }\n',
  );
  writeFileSync(
    join(folder, "lib/name.ts"),
    'import { part } from "./parts";\nimport { mine } from "../own.ts";\nexport function name(): string { return part() + mine; }\n',
  );
  writeFileSync(join(folder, "lib/parts/index.ts"), 'export function part(): string { return "a"; }\n');
  writeFileSync(join(folder, "own.ts"), 'export const mine = "b";\n');
  expect(await run("build", "parted.ts")).toMatchObject({ code: 0, err: "" });
  writeFileSync(join(folder, "lib/parts/index.ts"), "export function part(): string { return 1; }\n");
  const wrong = await run("build", "parted.ts");
  expect(wrong.err).toContain(` --> ${join("lib", "parts", "index.ts")}:1:41\n`);
  writeFileSync(
    join(folder, "lost.ts"),
    'import { a } from "./nowhere";\nimport { b } from "../../outside";\nimport { c } from "./own.js";\nimport { d } from "lodash";\nexport function onTick(): void { a(); b(); c(); d(); }\n',
  );
  const lost = await run("build", "lost.ts");
  expect(lost.code).toBe(1);
  expect(lost.err).toContain("error: file `nowhere.ts` not found\n --> lost.ts:1:19");
  expect(lost.err).toMatch(/: a filter imports from its own folder and those below\n --> lost.ts:2:19/);
  expect(lost.err).toMatch(/: an import has the name of the `.ts` file, or no ending\n --> lost.ts:3:19/);
  expect(lost.err).toMatch(/: of packages there is `proxy-wasm-as` only\n --> lost.ts:4:19/);
});

test("it says in words what it cannot read or write, and writes over no source", async () => {
  const text = "export function onTick(): void {}\n";
  writeFileSync(join(folder, "kept.ts"), text);
  mkdirSync(join(folder, "folder.ts"));
  const ends: readonly (readonly [readonly string[], string])[] = [
    [["none.ts"], "cannot read none.ts: there is no such file or folder"],
    [["folder.ts"], "cannot read folder.ts: it is a folder"],
    [["kept.ts", "-o", "no/where.wasm"], "cannot write no/where.wasm: there is no such file or folder"],
    [["kept.ts", "-o", "folder.ts"], "cannot write folder.ts: it is a folder"],
    [["kept.ts", "-o", "./kept.ts"], "./kept.ts would be written over its own source"],
    [["kept.ts", "--text", "kept.ts"], "kept.ts would be written over its own source"],
    [["kept.ts", "other.ts"], "it builds one filter at a time; what this one imports is found by itself"],
    [["kept.ts", "--memory", "65537"], "--memory takes a whole number from 32 to 65536"],
    [["kept.ts", "--memory", "20"], "--memory takes a whole number from 32 to 65536"],
    [["kept.ts", "--stack", "800"], "--stack takes a whole number from 1 to 768"],
    [["kept.ts", "--json"], "Unknown option '--json'"],
    [[], "say which filter to build"],
  ];
  const ended = await Promise.all(ends.map(([args]) => run("build", ...args)));
  for (const [index, { code, err }] of ended.entries()) {
    const [args, message] = ends[index] ?? [];
    expect(err.split("\n")[0], args?.join(" ")).toBe(`proxy-wasm-as: ${message}`);
    expect(code).toBe(2);
  }
  expect((await run("biuld", "kept.ts")).err).toContain("there is no command `biuld`\nusage:");
  expect(readFileSync(join(folder, "kept.ts"), "utf8")).toBe(text);
});

test("a filter with Windows' line ends and letters of any script is read and shown as it is", async () => {
  const lines = ["// ünï 🎉", 'import { Request } from "proxy-wasm-as";', ""];
  const callback = 'export function onRequest(request: Request): void { request.headers.set("x", "é🎉"); }';
  writeFileSync(join(folder, "crlf.ts"), `\ufeff${[...lines, callback, ""].join("\r\n")}`);
  expect(await run("build", "crlf.ts")).toMatchObject({ code: 0, err: "" });
  writeFileSync(join(folder, "crlf.ts"), [...lines, callback.replace("set(", "sett("), ""].join("\r\n"));
  const { code, err } = await run("build", "crlf.ts");
  expect({ code, err }).toEqual({
    code: 1,
    err: `error: property \`sett\` does not exist on type \`Headers\`: did you mean \`set\`?
 --> crlf.ts:4:69
  |
4 | ${callback.replace("set(", "sett(")}
  | ${" ".repeat(68)}^^^^
`,
  });
});

test.each([
  ["", "the filter exports no callback; there are `onVmStart`, `onConfigure`, "],
  [
    "export function onRequst(): void {}",
    "nothing calls `onRequst`, do you mean `onRequest`?; there are `onVmStart`, ",
  ],
  [
    "export function onTick(): void { unreachable(); }",
    "it does not run: it traps, as it does when its memory is used up",
  ],
  [
    "export function onRequest({ headers }: Request): void {}",
    "error: identifier expected\n --> bad.ts:1:26",
  ],
  [
    'import { log } from "proxy-wasm-as";\nexport function onTick(): void { while (true) log.warn("x"); }',
    "lines: x: x: bad: callback proxy_on_tick went over its budget of 50000000",
  ],
  [
    'export function onTick(): void { throw new Error("naïve 日𝄞"); }',
    "it does not run: naïve 日𝄞 at bad.ts:1:34 (tried by `proxy_on_tick`)",
  ],
  [
    'import { Request } from "proxy-wasm-as";\nexport function onRequest(request: Request): void { assert(request.headers.get("x-a") !== null, "no a"); }',
    "it does not run: no a at bad.ts:2:53 (tried with `GET /` without a body, in `onRequest`)",
  ],
  [
    'import { Request } from "proxy-wasm-as";\nexport function onRequestBody(request: Request, size: u32): void { assert(size == 0, "a body"); }',
    "it does not run: a body at bad.ts:2:68 (tried with `GET /` with a body in two pieces, in `onRequestBody`)",
  ],
  [
    'import { Request } from "proxy-wasm-as";\nexport function onRequest(request: Request): void { assert(request.headers.get(":path") !== null, "no path"); }',
    "it does not run: no path at bad.ts:2:53 (tried with a request without headers and without a body, in `onRequest`)",
  ],
  [
    "let n = 0;\nfunction f(i: i32): i32 { n += i; return f(i + 2) + 1; }\nexport function onTick(): void { n = f(n); }",
    "it does not run: bad: callback proxy_on_tick went over its stack of 512 KiB",
  ],
  [
    'import { log } from "proxy-wasm-as";\nlog.info("up");\nexport function onTick(): void {}',
    "it does not run: it calls the host as it starts, which crashes a proxy (`proxy_get_log_level`): do that in a callback",
  ],
])("a filter that does nothing or would do harm is not written: %s", async (text, message) => {
  writeFileSync(join(folder, "bad.ts"), text);
  const { code, out, err } = await run("build", "bad.ts");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(message);
  expect(err.length).toBeLessThan(3000);
});
