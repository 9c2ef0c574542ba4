import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { folderWith, hotel, runWire } from "./run-wire.ts";

const policy = `policy limit ( act (Request r) context ('frontend -> search') param (int most = 10) ) {
    [Ingress] if (GetPath(r).Length() > most) { Deny(r); } }\n`;

test("other values are another configuration of the same module", async () => {
  const mesh = { path: hotel, text: readFileSync(hotel, "utf8") };
  const builds = await Promise.all(
    ["", "limit: { most: 77 }\n"].map((text) =>
      build({
        policies: [
          { path: "a.cup", text: policy },
          { path: "v.yaml", text },
        ],
        mesh,
      }),
    ),
  );
  const [first, second] = builds.map(({ build: built }) => built);
  expect(second?.modules.map(({ sha256 }) => sha256)).toEqual(first?.modules.map(({ sha256 }) => sha256));
  const lines = [first, second].map((built) => built?.chains[0]?.slots[0]?.configuration);
  expect(lines).toEqual([expect.stringMatching(/\t10\n$/), expect.stringMatching(/\t77\n$/)]);
});

test("--params: what is wrong is said at its place, and other files are a mistake of usage", async () => {
  using folder = folderWith({ "a.cup": policy, "v.yaml": "limit: { mst: 1 }\n", "v.txt": "" });
  const check = (file: string) =>
    runWire(["check", "a.cup", "--params", file, "--json"], { cwd: folder.path });
  const { code, stdout } = await check("v.yaml");
  expect(code).toBe(1);
  expect(JSON.parse(stdout).diagnostics).toMatchObject([
    { code: "PRM0202", file: "v.yaml", line: 1, column: 10, help: "did you mean `most`?" },
  ]);
  expect((await check("v.txt")).code).toBe(2);
  const missing = await runWire(["check", "a.cup", "--params", join(folder.path, "no.yaml")], {
    cwd: folder.path,
  });
  expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining("cannot read") });
});

test("a mesh or values among the policies: the option that was forgotten is named", async () => {
  using folder = folderWith({ "a.cup": policy, "mesh.yaml": readFileSync(hotel, "utf8") });
  const check = (...more: readonly string[]) => runWire(["check", "a.cup", ...more], { cwd: folder.path });
  const forgotten = await check("mesh.yaml");
  expect(forgotten).toMatchObject({ code: 2, stdout: "" });
  expect(forgotten.stderr).toContain("`mesh.yaml` is not a policy: give a mesh with `--mesh mesh.yaml`");
  expect((await check("--mesh", "mesh.yaml")).code).toBe(0);
});

test("a text with a tab or a line break cannot be configured, which is said of it", async () => {
  const text =
    'policy p ( act (Request r) context (search) param (string s = "a") ) { SetHeader(r, "x-s", s); }\n';
  const values = 'p: { s: "a\\tb" }\n';
  using folder = folderWith({ "a.cup": text, "v.yaml": values, "w.yaml": values.replace("\\t", "\\n") });
  for (const [file, control] of [
    ["v.yaml", "\\t"],
    ["w.yaml", "\\n"],
  ] as const) {
    const args = ["check", "a.cup", "--params", file, "--json"];
    const { stdout } = await runWire(args, { cwd: folder.path });
    expect(JSON.parse(stdout).diagnostics).toMatchObject([
      { code: "PRM0203", file, line: 1, column: 9, message: `the text of a parameter has no \`${control}\`` },
    ]);
  }
});
