import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const readme = readFileSync(join(root, "filters/proxy-wasm-as/README.md"), "utf8");
/** What is indented. */
const blocks = [...readme.matchAll(/\n\n((?: {4}.*\n|\n)+)/g)].map(([, text = ""]) =>
  text.replace(/^ {4}/gm, ""),
);

test("the README's filters have no mistake for TypeScript by the README's own tsconfig.json, and a mistake is one", () => {
  const settings = blocks.find((text) => text.includes("assemblyscript/std/assembly.json")) ?? "";
  const filters = blocks.filter(
    (text) => /^(import|class|export) /.test(text) && !text.includes("node:test"),
  );
  expect(filters.length).toBeGreaterThanOrEqual(4);
  const folder = mkdtempSync(join(tmpdir(), "proxy-wasm-as-"));
  const check = (): string =>
    spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8", cwd: folder }).stdout;
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(root, "filters/proxy-wasm-as"), join(folder, "node_modules/proxy-wasm-as"));
    symlinkSync(join(root, "node_modules/assemblyscript"), join(folder, "node_modules/assemblyscript"));
    writeFileSync(join(folder, "tsconfig.json"), settings);
    for (const [index, text] of filters.entries()) writeFileSync(join(folder, `filter-${index}.ts`), text);
    writeFileSync(
      join(folder, "grpc.ts"),
      `import { fetch, grpc, grpcStream, GrpcStream, Request } from "proxy-wasm-as";
function heard(stream: GrpcStream): void {}
export function onTick(): void {
  fetch({ cluster: "a" }, () => {});
  grpc({ cluster: "a", service: "s", method: "m" }, () => {});
  grpcStream({ cluster: "a", service: "s" }, { onMessage: heard });
}
export function onRequest(request: Request): void {
  const wide: i64 = -1;
  request.headers.set("x-numbers", request.id.toString(16) + wide.toString() + (<f64>0.5).toString());
  request.grpc({ cluster: "a" }, () => {});
  request.grpcStream({ cluster: "a" }, { onClose: heard });
}
`,
    );
    expect(check()).toBe("");
    writeFileSync(
      join(folder, "wrong.ts"),
      'import { Request } from "proxy-wasm-as";\nexport function onRequest(request: Request): void { request.fetch({ cluter: "a" }, () => {}); }\n',
    );
    expect(check()).toMatch(/wrong\.ts\(2,\d+\): error TS\d+: .*`?cluter/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
