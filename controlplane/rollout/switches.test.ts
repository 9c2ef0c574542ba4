import { expect, test } from "vitest";
import type { Build } from "../pipeline/build.ts";
import { offText, type SwitchReport } from "./switch-report.ts";
import { offIn, type Switched, switchCommands } from "./switches.ts";

/** What has these policies, whose text is of no matter, in a mesh without versions. */
function buildOf(names: readonly string[]): Build {
  return {
    policies: names.map((name) => ({ name, priority: 0, mode: "enforce" })),
    mesh: { services: new Map() },
  } as unknown as Build;
}

/** A control plane with these policies, whose proxies take everything. */
function setUp(...names: readonly string[]) {
  let off: readonly string[] = [];
  const switched = {
    controlPlane: {
      current: buildOf(names),
      get off() {
        return off;
      },
      async switchOff(next: readonly string[]) {
        off = [...new Set(next)].sort();
        return { late: [] };
      },
    },
    newest: buildOf(names),
  } satisfies Switched;
  const told: SwitchReport[] = [];
  return { switched, told, ...switchCommands(switched, (report) => told.push(report)) };
}

test("policies are switched off and on by name, beside those that are off already", async () => {
  const { switched, told, disable, enable } = setUp("a", "b", "c");
  expect(await disable({ policies: ["b", "a"] })).toMatchObject({
    status: 200,
    value: {
      waitingFor: [],
      off: [
        { policy: "a", exists: true },
        { policy: "b", exists: true },
      ],
    },
  });
  await disable({ policies: ["c"] });
  await enable({ policies: ["a", "b"] });
  expect(switched.controlPlane.off).toEqual(["c"]);
  expect(told.map(({ off }) => off.length)).toEqual([2, 3, 1]);
});

test("an unknown name switches nothing, also beside a known one", async () => {
  const { switched, told, disable } = setUp("b", "a");
  expect(await disable({ policies: ["a", "x"] })).toEqual({
    status: 404,
    value: { error: "no policy is called x: there are a, b" },
  });
  expect([switched.controlPlane.off, told]).toEqual([[], []]);
});

test("a policy that is off and is no more is told of, and can be switched on", async () => {
  const { switched, disable, enable } = setUp("a", "b");
  await disable({ policies: ["a", "b"] });
  const { off } = switched.controlPlane;
  const later = { controlPlane: { off, current: buildOf(["b"]) }, newest: buildOf(["b"]) };
  expect(offText(offIn(later))).toBe("switched off: a (there is no such policy now), b");
  expect((await enable({ policies: ["a"] })).status).toBe(200);
});

test("a policy that is on its way out is switched off like any other: it is enforced until it is gone", async () => {
  const { switched, disable } = setUp("a", "b");
  switched.newest = buildOf(["b"]);
  expect(await disable({ policies: ["a"] })).toMatchObject({
    status: 200,
    value: { off: [{ policy: "a", exists: true }] },
  });
});

test.each([undefined, null, [], {}, { policies: "a" }, { policies: [] }, { policies: [1] }])(
  "%j is no list of names",
  async (body) => {
    expect((await setUp("a").disable(body)).status).toBe(400);
  },
);
