import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, runWire } from "./run-wire.ts";

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

  test.each([
    { args: ["--family", "seed", "--services", "5"], told: "the family `seed` does not take `--services`" },
    { args: ["--free"], told: "the family `alibaba` does not take `--free`" },
    { args: ["--services", "0"], told: "a mesh has at least one service" },
    { args: ["--services", "many"], told: "`many` is not a whole number, 0 or more" },
    { args: ["--family", "seed", "--density", "2"], told: "`2` is not a share: a number from 0 to 1" },
  ])("$args is a mistake in usage", async ({ args, told }) => {
    using folder = folderWith({});
    const { code, stderr } = await runWire(["mesh", "generate", ...args, "--out", join(folder.path, "x")]);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
  });
});
