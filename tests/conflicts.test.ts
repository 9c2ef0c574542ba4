import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { conflicts } from "../controlplane/analysis/conflicts.ts";
import { findingText } from "../controlplane/cli/finding-text.ts";
import { checkInput } from "../controlplane/pipeline/build.ts";

const corpus = join(import.meta.dirname, "conflicts");
const read = (path: string) => ({ path, text: readFileSync(join(corpus, path), "utf8") });
const folders = readdirSync(corpus, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.each(folders.map(({ name }) => name))("what is found of %s", async (folder) => {
  const files = readdirSync(join(corpus, folder)).filter((name) => name !== "findings.txt");
  const input = { policies: files.map((name) => read(`${folder}/${name}`)), mesh: read("mesh.yaml") };
  const { mesh, policies, diagnostics } = checkInput(input);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  const texts = conflicts(policies, mesh).map((finding) => findingText(finding, false));
  const shown = texts.length === 0 ? "nothing" : texts.join("\n\n");
  await expect(`${shown}\n`).toMatchFileSnapshot(join(corpus, folder, "findings.txt"));
});
