import { expect, test } from "vitest";
import { type LostContext, lostText } from "./lost-context.ts";
import { suspecting } from "./suspects.ts";

const calls = [
  ["front", "middle"],
  ["batch", "middle"],
  ["middle", "near"],
  ["near", "far"],
  ["near", "aside"],
] as const;
const needed = new Set(["front", "batch", "middle", "near"]);
const lost = [{ caller: "near", proxy: "far" }];
const place = lost[0] ?? { proxy: "" };

test("it may be anybody from where paths begin", () => {
  expect(suspecting({ calls, asked: new Set(["near>far"]), needed, lost })(place)).toEqual([
    "near",
    "middle",
    "front",
    "batch",
  ]);
});

test("nobody before a proxy that has seen states", () => {
  const asked = new Set(["near>far", "middle>near"]);
  expect(suspecting({ calls, asked, needed, lost })(place)).toEqual(["near"]);
  // Unless it has lost some, too, be it on the caller's side or on the callee's.
  for (const also of [
    { caller: "middle", proxy: "near" },
    { proxy: "near" },
    { caller: "middle", proxy: "middle" },
  ])
    expect(suspecting({ calls, asked, needed, lost: [...lost, also] })(place)).toContain("front");
});

test("where callers are not known it may be any of them", () => {
  const unknown = { proxy: "middle" };
  expect(suspecting({ calls, asked: new Set<string>(), needed, lost: [unknown] })(unknown)).toEqual([
    "front",
    "batch",
  ]);
});

test("a circle ends", () => {
  const circle = [...calls, ["near", "middle"]] as const;
  expect(suspecting({ calls: circle, asked: new Set<string>(), needed, lost })(place)).toHaveLength(4);
});

test("in one line for people", () => {
  const at = { since: "2026-11-30T06:40:01.000Z", last: "2026-11-30T06:41:00.000Z" };
  const one: LostContext = {
    policy: "gate",
    caller: "near",
    proxy: "far",
    requests: 1,
    suspects: ["near"],
    ...at,
  };
  expect(lostText(one, "tracestate")).toBe(
    "`gate` has lost the path of a request from near at 2026-11-30T06:40:01.000Z in the proxy of far: near does not hand on `tracestate`",
  );
  const { caller: _, ...nobody } = one;
  expect(lostText({ ...nobody, requests: 12, suspects: ["near", "middle", "front"] }, "tracestate")).toBe(
    "`gate` has lost the path of 12 requests from 2026-11-30T06:40:01.000Z to 2026-11-30T06:41:00.000Z in the proxy of far: near, middle or front does not hand on `tracestate`; `wire doctor` tells which",
  );
  expect(lostText({ ...one, suspects: [] }, "baggage")).toMatch(
    /: a service before it does not hand on `baggage`$/,
  );
});
