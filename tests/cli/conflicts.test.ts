import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, hotel, runWire } from "./run-wire.ts";

const mark = (name: string, value: string, clause = ""): string =>
  `policy ${name} ( act (Request r) context ('frontend -> search') ${clause} ) {\n  SetHeader(r, 'x-mark', '${value}');\n}\n`;

test("a contradiction is at fault, with the lines of both and a path", async () => {
  using folder = folderWith({ "a.cup": mark("a", "1"), "b.cup": mark("b", "2") });
  const { code, stdout, stderr } = await runWire(["conflicts", folder.path, "--mesh", hotel, "--json"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  const { findings } = JSON.parse(stdout);
  expect(findings).toEqual([
    {
      kind: "contradiction",
      policies: ["a", "b"],
      path: ["frontend", "search"],
      detail: expect.stringContaining(
        "with `a` first, header `x-mark` is `2`; with `b` first, header `x-mark` is `1`",
      ),
    },
  ]);
  expect(findings[0].detail).toContain(`${join(folder.path, "a.cup")}:2, ${join(folder.path, "b.cup")}:2`);
});

test("the request that shows it is said, as far as it matters which", async () => {
  const on = (name: string, condition: string): string =>
    `policy ${name} ( act (Request r) context ('frontend -> search') ) { if (${condition}) { SetHeader(r, 'x-mark', '${name}'); } }\n`;
  using folder = folderWith({
    "a.cup": on("a", "StartsWith(GetPath(r), '/api/') && !HasHeader(r, 'x-debug')"),
    "b.cup": on("b", "Matches(GetPath(r), '.*[.]json')"),
  });
  const { stdout } = await runWire(["conflicts", folder.path, "--mesh", hotel, "--json"]);
  expect(JSON.parse(stdout).findings).toMatchObject([
    { kind: "contradiction", request: { "request::path": ["/api/.json"], "request:x-debug": [] } },
  ]);
  const told = await runWire(["conflicts", folder.path, "--mesh", hotel]);
  expect(told.stdout).toContain("seen on `frontend -> search`, with path `/api/.json` and without `x-debug`");
});

test("what a priority decides is no contradiction, and what is shadowed by it may be meant", async () => {
  using folder = folderWith({ "a.cup": mark("a", "1", "priority (1)"), "b.cup": mark("b", "2") });
  const { code, stdout } = await runWire(["conflicts", folder.path, "--mesh", hotel]);
  expect(code).toBe(0);
  expect(stdout).toContain("warning[shadowed]: `a` changes nothing");
  expect(stdout).toContain("1 finding\n");
});

test("what place always refuses is at fault", async () => {
  const allow = (name: string, heading: string, caller: string): string =>
    `policy ${name} ( act (Request r) context ('frontend -> search') ) { [${heading}] Allow(r, '${caller}'); }\n`;
  using folder = folderWith({
    "a.cup": allow("a", "Ingress", "rate"),
    "b.cup": allow("b", "Egress", "frontend"),
  });
  const { code, stdout } = await runWire(["conflicts", folder.path, "--mesh", hotel]);
  expect(code).toBe(1);
  expect(stdout).toContain("error[allows-apart]: the `Allow`s of `a` and `b` are to be judged together");
  expect(stdout).toMatch(/^1 finding, 1 of them `Allow`s apart: leave out a heading$/m);
  const placed = await runWire(["place", folder.path, "--mesh", hotel]);
  expect(placed.code).toBe(1);
  expect(placed.stderr).toContain("error[PLC0103]");
});

test("nothing found is said", async () => {
  using folder = folderWith({ "a.cup": mark("a", "1") });
  const { code, stdout } = await runWire(["conflicts", folder.path, "--mesh", hotel]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "ok: no conflicts\n" });
});

test("policies with mistakes are not looked at", async () => {
  using folder = folderWith({ "a.cup": mark("a", "1").replace("search", "serch") });
  const { code, stdout } = await runWire(["conflicts", folder.path, "--mesh", hotel, "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ diagnostics: [expect.objectContaining({ code: "CTX0201" })] });
});
