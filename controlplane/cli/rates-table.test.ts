import { expect, test } from "vitest";
import { ratesTable } from "./rates-table.ts";

test("a line for each call says its rate, and how that is known", () => {
  expect(
    ratesTable({
      ...{ windowSeconds: 60, intervalSeconds: 10 },
      calls: [
        { from: null, to: "front", rate: 12.3456, declared: null, basis: "remainder", seconds: 59.9 },
        { from: "front", to: "geo", rate: 1_234.5, declared: 2, basis: "counted", seconds: 20, total: 9 },
        { from: "front", to: "rate", rate: 0, declared: 1, basis: "split", seconds: 60 },
      ],
      unmeasured: [{ from: "geo", to: "store" }],
    }),
  ).toEqual([
    "call              a second  mesh file  over  how",
    "outside -> front  12.3      -          60 s  what the callee's proxy counts, less the others",
    "front -> geo      1230      2          20 s  counted by the caller's proxy",
    "front -> rate     0         1          60 s  a share of what the callee's proxy counts",
    "not known: 1 call without a proxy on either side that has reported in the last 60 s, such as geo -> store",
  ]);
});

test("where nobody has told anything, that is said", () => {
  expect(ratesTable({ windowSeconds: 60, intervalSeconds: 10, calls: [], unmeasured: [] })).toEqual([
    "no proxy has reported within the last 60 s",
  ]);
});
