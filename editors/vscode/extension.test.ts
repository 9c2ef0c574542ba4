import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { clauseWords, typeWords } from "../../controlplane/editor/words.ts";
import { standardInterface } from "../../controlplane/language/standard.ts";
import { type ExtensionPackage, vsix } from "./vsix.ts";

const folder = import.meta.dirname;
const root = resolve(folder, "../..");
const archive = join(folder, "dist/wire-copper.vsix");
const run = promisify(execFile);

/** As its README says, from nothing. */
async function pack(): Promise<Uint8Array> {
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  await run("npm", ["run", "pack", "-w", "wire-copper"], { cwd: root });
  return readFileSync(archive);
}

/** `vscode` is there inside VS Code only: here every name that is asked of it is a class that does nothing. */
const loadBundle = `
  const { registerHooks } = require("node:module");
  registerHooks({
    resolve: (name, context, next) => name === "vscode" ? { url: "vscode:", shortCircuit: true } : next(name, context),
    load: (url, context, next) => url !== "vscode:" ? next(url, context) : {
      format: "commonjs",
      shortCircuit: true,
      source: "module.exports = new Proxy({}, { get: () => class {} });",
    },
  });
  console.log(Object.entries(require(process.argv[1])).map(([name, value]) => name + ": " + typeof value).join(", "));
`;

describe("the extension for VS Code", () => {
  test("it is packed with all that it needs, and nothing else", async () => {
    const packed = await pack();
    const files = unzipSync(packed);
    expect(Buffer.compare(await pack(), packed), "packing twice gives the same bytes").toBe(0);
    expect(Object.keys(files).toSorted()).toEqual([
      "[Content_Types].xml",
      "extension.vsixmanifest",
      "extension/dist/extension.cjs",
      "extension/language-configuration.json",
      "extension/package.json",
      "extension/readme.md",
      "extension/syntaxes/copper.tmLanguage.json",
    ]);
    const text = (path: string): string => strFromU8(files[path] ?? new Uint8Array());
    const { version, engines, main } = JSON.parse(text("extension/package.json"));
    const manifest = text("extension.vsixmanifest");
    expect(manifest).toContain(`Id="wire-copper" Version="${version}" Publisher="wire"`);
    expect(manifest).toContain(`Id="Microsoft.VisualStudio.Code.Engine" Value="${engines.vscode}"`);
    const assets = [...manifest.matchAll(/<Asset Type="[^"]+" Path="([^"]+)"/g)].map(([, path = ""]) => path);
    expect(Object.keys(files)).toEqual(expect.arrayContaining([...assets, join("extension", main)]));
    const ends = Object.keys(files).map((path) => path.slice(path.lastIndexOf(".")));
    for (const end of ends.filter((each) => each !== ".xml"))
      expect(text("[Content_Types].xml")).toContain(`Extension="${end}"`);
  });

  test("its bundle loads, and needs nothing but the editor", async () => {
    const bundle = strFromU8(unzipSync(await pack())["extension/dist/extension.cjs"] ?? new Uint8Array());
    const required = [...bundle.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)].map(([, name = ""]) => name);
    expect(required.filter((name) => name !== "vscode" && !isBuiltin(name))).toEqual([]);
    expect(required).toContain("vscode");
    const { stdout } = await run(process.execPath, ["-e", loadBundle, join(folder, "dist/extension.cjs")]);
    expect(stdout.trim().split(", ").toSorted()).toEqual(["activate: function", "deactivate: function"]);
  });

  test("a name with signs of XML stays a name, and a file of an unknown kind is refused", () => {
    const extension: ExtensionPackage = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const packed = unzipSync(vsix({ ...extension, displayName: 'a < b & "c"' }, {}));
    expect(strFromU8(packed["extension.vsixmanifest"] ?? new Uint8Array())).toContain(
      "<DisplayName>a &lt; b &amp; &quot;c&quot;</DisplayName>",
    );
    expect(() => vsix(extension, { "picture.png": new Uint8Array() })).toThrow(/picture\.png/);
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
