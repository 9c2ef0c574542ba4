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

  test("many at once, of which some meet folders that others are making", async () => {
    const root = await mkdtemp(join(tmpdir(), "wire-folder-"));
    try {
      const rounds = Array.from({ length: 300 }, (_, n) => join(root, `${n}`));
      const paths = rounds.flatMap((round) =>
        ["a/b/c/d", "a/b/c", "a/b", "a"].map((path) => join(round, path)),
      );
      await Promise.all(paths.map((path) => makeFolder(path)));
      for (const path of paths) expect((await stat(path)).isDirectory()).toBe(true);
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
