import { once } from "node:events";
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
    const start = performance.now();
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test("colours are for terminals only", async () => {
    using folder = folderWith({ "a.cup": good.replace("SetHeader", "SetHeadr") });
    const { stderr } = await runWire(["check", folder.path]);
    expect(stderr).toContain("error[CUP0203]");
    expect(stderr).not.toContain(escapeCode);
  });

  test("a reader that goes away is no crash", async () => {
    const wrong = Array.from({ length: 300 }, (_, index) =>
      good.replace("policy a", `policy a${index}`).replace("SetHeader", "SetHeadr"),
    );
    using folder = folderWith({ "a.cup": wrong.join("") });
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
