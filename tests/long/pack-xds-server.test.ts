import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const manual = readFileSync(join(root, "docs/xds-server.md"), "utf8");

/** The example of the manual, and what it says that it prints. */
function example(): { readonly code: string; readonly printed: string } {
  const [, code = ""] = /```ts\n(.*?)```/s.exec(manual) ?? [];
  const [, printed = ""] = /\n```\n(listening.*?)```/s.exec(manual) ?? [];
  return { code, printed };
}

test("the packed xDS server does the manual's example in an empty folder, and its types fit", () => {
  const folder = mkdtempSync(join(tmpdir(), "wire-xds-server-"));
  const run = (command: string, args: readonly string[], cwd = folder): string =>
    execFileSync(command, args, { cwd, encoding: "utf8", timeout: 240_000 });
  try {
    run(process.execPath, ["tools/build.ts"], root);
    run("npm", ["pack", join(root, "dist/package")]);
    const [tarball = ""] = readdirSync(folder);
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    const protobuf = `@bufbuild/protobuf@${dependencies["@bufbuild/protobuf"]}`;
    run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`, protobuf]);
    // Of what the whole of Wire needs nothing comes with it.
    const installed = readdirSync(join(folder, "node_modules"));
    expect(installed).toContain("wire");
    for (const other of ["assemblyscript", "highs", "vscode-languageserver", "yaml"])
      expect(installed).not.toContain(other);

    const { code, printed } = example();
    writeFileSync(join(folder, "example.ts"), code);
    expect(run(process.execPath, ["example.ts"]).replace(/\d{4,5}/, "PORT")).toBe(printed);
    run(join(root, "node_modules/.bin/tsc"), [
      ...["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext", "--types", "node"],
      ...["--typeRoots", join(root, "node_modules/@types"), "example.ts"],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
