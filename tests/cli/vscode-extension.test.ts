import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { clauseWords, typeWords } from "../../controlplane/editor/words.ts";
import { standardInterface } from "../../controlplane/language/standard.ts";
import { root } from "./run-wire.ts";

const folder = join(root, "editors/vscode");
const run = promisify(execFile);

/** The names of the files in a zip archive, from the directory at its end. */
function namesIn(archive: Buffer): readonly string[] {
  const names: string[] = [];
  const end = archive.lastIndexOf("PK\u0005\u0006");
  for (let at = archive.readUInt32LE(end + 16); archive.readUInt32LE(at) === 0x02014b50; ) {
    const [length, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    names.push(archive.toString("utf8", at + 46, at + 46 + (length ?? 0)));
    at += 46 + (length ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return names;
}

describe("the extension for VS Code", () => {
  test("it is packed with all that it needs, and nothing else", async () => {
    rmSync(join(folder, "dist"), { recursive: true, force: true });
    await run("npm", ["run", "pack", "-w", "wire-copper"], { cwd: root });
    const archive = readFileSync(join(folder, "dist/wire-copper.vsix"));
    expect(namesIn(archive).toSorted()).toEqual([
      "[Content_Types].xml",
      "extension.vsixmanifest",
      "extension/dist/extension.cjs",
      "extension/language-configuration.json",
      "extension/package.json",
      "extension/readme.md",
      "extension/syntaxes/copper.tmLanguage.json",
    ]);
    const bundle = join(folder, "dist/extension.cjs");
    await run(process.execPath, ["--check", bundle]);
    const required = [...readFileSync(bundle, "utf8").matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)];
    const packages = required
      .map(([, name = ""]) => name)
      .filter((name) => name !== "vscode" && !isBuiltin(name));
    expect(packages).toEqual([]);
    expect(required.map(([, name]) => name)).toContain("vscode");
  });

  test("what it names is there", () => {
    const { contributes, main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    expect(main).toBe("./dist/extension.cjs");
    expect(contributes.languages).toMatchObject([{ id: "copper", extensions: [".cup", ".cui"] }]);
    for (const path of [contributes.languages[0].configuration, contributes.grammars[0].path])
      expect(JSON.parse(readFileSync(join(folder, path), "utf8"))).toBeTypeOf("object");
  });

  test("the grammar knows the words of the language", () => {
    const grammar = readFileSync(join(folder, "syntaxes/copper.tmLanguage.json"), "utf8");
    const acts = [...standardInterface.receivers.values()].filter(({ kind }) => kind !== "type");
    const words = [...clauseWords.keys(), ...typeWords.keys(), ...acts.map(({ name }) => name)];
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(grammar))).toEqual([]);
  });
});
