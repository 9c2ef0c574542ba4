import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, hotel, root, runWire } from "./run-wire.ts";

describe("wire mesh generate", () => {
  test.each([
    { family: "alibaba", options: ["--services", "40", "--calls", "90", "--policies", "12"], policies: 12 },
    { family: "application", options: ["--services", "12", "--policies", "5"], policies: 5 },
    { family: "seed", options: ["--size", "small"], policies: 26 },
  ])("$family: what is written can be placed", async ({ family, options, policies }) => {
    using folder = folderWith({});
    const out = join(folder.path, "made");
    const made = await runWire(["mesh", "generate", "--family", family, ...options, "--out", out, "--json"]);
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
    const told = JSON.parse(made.stdout) as { files: readonly string[]; policies: number };
    expect(told).toMatchObject({ seed: 1, policies });
    expect(told.files[0]).toBe(join(out, "mesh.yaml"));
    const placed = await runWire(["place", out, "--mesh", join(out, "mesh.yaml"), "--json"]);
    expect(placed.stderr).toBe("");
    expect(JSON.parse(placed.stdout)).toMatchObject({ status: "optimal" });
  });

  test("equal seeds write equal files, and nothing is written over", async () => {
    using folder = folderWith({});
    const make = (name: string, seed: string) =>
      runWire(["mesh", "generate", "--services", "30", "--seed", seed, "--out", join(folder.path, name)]);
    const [one, same, other] = await Promise.all([make("a", "7"), make("b", "7"), make("c", "8")]);
    expect([one.code, same.code, other.code]).toEqual([0, 0, 0]);
    expect(one.stdout).toContain("30 services, 90 calls, 0 policies");
    const read = (name: string) => readFileSync(join(folder.path, name, "mesh.yaml"), "utf8");
    expect(read("b")).toBe(read("a"));
    expect(read("c")).not.toBe(read("a"));
    const again = await make("a", "9");
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("mesh.yaml exists already");
  });

  test("what there is less or more of than was asked for is said", async () => {
    using folder = folderWith({});
    const make = (name: string, ...options: readonly string[]) =>
      runWire(["mesh", "generate", ...options, "--out", join(folder.path, name)]);
    const less = await make("a", "--services", "4", "--calls", "1000");
    expect(less.code).toBe(0);
    expect(less.stderr).toMatch(
      /^note: there are \d+ calls instead of 1000: these services can make no more\n$/,
    );
    const more = await make("b", "--services", "40", "--calls", "3");
    expect(more.stderr).toMatch(/^note: there are \d+ calls instead of 3: each service is called/);
    const none = await make("c", "--services", "1", "--calls", "0", "--policies", "3", "--json");
    expect(JSON.parse(none.stdout)).toMatchObject({
      policies: 0,
      notes: ["there are 0 policies instead of 3: no service calls another with requests"],
    });
    const one = await make("d", "--services", "1", "--calls", "0");
    expect(one.stdout).toContain("\n1 service, 0 calls, 0 policies\n");
  });

  test.each([
    { args: ["--family", "seed", "--services", "5"], told: "the family `seed` does not take `--services`" },
    { args: ["--free"], told: "the family `alibaba` does not take `--free`" },
    { args: ["--services", "0"], told: "a mesh has at least one service" },
    { args: ["--services", "1000000000"], told: "`--services` is at most 100,000" },
    { args: ["--calls", "99999999"], told: "`--calls` is at most 1,000,000" },
    { args: ["--policies", "100001"], told: "`--policies` is at most 100,000" },
    { args: ["--services", "many"], told: "`many` is not a whole number, 0 or more" },
    { args: ["--family", "seed", "--density", "2"], told: "`2` is not a share: a number from 0 to 1" },
  ])("$args is a mistake in usage", async ({ args, told }) => {
    using folder = folderWith({});
    const { code, stderr } = await runWire(["mesh", "generate", ...args, "--out", join(folder.path, "x")]);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
  });
});

const traces = join(root, "tests/traces");

describe("wire mesh infer and drift", () => {
  test("a mesh of traces is accepted, and differs from them in nothing until it is changed", async () => {
    using folder = folderWith({
      "a.cup": "policy a ( act (Request r) context ('search -> rate') ) { Deny(r); }\n",
    });
    const mesh = join(folder.path, "mesh.yaml");
    const file = join(traces, "otlp.jsonl");
    const made = await runWire(["mesh", "infer", file, "--name", "hotel", "--out", mesh, "--json"]);
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(made.stdout)).toEqual({
      ...{ file: mesh, services: 9, calls: 8, spans: 54, rows: 0, seconds: expect.closeTo(10.23, 3) },
      faults: { count: 0, kinds: [] },
      notes: [],
    });
    const again = await runWire(["mesh", "infer", file, "--out", mesh]);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("mesh.yaml exists already: choose another file with --out");
    const checked = await runWire(["check", folder.path, "--mesh", mesh]);
    expect(checked).toEqual({ code: 0, stdout: "ok: a\n", stderr: "" });

    const compare = (...more: readonly string[]) =>
      runWire(["mesh", "drift", join(traces, "jaeger.json"), "--mesh", mesh, ...more]);
    expect(await compare()).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: "no drift: 8 calls are as they were observed\n",
    });
    const text = readFileSync(mesh, "utf8");
    writeFileSync(
      mesh,
      text
        .replace("{ to: search, rate: 0.0978 }", "rate")
        .replace("mailer: { origin: true }", "mailer: { entry: true }")
        .replace("smtp-gateway: {}", "smtp-gateway: { origin: true }")
        .replace(
          "frontend: [ { to: kafka, rate: 0.587 }, { to: search, rate: 0.587 }",
          "frontend: [ kafka, { to: search, rate: 5 }",
        ),
    );
    const changed = await compare();
    expect(changed.code).toBe(1);
    expect(changed.stdout).toBe(`never observed: outside -> mailer
never observed: report -> rate
not declared: report -> search (1 time)
never observed: smtp-gateway starting requests by itself, as an \`origin\` does
not declared: mailer starts requests by itself (6 times): say \`origin: true\`
another rate: frontend -> search is declared 5 a second and observed 0.587 (more than 3 times apart)
`);
    const told = await compare("--json", "--factor", "20");
    expect(JSON.parse(told.stdout)).toMatchObject({
      unobserved: [
        { from: null, to: "mailer" },
        { from: "report", to: "rate" },
      ],
      undeclared: [{ from: "report", to: "search", count: 1 }],
      ...{ rates: [], factor: 20 },
      unobservedOrigins: ["smtp-gateway"],
      undeclaredOrigins: [{ service: "mailer", count: 6 }],
    });
  });

  test("what rates are over is said where it may surprise", async () => {
    const header = "timestamp,um,dm,rpctype,rt\n";
    const searches = (fromMs: number): string =>
      header + Array.from({ length: 10 }, (_, n) => `${fromMs + 100 * n},frontend,Search,rpc,1\n`).join("");
    using folder = folderWith({
      "one.csv": `${searches(0)}1000,frontend,Search,rpc,1\n`,
      "two.csv": `${searches(9000)}10000,Search,Search,rpc,1\n`,
    });
    const rows = ["one.csv", "two.csv"].map((name) => join(folder.path, name));
    const { stdout, stderr } = await runWire(["mesh", "infer", join(traces, "otlp.jsonl"), ...rows]);
    expect(stdout).toContain("frontend: [ { to: kafka, rate: 0.587 }, { to: search, rate: 2.69 } ]");
    expect(stderr).toBe(`note: 1 call of services to themselves is left out: no proxy sees them
note: 1 call is in traces whose times have nothing to do with each other: the rates of both are added
`);
    const apart = await runWire(["mesh", "infer", ...rows]);
    expect(apart.stderr).toContain(
      "note: of 10 s from the first to the last, these files have nothing of 8 s: rates are over all of it",
    );
  });

  test("standard input, and files without a service", () => {
    const wire = (args: readonly string[], input: string) =>
      spawnSync(process.execPath, [join(root, "controlplane/cli/main.ts"), "mesh", ...args], {
        input,
        encoding: "utf8",
      });
    const read = wire(["infer", "-"], readFileSync(join(traces, "alibaba-2022.csv"), "utf8"));
    expect(read.status).toBe(0);
    expect(read.stdout).toContain("ms-58845: [ { to: ms-71712, rate: 0.2 } ]");
    expect(read.stderr).toContain("<stdin>:7: a row with more or fewer values than the first\n");
    const none = wire(["infer", "-"], "nothing\n");
    expect(none.status).toBe(1);
    expect(none.stdout).toBe("");
    expect(none.stderr).toContain("wire: no service was found in these files");
    const hotelMesh = ["--mesh", hotel];
    const empty = wire(["drift", "-", ...hotelMesh], "");
    expect(empty).toMatchObject({
      ...{ status: 1, stdout: "" },
      stderr: expect.stringMatching(
        /^wire: no span was found in these files: nothing can be said of drift\n$/m,
      ),
    });
    expect(JSON.parse(wire(["drift", "-", ...hotelMesh, "--json"], "").stdout)).toMatchObject({
      error: "no span was found in these files: nothing can be said of drift",
      spans: 0,
    });
    expect(wire(["infer", "-", "--name", "a b"], "").status).toBe(2);
    expect(wire(["infer", "-", "--sampling", "0"], "").status).toBe(2);
    expect(wire(["drift", "-", "--mesh", "mesh.yaml", "--factor", "0.5"], "").status).toBe(2);
  });
});
