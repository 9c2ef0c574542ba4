import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { filterConfig } from "../../envoy/container/filter-config.ts";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";

let path = "";
beforeAll(async () => {
  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind === "binary") path = found.path;
});

/** The echoing application of the container tests, on an address of this file's own. */
function configAt(address: string): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(filterConfig(undefined)).replaceAll("0.0.0.0", address));
}

describe("startEnvoy", () => {
  test("is ready, serves, counts, and stops by itself", async () => {
    const address = "127.90.8.1";
    const envoy = await startEnvoy({ path, config: configAt(address), adminAddress: address });
    const [response] = await once(get({ host: address, port: 10_000, agent: false }), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
    expect((await envoy.stats("downstream_rq_2xx")).get("http.filter.downstream_rq_2xx")).toBe(1);
    const exit = await envoy.stop();
    expect(exit).toEqual({ code: 0, signal: null });
  });

  test("a configuration that Envoy refuses is an error with the end of its log", async () => {
    const config = { admin: {}, nonsense: 1 };
    const started = startEnvoy({ path, config, adminAddress: "127.90.8.2" });
    await expect(started).rejects.toThrow(
      /\[envoy-start\] envoy ended \(code 1\) before it was ready: [\s\S]*nonsense/,
    );
  });

  test("does not outlive a parent that is killed", async () => {
    const address = "127.90.8.3";
    const module = JSON.stringify(join(import.meta.dirname, "../../envoy/run-envoy.ts"));
    const options = JSON.stringify({ path, config: configAt(address), adminAddress: address });
    const code = `
      const { startEnvoy } = await import(${module});
      const envoy = await startEnvoy(${options});
      console.log(envoy.pid);
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(String((await once(parent.stdout, "data"))[0]).trim());
    parent.kill("SIGKILL");
    await once(parent, "close");
    for (let i = 0; i < 500 && alive(pid); i++) await sleep(20);
    expect(alive(pid)).toBe(false);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
