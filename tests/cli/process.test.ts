import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, hotel, runWire, startWire } from "./run-wire.ts";

const good = "policy a ( act (Request r) context ('frontend -> search') ) { SetHeader(r, 'a', 'b'); }\n";
const escapeCode = String.fromCharCode(27);

describe("wire as a process", () => {
  test("Ctrl-C ends `wire serve` at once, with 0", async () => {
    using folder = folderWith({ "a.cup": good });
    const args = ["serve", folder.path, "--mesh", hotel, "--xds-port", "0", "--http-port", "0", "--json"];
    const child = startWire(args);
    const [line] = await once(child.stdout.setEncoding("utf8"), "data");
    const { xds, http } = JSON.parse(String(line));
    expect(xds).toMatch(/^127\.0\.0\.1:\d+$/);
    const status = await fetch(`${http}/status`);
    expect(status.status).toBe(200);
    await status.arrayBuffer();
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
  });

  test("`wire disable` tells people what is off, and a control plane that starts again knows it", async () => {
    using folder = folderWith({ "a.cup": good });
    const state = join(folder.path, "state.json");
    const serve = async () => {
      const ports = ["--xds-port", "0", "--http-port", "0"];
      const file = join(folder.path, "a.cup");
      const child = startWire(["serve", file, "--mesh", hotel, "--state", state, ...ports, "--json"]);
      const [line] = await once(child.stdout.setEncoding("utf8"), "data");
      await expect.poll(() => existsSync(state), { timeout: 20_000 }).toBe(true);
      return { child, port: new URL(JSON.parse(String(line)).http).port };
    };
    const first = await serve();
    const asked = (port: string, ...args: readonly string[]) => runWire([...args, "--http-port", port]);
    expect(await asked(first.port, "disable", "a", "b")).toMatchObject({
      ...{ code: 1, stdout: "", stderr: "wire: no policy is called b: there are a\n" },
    });
    // No proxy is there to take it.
    expect(await asked(first.port, "disable", "a")).toMatchObject({
      code: 3,
      stdout:
        "switched off: a\nnot in force yet in the proxies of frontend, which take it when they answer again\n",
    });
    first.child.kill("SIGKILL");
    await once(first.child, "close");
    const second = await serve();
    expect((await asked(second.port, "status")).stdout).toMatch(/^switched off: a$/m);
    expect((await asked(second.port, "enable", "a")).stdout).toMatch(/^no policy is switched off$/m);
    second.child.kill("SIGINT");
    await once(second.child, "close");
  });

  test.each([
    [
      "another mesh",
      "\n# edited\nreplaced: true\n",
      /mesh\.yaml is another mesh than the one in force, which goes on/,
    ],
    ["no mesh", undefined, /cannot read .*mesh\.yaml: no such file or folder: what was in force goes on/],
  ] as const)(
    "`wire serve --state` with %s at a restart goes on with the one it had",
    async (_, added, said) => {
      using folder = folderWith({ "a.cup": good, "mesh.yaml": readFileSync(hotel, "utf8") });
      const [mesh, state] = [join(folder.path, "mesh.yaml"), join(folder.path, "state.json")];
      const ports = ["--xds-port", "0", "--http-port", "0"];
      const args = [
        "serve",
        join(folder.path, "a.cup"),
        "--mesh",
        mesh,
        "--state",
        state,
        ...ports,
        "--json",
      ];
      const first = startWire(args);
      await expect.poll(() => existsSync(state), { timeout: 20_000 }).toBe(true);
      first.kill("SIGKILL");
      await once(first, "close");
      if (added === undefined) rmSync(mesh);
      else appendFileSync(mesh, added);
      const second = startWire(args);
      let stderr = "";
      second.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        stderr += chunk;
      });
      const [line] = await once(second.stdout.setEncoding("utf8"), "data");
      expect(JSON.parse(String(line))).toHaveProperty("http");
      expect(stderr).toMatch(said);
      second.kill("SIGINT");
      const [code] = await once(second, "close");
      expect(code).toBe(0);
    },
  );

  test("colours are for terminals only", async () => {
    using folder = folderWith({ "a.cup": good.replace("SetHeader", "SetHeadr") });
    const { stderr } = await runWire(["check", folder.path]);
    expect(stderr).toContain("error[CUP0203]");
    expect(stderr).not.toContain(escapeCode);
  });

  test("a reader that goes away is no crash", async () => {
    const wrong = Array.from({ length: 300 }, (_, index): [string, string] => [
      `a${index}.cup`,
      good.replace("policy a", `policy a${index}`).replace("SetHeader", "SetHeadr"),
    ]);
    using folder = folderWith(Object.fromEntries(wrong));
    for (const args of [["check", folder.path, "--json"], ["check", folder.path], ["--help"]]) {
      const child = startWire(args);
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        stderr += chunk;
        if (!args.includes("--json")) child.stderr.destroy();
      });
      child.stdout.destroy();
      const [, signal] = await once(child, "close");
      expect(signal).toBeNull();
      expect(stderr).not.toMatch(/EPIPE|node:internal/);
    }
  });
});
