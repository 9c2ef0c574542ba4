import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedVegeta, findVegeta } from "./find-vegeta.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wire-vegeta-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

test("what is named comes first, then what is on PATH, then what was built", async () => {
  const env = { PATH: folder, WIRE_CACHE: join(folder, "cache") };
  const built = program(cachedVegeta(env));
  expect(await findVegeta({ env })).toBe(built);
  const onPath = program(join(folder, "vegeta"));
  expect(await findVegeta({ env })).toBe(onPath);
  const named = program(join(folder, "named"));
  expect(await findVegeta({ env: { ...env, WIRE_VEGETA: named } })).toBe(named);
});

test("what is named and is no program is an error, and no other is taken for it", async () => {
  program(join(folder, "vegeta"));
  const env = { PATH: folder, WIRE_CACHE: folder, WIRE_VEGETA: join(folder, "nothing") };
  await expect(findVegeta({ env })).rejects.toThrow(
    /WIRE_VEGETA names .*nothing, which is not an executable file/u,
  );
});

test("without one, and without Go, the error says how to get one, and nothing is left behind", async () => {
  const env = { PATH: "", WIRE_CACHE: join(folder, "cache") };
  await expect(findVegeta({ env })).rejects.toThrow(
    /no Vegeta was found.*set it to the path of a Vegeta binary.*apt install vegeta.*there is no `go` to build it with/su,
  );
  expect(readdirSync(join(folder, "cache"))).toEqual([]);
});

test("a Go that cannot build it is told by its last words", async () => {
  const go = program(join(folder, "go"));
  writeFileSync(go, "#!/bin/sh\necho first >&2\necho no network >&2\nexit 1\n");
  const env = { PATH: folder, WIRE_CACHE: join(folder, "cache") };
  await expect(findVegeta({ env })).rejects.toThrow(/go could not build .*vegeta.*: no network/u);
});
