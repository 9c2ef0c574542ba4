import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, runWire } from "./run-wire.ts";

const loose = `// why
policy a(act (Request r) context('frontend -> search')){SetHeader(r,'a','b') // set
}
`;
const laidOut = `// why
policy a (
  act (Request r)
  context ('frontend -> search')
) {
  SetHeader(r, 'a', 'b'); // set
}
`;
const broken = "policy b ( act (Request r) context ('frontend') ) {\n  Deny(r\n}\n";
const looseInterface = "act Request{action Deny(self)}";

describe.concurrent("wire fmt", () => {
  test("lays out each file in its place, once", async () => {
    using folder = folderWith({
      "a.cup": loose,
      "b.cup": laidOut,
      "c.cui": looseInterface,
      "d.ts": "let  x",
    });
    const read = (name: string) => readFileSync(join(folder.path, name), "utf8");
    expect(await runWire(["fmt", folder.path])).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: `${join(folder.path, "a.cup")}\n${join(folder.path, "c.cui")}\n`,
    });
    expect([read("a.cup"), read("b.cup"), read("d.ts")]).toEqual([laidOut, laidOut, "let  x"]);
    expect(read("c.cui")).toBe("act Request {\n  action Deny(self),\n}\n");
    expect(await runWire(["fmt", folder.path])).toEqual({ code: 0, stderr: "", stdout: "" });
  });

  test("--check lists and changes nothing", async () => {
    using folder = folderWith({ "a.cup": loose, "b.cup": laidOut });
    const file = join(folder.path, "a.cup");
    expect(await runWire(["fmt", "--check", folder.path])).toEqual({
      code: 1,
      stderr: "",
      stdout: `${file}\n`,
    });
    expect(readFileSync(file, "utf8")).toBe(loose);
    const { code, stdout } = await runWire(["fmt", "--check", "--json", folder.path]);
    expect([code, JSON.parse(stdout)]).toEqual([1, { changed: [file], diagnostics: [] }]);
    expect(await runWire(["fmt", "--check", join(folder.path, "b.cup")])).toMatchObject({
      code: 0,
      stdout: "",
    });
  });

  test("a file with mistakes stays as it is, the others do not", async () => {
    using folder = folderWith({ "a.cup": loose, "b.cup": broken });
    const run = await runWire(["fmt", folder.path, "--json"]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      changed: [join(folder.path, "a.cup")],
      diagnostics: [{ code: "CUP0103", file: join(folder.path, "b.cup"), line: 3 }],
    });
    expect(readFileSync(join(folder.path, "b.cup"), "utf8")).toBe(broken);
    expect((await runWire(["fmt", folder.path])).stderr).toMatch(/^error\[CUP0103\]: expected `,` or `\)`/);
  });

  test("filter code, an empty folder and a missing file", async () => {
    using folder = folderWith({ "a.ts": "" });
    for (const [path, code, message] of [
      ["a.ts", 1, /^wire: `a\.ts` is neither Copper \(\.cup\) nor an interface \(\.cui\)\n$/],
      [".", 1, /^wire: no Copper \(\.cup\) and no interface \(\.cui\) in `\.`\n$/],
      ["nosuch.cup", 3, /^wire: \[file\] cannot read nosuch\.cup: no such file or folder\n$/],
    ] as const) {
      const run = await runWire(["fmt", path], { cwd: folder.path });
      expect([run.code, run.stdout]).toEqual([code, ""]);
      expect(run.stderr).toMatch(message);
    }
  });
});
