import { expect, test } from "vitest";
import { doctorLines } from "./doctor-table.ts";

const plain = { color: false };
const stateHeader = "tracestate";

test("a line for each service, and one for all", () => {
  const lines = doctorLines(
    {
      stateHeader,
      services: [
        { service: "front", verdict: { kind: "forwards" } },
        { service: "near", verdict: { kind: "drops", headers: ["traceparent", "b3"], to: ["far", "aside"] } },
        { service: "own", verdict: { kind: "drops", headers: ["b3"], to: [] } },
        { service: "job", verdict: { kind: "silent", status: 404 } },
        { service: "a", verdict: { kind: "behind", services: ["near", "job"] } },
        { service: "gone", verdict: { kind: "unasked", why: "10.0.0.1:80: connect ECONNREFUSED" } },
        { service: "end", verdict: { kind: "unseen" } },
      ],
      unneeded: ["far"],
    },
    plain,
  );
  expect(lines).toEqual([
    "front  forwards tracestate",
    "near   forwards only traceparent, b3 to far, aside",
    "own    forwards only b3",
    "job    forwards nothing, or has called nobody (it answered 404): --request 'METHOD PATH' asks it for something else",
    "a      not known, since what it sends is seen behind near, job alone",
    "gone   cannot be asked: 10.0.0.1:80: connect ECONNREFUSED",
    "end    not known, since no proxy behind it looks",
    "far has nothing to hand on: no policy asks by which path requests through it have come",
    "`tracestate` is not handed on by near, own",
  ]);
});

test("what all of them do, or may not do", () => {
  const front = { service: "front", verdict: { kind: "forwards" } } as const;
  const job = { service: "job", verdict: { kind: "silent", status: 200 } } as const;
  const last = (...services: Parameters<typeof doctorLines>[0]["services"]): unknown =>
    doctorLines({ stateHeader, services, unneeded: [] }, plain).at(-1);
  expect(last(front)).toBe("it hands on `tracestate`");
  expect(last(front, front)).toBe("all of them hand on `tracestate`");
  expect(last(front, job)).toBe("1 of 2 may not hand on `tracestate`");
  expect(last()).toMatch(/^no service has anything to hand on/);
});

test("colours say which is which", () => {
  const [line] = doctorLines(
    { stateHeader, services: [{ service: "a", verdict: { kind: "forwards" } }], unneeded: [] },
    { color: true },
  );
  expect(line).toBe("\u001b[32ma  forwards tracestate\u001b[0m");
});
