import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, hotel, runWire, startWire } from "./run-wire.ts";

const policy = "policy a ( act (Request r) context ('frontend -> search') ) { SetHeader(r, 'a', 'b'); }\n";
const ports = ["--xds-port", "0", "--http-port", "0"];
const [token, other] = ["0123456789abcdef", "fedcba9876543210"] as const;

/** `wire serve` that has printed its endpoints. */
async function serving(folder: string, ...args: readonly string[]) {
  const child = startWire(["serve", folder, "--mesh", hotel, ...ports, "--json", ...args]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  return {
    ...(JSON.parse(String(line)) as { readonly xds: string; readonly http: string }),
    log: () => stderr,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await once(child, "close");
    },
  };
}

describe("who may ask the HTTP API", () => {
  test("off loopback it needs a token: a usage error says how to give one", async () => {
    using folder = folderWith({ "a.cup": policy });
    const run = await runWire([
      ...["serve", folder.path, "--mesh", hotel, "--http-host", "0.0.0.0", ...ports, "--json"],
    ]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^error: others reach the HTTP API on `0\.0\.0\.0`.*--http-token-file\n$/);
    expect(JSON.parse(run.stdout)).toEqual({ error: expect.stringContaining("--http-token-file") });
  });

  test("a file without a token, and none at all", async () => {
    using folder = folderWith({ "a.cup": policy, token: "short\n" });
    const args = ["serve", folder.path, "--mesh", hotel, "--http-host", "0.0.0.0", ...ports];
    const bad = await runWire([...args, "--http-token-file", join(folder.path, "token")]);
    expect([bad.code, bad.stderr]).toEqual([3, expect.stringContaining("[token] ")]);
    const none = await runWire([...args, "--http-token-file", join(folder.path, "nothing")]);
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining("no such file")]);
  });

  test("`wire status` shows its token, and both sides can change theirs", async () => {
    using folder = folderWith({ "a.cup": policy, token, other });
    const [file, otherFile] = [join(folder.path, "token"), join(folder.path, "other")];
    await using wire = await serving(folder.path, "--http-host", "0.0.0.0", "--http-token-file", file);
    expect(wire.http).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    const { port } = new URL(wire.http);
    const ask = (...args: readonly string[]) => runWire(["status", "--http-port", port, ...args]);
    expect(await ask("--http-token-file", file)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("proxy"),
    });
    expect(await runWire(["status", "--url", `${wire.http}/`, "--http-token-file", file])).toMatchObject({
      code: 0,
    });
    expect(await ask("--http-host", "127.0.0.1")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("wants a token: give its --http-token-file"),
    });
    expect(await ask("--http-token-file", otherFile)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("has another token"),
    });
    writeFileSync(file, other);
    await expect.poll(wire.log, { timeout: 10_000 }).toContain("the token of the HTTP API has changed");
    expect(await ask("--http-token-file", otherFile)).toMatchObject({ code: 0 });
  });

  test("what is no URL is told before anything is asked", async () => {
    const run = await runWire(["status", "--url", "mesh:18001"]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("`mesh:18001` is not a URL")]);
  });
});
