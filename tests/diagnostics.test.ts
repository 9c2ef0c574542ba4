import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../controlplane/language/check-policies.ts";
import { codes } from "../controlplane/language/codes.ts";
import type { Diagnostic } from "../controlplane/language/diagnostic.ts";
import { renderDiagnostic } from "../controlplane/language/render.ts";
import type { Source } from "../controlplane/language/source.ts";
import { build } from "../controlplane/pipeline/build.ts";

const corpus = join(import.meta.dirname, "policies");
const folders = readdirSync(corpus).filter((folder) => folder.startsWith("error-"));

/** Codes that no policy file, or none of a readable size, can bring about, each with the test that covers it. */
const elsewhere: Readonly<Record<string, string>> = {
  MOD0103: "controlplane/codegen/build-chains.test.ts",
  PLC0108: "controlplane/placement/solve.test.ts",
  PLC0109: "controlplane/placement/from-json.test.ts",
};

const known = new Map<string, Promise<readonly Diagnostic[]>>();

/** Each folder is built once. */
function diagnose(folder: string): Promise<readonly Diagnostic[]> {
  const found = known.get(folder) ?? diagnosed(folder);
  known.set(folder, found);
  return found;
}

/** A folder is wrong in one stage: the later ones only run when the earlier ones are content. */
async function diagnosed(folder: string): Promise<readonly Diagnostic[]> {
  const sources = readdirSync(join(corpus, folder))
    .filter((name) => name !== "diagnostics.txt")
    .sort()
    .map((name): Source => ({ path: name, text: readFileSync(join(corpus, folder, name), "utf8") }));
  const mesh = sources.find(({ path }) => path === "mesh.yaml");
  const policies = sources.filter((source) => source !== mesh);
  return mesh === undefined
    ? checkPolicies(policies).diagnostics
    : (await build({ policies, mesh })).diagnostics;
}

describe("diagnostics", () => {
  test.each(folders)("%s", async (folder) => {
    const diagnostics = await diagnose(folder);
    expect(diagnostics, "an error folder has something wrong in it").not.toEqual([]);
    const golden = join(corpus, folder, "diagnostics.txt");
    expect(
      existsSync(golden) || process.env["UPDATE_GOLDENS"] === "1",
      `${folder}/diagnostics.txt is missing: create it with \`npm run golden\` and read it`,
    ).toBe(true);
    const text = diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, { color: false })).join("\n\n");
    await expect(`${text}\n`).toMatchFileSnapshot(golden);
  });

  test("every code has a golden case", async () => {
    const shown = new Set(
      (await Promise.all(folders.map(diagnose))).flat().map((diagnostic) => diagnostic.code as string),
    );
    const missing = Object.keys(codes).filter((code) => !shown.has(code) && !(code in elsewhere));
    expect(missing).toEqual([]);
    for (const [code, file] of Object.entries(elsewhere)) {
      expect(readFileSync(join(import.meta.dirname, "..", file), "utf8")).toContain(`code: "${code}"`);
      expect(shown, `${code} has a golden case: it stands no longer elsewhere`).not.toContain(code);
    }
  });
});
