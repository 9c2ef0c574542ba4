import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const code = files.filter((file) => /\.(ts|mjs)$/.test(file) && !file.includes("/generated/"));

/** What each folder may import of ours besides itself. Dependencies point one way (design §9). */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "controlplane/error": [],
  "controlplane/regex": [],
  "controlplane/language": [
    "controlplane/regex",
    "filters/proxy-wasm-as/abi",
    "filters/proxy-wasm-as/syntax",
  ],
  "controlplane/mesh": ["controlplane/language"],
  "controlplane/editor": ["controlplane/language", "controlplane/mesh"],
  "controlplane/analysis": ["controlplane/language", "controlplane/mesh", "controlplane/regex"],
  "controlplane/placement": [
    "controlplane/language",
    "controlplane/mesh",
    "controlplane/analysis",
    "filters/proxy-wasm-as",
  ],
  "controlplane/codegen": [
    "controlplane/regex",
    "controlplane/language",
    "controlplane/mesh",
    "controlplane/placement",
    "filters/proxy-wasm-as",
  ],
  "controlplane/xds": [
    "controlplane/language",
    "controlplane/mesh",
    "controlplane/placement",
    "controlplane/codegen",
  ],
  "controlplane/pipeline": [
    "controlplane/error",
    ...["language", "mesh", "analysis", "placement", "codegen", "xds"].map(
      (stage) => `controlplane/${stage}`,
    ),
  ],
  "controlplane/doctor": [
    "controlplane/mesh",
    "controlplane/placement",
    "controlplane/codegen",
    "controlplane/xds",
  ],
  "controlplane/history": ["controlplane/language", "controlplane/placement", "controlplane/pipeline"],
  "controlplane/costs": [
    "controlplane/language",
    "controlplane/codegen",
    "controlplane/pipeline",
    "envoy",
    "filters/proxy-wasm-as",
  ],
  "controlplane/eval/traces": ["controlplane/language", "controlplane/mesh", "controlplane/placement"],
  "controlplane/server": ["controlplane/xds", "controlplane/error"],
  "controlplane/rates": ["controlplane/mesh", "controlplane/xds", "controlplane/server"],
  "filters/proxy-wasm-as": [],
  envoy: ["controlplane/error"],
};

/** Sockets, files, clocks and child processes belong to the outermost shell. */
const pure = [
  "regex",
  "language",
  "mesh",
  "editor",
  "analysis",
  "placement",
  "xds",
  "doctor",
  "eval/traces",
  "history",
  "rates",
].map((stage) => `controlplane/${stage}`);
const world =
  /from "node:(fs|net|http|http2|https|child_process|dgram|timers|os)(\/promises)?"|\bDate\.now\(|\bMath\.random\(/;

function folderOf(file: string): string | undefined {
  return Object.keys(mayImport).find((folder) => file.startsWith(`${folder}/`));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1] ?? "")),
  );
}

describe("tidy", () => {
  test("imports point one way", () => {
    const wrong = code
      .filter((file) => !file.endsWith(".test.ts"))
      .flatMap((file) => {
        const from = folderOf(file);
        if (from === undefined) return [];
        return importsOf(file)
          .filter((target) => !target.startsWith(`${from}/`))
          .filter((target) => !(mayImport[from] ?? []).some((allowed) => target.startsWith(`${allowed}/`)))
          .map((target) => `${file} imports ${target}`);
      });
    expect(wrong).toEqual([]);
  });

  test("stages do not touch the world", () => {
    const wrong = code.filter(
      (file) =>
        !file.endsWith(".test.ts") &&
        pure.some((folder) => file.startsWith(`${folder}/`)) &&
        world.test(readFileSync(join(root, file), "utf8")),
    );
    expect(wrong).toEqual([]);
  });

  test("every folder with code has a README that starts with one title and a sentence", () => {
    const folders = new Set(code.map((file) => dirname(file)).filter((folder) => folder !== "."));
    const wrong = [...folders].filter((folder) => {
      // A folder below one that is a package, a test corpus or generated code is described there.
      if (/^(tests|filters\/proxy-wasm-as|envoy)\/.+/.test(folder)) return false;
      const readme = join(root, folder, "README.md");
      return !existsSync(readme) || !/^# .+\n\n\S/.test(readFileSync(readme, "utf8"));
    });
    expect(wrong).toEqual([]);
  });

  test("nothing is left over", () => {
    const leftover = /\b(TODO|XXX|HACK)\b|\b(describe|test|it)\.(skip|only|todo)\(/;
    const wrong = code.filter(
      (file) => file !== "tests/tidy.test.ts" && leftover.test(readFileSync(join(root, file), "utf8")),
    );
    expect(wrong).toEqual([]);
  });

  test("no text has bytes that make tools take it for something else", () => {
    const wrong = files
      .filter((file) => /\.(ts|mjs|js|json|md|yaml|cup|txt|svg)$/.test(file))
      .filter((file) => readFileSync(join(root, file)).includes(0));
    // The case of a policy that is none.
    expect(wrong).toEqual(["tests/policies/error-not-text/program.ts"]);
  });

  test("no file names a place of one machine", () => {
    const place = /(?:^|[\s"'`(=])\/(?:root|home\/\w+)\//m;
    const wrong = files
      .filter((file) => /\.(ts|mjs|json|md|yaml|cup)$/.test(file) && file !== "tests/tidy.test.ts")
      .filter((file) => place.test(readFileSync(join(root, file), "utf8")));
    expect(wrong).toEqual([]);
  });
});
