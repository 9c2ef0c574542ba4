import { describe, expect, test } from "vitest";
import { inconsistencies } from "../xds/inconsistencies.ts";
import { typeUrl } from "../xds/type-url.ts";
import { applicationNames } from "./application-names.ts";
import { baseline } from "./baseline.ts";
import { loaded } from "./loaded.test-helper.ts";

describe.each(applicationNames)("%s", (name) => {
  test("has, in each mesh that is compared with, proxies where they are said to be, and snapshots that lead nowhere else", async () => {
    const { application, mesh, policies, meshFile } = await loaded(name, "p1p2");
    const input = { policies, mesh: meshFile };
    const [sidecars, selective, node] = await Promise.all(
      (["sidecars", "selective", "node"] as const).map(async (mode) => {
        const made = await baseline(input, mode);
        expect(made.diagnostics).toEqual([]);
        for (const snapshot of made.baseline?.snapshots.values() ?? [])
          expect(inconsistencies(snapshot)).toEqual([]);
        return made.baseline;
      }),
    );
    expect([...(sidecars?.snapshots.keys() ?? [])]).toEqual([...mesh.services.keys()].sort());
    // All that anybody calls goes through the caller's proxy, and into the callee's.
    for (const { from, to } of mesh.calls) {
      if (from === null) continue;
      expect(sidecars?.addresses[from]?.[to]).toMatchObject([{ via: "proxy" }]);
      const held = sidecars?.snapshots.get(to)?.get(typeUrl.listener) ?? new Map();
      expect([...held.keys()].some((listener) => listener.startsWith(`inbound/${to}`))).toBe(true);
    }
    const callers = new Set([...(selective?.snapshots.keys() ?? [])]);
    expect(callers.size).toBeLessThan(mesh.services.size);
    // Who makes a call that a policy is about enforces it.
    for (const path of application.covered.p1.flatMap(({ paths }) => paths))
      expect(callers).toContain(path.split(" ").at(-2));
    for (const { from, to } of mesh.calls)
      if (from !== null && callers.has(from))
        expect(selective?.addresses[from]?.[to]).toMatchObject([{ via: "proxy" }]);
    expect(node?.snapshots.size).toBe(1);
    for (const { from, to } of mesh.calls)
      if (from !== null && mesh.services.get(to)?.protocol !== "tcp")
        expect(node?.addresses[from]?.[to]).toMatchObject([{ via: "proxy" }]);
  });
});
