import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLines } from "../../controlplane/eval/read-lines.ts";
import { type Result, runResult } from "../../controlplane/eval/results.ts";
import { begunWith, here, toolsIn } from "./begun-eval.ts";
import { folderWith, root, runWire } from "./run-wire.ts";

const recorded = readFileSync(join(root, "controlplane/eval/recorded/runs.jsonl"), "utf8");

describe("wire eval plot", () => {
  test("writes the report and its charts, and the figures between the marks of a document", async () => {
    using folder = folderWith({
      "runs.jsonl": recorded,
      "README.md": "# Mine\n\n<!-- EVAL-START -->\n<!-- EVAL-END -->\n\nThe rest.\n",
    });
    const document = join(folder.path, "README.md");
    const { code, stdout, stderr } = await runWire([
      "eval",
      "plot",
      folder.path,
      "--update",
      document,
      "--json",
    ]);
    expect(code, stderr).toBe(0);
    const { files }: { readonly files: readonly string[] } = JSON.parse(stdout);
    expect(files.map((file) => file.slice(folder.path.length + 1))).toEqual([
      ...[
        "throughput-latency.svg",
        "throughput-latency.png",
        "latency-distribution.svg",
        "latency-distribution.png",
      ],
      ...["cpu.svg", "cpu.png", "memory.svg", "memory.png", "report.html"],
    ]);
    for (const file of files) expect(existsSync(file)).toBe(true);
    const updated = readFileSync(document, "utf8");
    expect(updated).toMatch(
      /^# Mine\n\n<!-- EVAL-START -->\n\n\d+ runs .*\| bookinfo \| p1 \| .*<!-- EVAL-END -->\n\nThe rest\.\n$/su,
    );
  });

  test("says which lines it cannot read, and goes on with the others", async () => {
    using folder = folderWith({ "runs.jsonl": `${recorded}{"kind":"run","at"` });
    const { code, stderr } = await runWire(["eval", "plot", folder.path]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/runs\.jsonl: 1 line cannot be read, the first of them line 62/u);
  });

  test("a folder without runs, and a document without a place, are told", async () => {
    using folder = folderWith({ "README.md": "# Mine\n" });
    const none = await runWire(["eval", "plot", folder.path]);
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/has no runs: `wire eval all --out .*` makes some/u);
    using other = folderWith({ "runs.jsonl": recorded, "README.md": "# Mine\n" });
    const noMarks = await runWire(["eval", "plot", other.path, "--update", join(other.path, "README.md")]);
    expect(noMarks.code).toBe(3);
    expect(noMarks.stderr).toContain("has no place for figures");
    expect(readFileSync(join(other.path, "README.md"), "utf8")).toBe("# Mine\n");
  });
});

test("`wire eval all` goes on with no results of another machine or duration, and starts nothing", async () => {
  using folder = folderWith({ "runs.jsonl": recorded });
  const env = toolsIn(folder.path);
  const { code, stderr } = await runWire(["eval", "all", "--app", "bookinfo", "--out", folder.path], { env });
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /runs\.jsonl was made otherwise \(commit aea2fcd21d1d\+ and not .*runs of 2 s and not 5 s.*\), and cannot be continued/u,
  );
  expect(readFileSync(join(folder.path, "runs.jsonl"), "utf8")).toBe(recorded);
  expect(existsSync(join(folder.path, "placements.jsonl"))).toBe(false);
});

test("`wire eval all` goes on after a turn that went wrong, by whatever, and tries it once more", async () => {
  using folder = folderWith(begunWith([]));
  const which = ["--app", "bookinfo", "--scenario", "p1", "--mesh", "none", "wire"];
  const { code, stdout, stderr } = await runWire(
    ["eval", "all", "--quick", ...which, "--out", folder.path, "--json"],
    // No mesh can make the folder that it needs: an error that is none of ours.
    { env: { ...toolsIn(folder.path), TMPDIR: join(folder.path, "nowhere") } },
  );
  expect(code, stderr).toBe(3);
  const { troubles, ...rest }: { readonly troubles: readonly string[] } = JSON.parse(stdout);
  expect(rest).toMatchObject({ complete: false, report: null, runs: 0, void: 0 });
  expect([...troubles].sort()).toEqual([
    expect.stringMatching(/^bookinfo p1 as none: Error: ENOENT/u),
    expect.stringMatching(/^bookinfo p1 as wire: Error: ENOENT/u),
  ]);
  expect(stderr.match(/\[2\/2\]/gu)).toHaveLength(2);
});

test("to `wire eval all` a void run that was made again is none that is missing", async () => {
  const [first] = readLines(recorded, runResult).lines.filter(({ kind }) => kind === "run");
  if (first?.kind !== "run") throw new Error("no run is recorded");
  const run = { ...first, machine: here, mesh: "none", rate: 5, seconds: 3, round: 1 } as const;
  const voided = { ...run, void: "something else was enforced" };
  const codeWith = async (runs: readonly Result[]) => {
    using folder = folderWith(begunWith(runs));
    const which = ["--app", "bookinfo", "--scenario", "p1", "--mesh", "none"];
    const { code, stdout, stderr } = await runWire(
      ["eval", "all", "--quick", ...which, "--out", folder.path, "--json"],
      { env: { ...toolsIn(folder.path), TMPDIR: join(folder.path, "nowhere") } },
    );
    expect(stdout, stderr).not.toBe("");
    return [code, JSON.parse(stdout)];
  };
  expect(await codeWith([voided, run])).toMatchObject([
    0,
    { complete: true, runs: 2, void: 1, troubles: [] },
  ]);
  expect(await codeWith([voided])).toMatchObject([3, { complete: false, runs: 1, void: 1 }]);
});

describe("an application of the user's", () => {
  const mesh =
    "name: m\nidentity: address\nservices: { web: { entry: true }, rate: {} }\ncalls: { web: [rate] }\n";
  const policy = "policy p ( act (Request r) context ('web -> rate') ) { SetHeader(r, 'x', 'y'); }\n";
  const application = (path: string): string =>
    `entry: web\nrequests: [{ path: /, share: 1, calls: {} }]\nwork: { services: {}, stores: {} }\nparallel: []\ncovered: { p1: [{ policy: p, header: { name: x, value: y }, paths: [${path}] }] }\n`;

  test.each([
    [
      "which its mesh does not fit",
      { "application.yaml": application("web geo") },
      "in the mesh web does not call geo",
    ],
    ["that is none", { "application.yaml": "entry: 1\n" }, "application.yaml: entry: "],
    [
      "whose stores wait for half a millisecond",
      { "application.yaml": application("web rate").replace("stores: {}", "stores: { waitMs: 0.5 }") },
      "application.yaml: work.stores.waitMs: ",
    ],
    [
      "with a policy that is wrong",
      { "application.yaml": application("web rate"), "p1.cup": "policy" },
      "CUP",
    ],
  ])("%s is told before anything runs", async (_, files, message) => {
    using folder = folderWith({ "mesh.yaml": mesh, "p1.cup": policy, ...files });
    // Nothing that measuring needs is looked for.
    const env = { WIRE_VEGETA: "/nowhere" };
    for (const command of [
      ["run", "--app", folder.path],
      ["all", "--app", folder.path, "--out", join(folder.path, "out")],
    ]) {
      const { code, stderr } = await runWire(["eval", ...command], { env });
      expect(code).toBe(1);
      expect(stderr).toContain(message);
    }
    expect(existsSync(join(folder.path, "out"))).toBe(false);
  });

  test("that has the name of another one is told", async () => {
    using folder = folderWith({});
    const both = ["bookinfo", join(folder.path, "bookinfo")];
    mkdirSync(join(folder.path, "bookinfo"));
    const { code, stderr } = await runWire(["eval", "all", "--app", ...both, "--out", folder.path]);
    expect(code).toBe(3);
    expect(stderr).toContain("two applications are called bookinfo");
  });

  test("that is nowhere is a mistake of usage, with the names of those that come along", async () => {
    const { code, stderr } = await runWire(["eval", "run", "--app", "nope"]);
    expect(code).toBe(2);
    expect(stderr).toContain("`nope` is neither a folder nor one of bookinfo, hotel-reservation");
  });
});

test.each([
  ["0", "without requests there is nothing to measure"],
  // Load is made by the thousandth, of which this is none, and more than anybody answers.
  ["0.0004", "`0.0004` is not a rate to measure at: 0.001 to 100000 requests per second"],
  ["100001", "`100001` is not a rate to measure at"],
])("a rate of %s is a mistake of usage", async (rate, message) => {
  const { code, stderr } = await runWire(["eval", "run", "--app", "bookinfo", "--rate", rate], {
    env: { WIRE_VEGETA: "/nowhere" },
  });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
