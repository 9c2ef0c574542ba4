import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const home = join(root, "filters/proxy-wasm-as");

/** The README's examples, which are indented: the first one, and the test of it. */
function examples(): readonly [string, string] {
  const readme = readFileSync(join(home, "README.md"), "utf8");
  const all = [...readme.matchAll(/\n\n((?: {4}.*\n|\n)+)/g)].map(([, text = ""]) =>
    text.replace(/^ {4}/gm, ""),
  );
  const [first = "", own] = [all[0], all.find((text) => text.includes("node:test"))];
  if (own === undefined) throw new Error("the README has no test");
  return [first, own];
}

const ownTest = `import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildFilter } from "proxy-wasm-as/build";
import { status } from "proxy-wasm-as/abi";
import { createHost } from "proxy-wasm-as/testing";

test("the example does what it says", async () => {
  const host = createHost(readFileSync("filter.wasm"));
  assert.deepEqual(host.request({}).requestHeaders, [["x-canary", "false"]]);
  const headers = [["x-canary", "true"]];
  assert.deepEqual(host.request({ headers }).requestHeaders, headers);
  const { bytes, problems } = await buildFilter({ files: { "filter.ts": readFileSync("filter.ts", "utf8") } });
  assert.deepEqual(problems, []);
  assert.deepEqual(bytes, Uint8Array.from(readFileSync("filter.wasm")));
  assert.equal(status.ok, 0);
});
`;

test("the packed SDK builds and tests the README's first example in an empty folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "proxy-wasm-as-"));
  const run = (command: string, args: readonly string[], cwd = folder): string =>
    execFileSync(command, args, { cwd, encoding: "utf8", timeout: 240_000 });
  try {
    run("npm", ["pack", "--pack-destination", folder], home);
    const [tarball = ""] = readdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    const { peerDependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    run("npm", [
      "install",
      "--no-audit",
      "--no-fund",
      `./${tarball}`,
      `assemblyscript@${peerDependencies["assemblyscript"]}`,
    ]);
    const [example, testOfIt] = examples();
    writeFileSync(join(folder, "filter.ts"), example);
    writeFileSync(join(folder, "filter.test.mjs"), testOfIt);
    writeFileSync(join(folder, "own.test.js"), ownTest);
    expect(run("npx", ["proxy-wasm-as", "build", "filter.ts", "-o", "filter.wasm"])).toMatch(
      /^filter\.wasm: \d+ bytes\n$/,
    );
    expect(run(process.execPath, ["--test"])).toContain("pass 2");
    // The declarations stand by themselves, without those of a browser or of Node.
    writeFileSync(
      join(folder, "uses.ts"),
      `export { status } from "proxy-wasm-as/abi";
export { buildFilter } from "proxy-wasm-as/build";
export { createHost, type HostOptions } from "proxy-wasm-as/testing";
`,
    );
    const strict = ["--strict", "--noEmit", "--types", "", "--lib", "es2024", "--module", "nodenext"];
    run(join(root, "node_modules/.bin/tsc"), [...strict, "--skipLibCheck", "false", "uses.ts"]);
    // A mistake is shown in words of the author's, and a filter may have files in folders.
    mkdirSync(join(folder, "lib"));
    writeFileSync(join(folder, "lib/agent.ts"), 'export const agent = "x";\n');
    const parted = `import { Request } from "proxy-wasm-as";
import { agent } from "./lib/agent";
export function onRequest(request: Request): void { request.headers.set("x-a", agent); }
`;
    writeFileSync(join(folder, "parted.ts"), parted);
    expect(run("npx", ["proxy-wasm-as", "build", "parted.ts"])).toMatch(/^parted\.wasm: \d+ bytes\n$/);
    writeFileSync(join(folder, "parted.ts"), parted.replace("set(", "sett("));
    const wrong = spawnSync("npx", ["proxy-wasm-as", "build", "parted.ts"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain(
      "property `sett` does not exist on type `Headers`: did you mean `set`?\n --> parted.ts:3:69\n",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
