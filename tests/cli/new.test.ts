import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { skeleton } from "../../controlplane/cli/skeleton.ts";
import { folderWith, hotel, root, runWire } from "./run-wire.ts";

/** Type the commands of a README into a shell in the folder above, where `wire` is a command. */
function follow(folder: string): Promise<{ readonly code: number; readonly output: string }> {
  const typed = readFileSync(join(folder, "README.md"), "utf8").match(/^ {4}.+$/gm) ?? [];
  const wire = `wire() { '${process.execPath}' '${join(root, "controlplane/cli/main.ts")}' "$@"; }`;
  const env = { ...process.env, VITEST: undefined, NO_COLOR: "1" };
  return new Promise((done) => {
    execFile(
      "sh",
      ["-ec", [wire, ...typed].join("\n")],
      { cwd: dirname(folder), env },
      (error, stdout, stderr) => done({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

/** Run the tests in a folder. */
function runTests(folder: string): Promise<{ readonly code: number; readonly output: string }> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = { ...process.env, VITEST: undefined, NO_COLOR: "1" };
  return new Promise((done) => {
    execFile(
      process.execPath,
      [vitest, "run", "--root", folder],
      { cwd: folder, env },
      (error, stdout, stderr) => done({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

describe("wire new", () => {
  test.for(["policy", "filter"])("%s: what is written passes its check and its test", async (form) => {
    using folder = folderWith({});
    const { code, stdout } = await runWire(["new", form, "my-first", "--dir", folder.path, "--json"]);
    expect(code).toBe(0);
    const made = join(folder.path, "my-first");
    const file = form === "policy" ? "policy.cup" : "policy.ts";
    expect(JSON.parse(stdout)).toEqual({
      files: [file, "policy.test.ts", "README.md"].map((name) => join(made, name)),
    });
    for (const mesh of [[], ["--mesh", hotel]]) {
      const checked = await runWire(["check", made, ...mesh]);
      expect(checked).toMatchObject({ code: 0, stderr: "" });
      expect(checked.stdout).toMatch(/^ok: my-first/);
    }
    if (form === "policy") expect((await runWire(["fmt", "--check", made])).code).toBe(0);
    expect(readFileSync(join(made, "README.md"), "utf8")).toMatch(/^# my-first\n\n\S/);
    const { code: followed, output } = await follow(made);
    for (const said of ["ok: my-first", "a proxy (optimal", "1 passed"]) expect(output).toContain(said);
    expect(followed).toBe(0);
  });

  test("its test fails when the policy does something else", async () => {
    using folder = folderWith({});
    await runWire(["new", "policy", "mine"], { cwd: folder.path });
    const file = join(folder.path, "mine", "policy.cup");
    writeFileSync(file, readFileSync(file, "utf8").replace('"x-policy"', '"x-other"'));
    const tested = await runTests(join(folder.path, "mine"));
    expect(tested.output).toContain("1 failed");
  });

  test.for(["policy", "filter"] as const)(
    "%s: among the policies of this repository it is laid out as they are",
    (form) => {
      const [, written] = skeleton({ form, name: "mine", toolkit: "../.." });
      const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
      const laidOut = execFileSync(
        process.execPath,
        [biome, "check", "--write", "--stdin-file-path=filters/mine/policy.test.ts"],
        { cwd: root, input: written?.text ?? "", encoding: "utf8" },
      );
      expect(laidOut).toBe(written?.text);
    },
  );

  test("what is there already stays", async () => {
    using folder = folderWith({});
    await runWire(["new", "policy", "mine"], { cwd: folder.path });
    writeFileSync(join(folder.path, "mine", "policy.cup"), "mine");
    const again = await runWire(["new", "filter", "mine", "--json"], { cwd: folder.path });
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toEqual({
      files: [],
      error: expect.stringContaining("mine exists already"),
    });
    expect(again.stderr).toBe(
      "wire: mine exists already: choose another name, or another folder with --dir\n",
    );
    expect(readFileSync(join(folder.path, "mine", "policy.cup"), "utf8")).toBe("mine");
  });

  test("names that no policy can have, and what is no form", async () => {
    using folder = folderWith({});
    for (const form of ["policy", "filter"])
      for (const name of ["../up", "a/b", "a b", "-", "1a", "a".repeat(101)]) {
        const run = await runWire(["new", form, "--", name], { cwd: folder.path });
        expect(run.code).toBe(1);
        expect(run.stderr).toMatch(/^wire: a policy cannot be called `.*`: a name begins with a letter.*\n$/);
      }
    expect(readdirSync(folder.path)).toEqual([]);
    const json = await runWire(["new", "filter", "a b", "--json"], { cwd: folder.path });
    expect(JSON.parse(json.stdout)).toMatchObject({ files: [], error: expect.stringContaining("`a b`") });
    const form = await runWire(["new", "polcy", "a"], { cwd: folder.path });
    expect(form).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Allowed choices are policy, filter"),
    });
    const there = await runWire(["new", "policy", "a", "--dir", "/proc/wire"]);
    expect(there).toMatchObject({ code: 3, stderr: expect.stringMatching(/^wire: \[file\] cannot write /) });
  });
});
