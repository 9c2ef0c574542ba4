import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

describe("makeFolder", () => {
  test("makes what is missing, at once for several, and leaves what is there", async () => {
    const root = await mkdtemp(join(tmpdir(), "wire-folder-"));
    try {
      const path = join(root, "a/b/c");
      await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, "a/b/d"))]);
      await makeFolder(path);
      expect((await stat(path)).isDirectory()).toBe(true);
      const file = join(root, "file");
      await writeFile(file, "");
      await expect(makeFolder(file)).rejects.toThrow(/EEXIST/);
      await expect(makeFolder(join(file, "below"))).rejects.toThrow(/ENOTDIR/);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test.runIf(process.platform === "linux").each(["/proc/wire", "/proc/wire/below"])(
    "%s fails",
    async (path) => {
      await expect(makeFolder(path)).rejects.toThrow(/ENOENT/);
    },
  );
});
