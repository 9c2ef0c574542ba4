import { applyPatch } from "diff";
import { array, assert as check, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import type { Placement } from "../placement/placement.ts";
import { changedPaths, revisionDiff } from "./revision-diff.ts";

const proxy = (service: string): Placement["proxies"][number] => ({
  ...{ service, dataplane: "envoy", stamps: false },
  policies: [],
});

function revision(
  number: number,
  files: Readonly<Record<string, string>>,
  off: readonly string[] = [],
  services: readonly string[] = [],
) {
  const policies = Object.entries(files).map(([path, text]) => ({ path, text }));
  return {
    ...{ number, off, input: { policies, mesh: { path: "mesh.yaml", text: "name: m\n" } } },
    placement: {
      ...{ cost: services.length, bound: services.length, status: "optimal", ms: 1, unmatched: [] },
      proxies: services.map(proxy),
    } as unknown as Placement,
  };
}

test("files that came, went or changed, with their lines; switches; and what has another place", () => {
  const before = revision(
    3,
    { "a.cup": "one\ntwo\n", "gone.cup": "x\n", "same.cup": "s\n" },
    ["p", "q"],
    ["api"],
  );
  const after = revision(
    5,
    { "a.cup": "one\n2\n", "new.cup": "y\n", "same.cup": "s\n" },
    ["q", "r"],
    ["web"],
  );
  expect(revisionDiff(before, after)).toEqual({
    ...{ from: 3, to: 5, disabled: ["r"], enabled: ["p"] },
    files: [
      { path: "a.cup", change: "changed", patch: "--- a.cup\n+++ a.cup\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n" },
      { path: "gone.cup", change: "removed", patch: "--- gone.cup\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n" },
      { path: "new.cup", change: "added", patch: "--- /dev/null\n+++ new.cup\n@@ -0,0 +1,1 @@\n+y\n" },
    ],
    placement: {
      cost: { before: 1, after: 1 },
      proxies: [
        { service: "api", before: "envoy" },
        { service: "web", after: "envoy" },
      ],
      policies: [],
    },
  });
  expect(changedPaths(before, after)).toEqual([
    { path: "a.cup", change: "changed" },
    { path: "gone.cup", change: "removed" },
    { path: "new.cup", change: "added" },
  ]);
});

test("the lines lead from the one text to the other", () => {
  const text = array(constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 }).map(
    (lines) => `${lines.join("\n")}\n`,
  );
  check(
    property(text, text, (was, is) => {
      const [change] = revisionDiff(revision(1, { f: was }), revision(2, { f: is })).files;
      expect(change === undefined).toBe(was === is);
      if (change !== undefined) expect(applyPatch(was, change.patch)).toBe(is);
    }),
    { numRuns: 300 },
  );
});

test("texts that have little in common are shown whole", () => {
  const lines = (word: string): string =>
    `${Array.from({ length: 4_000 }, (_, index) => `${word} ${index}`).join("\n")}\n`;
  const [was, is] = [lines("a"), lines("b")];
  const [change] = revisionDiff(revision(1, { f: was }), revision(2, { f: is })).files;
  expect(change?.patch.split("\n").length).toBe(3 + 8_000 + 1);
  expect(applyPatch(was, change?.patch ?? "")).toBe(is);
});
