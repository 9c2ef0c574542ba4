import { expect, test } from "vitest";
import type { PathsInUse, PathTables } from "../placement/path-tables.ts";
import { stampFacts } from "./path-facts.ts";

const tables = (revision: string, states: readonly [string, string, string]): PathTables => {
  const [first, step, end] = states;
  const stamps = [
    { service: "web", first, steps: new Map() },
    { service: "api", steps: new Map([[first, step]]) },
    { service: "rate", steps: new Map([[step, end]]) },
  ];
  return { revision, stamps, asks: [] };
};
const factsOf = (service: string, known: readonly PathTables[]): readonly string[] =>
  stampFacts(
    { service, direction: "inbound", paths: { begin: "newest", known } satisfies PathsInUse },
    "nobody",
  );

test("what nothing is asked of any more has no state", () => {
  const known = [tables("newest", ["1", "2", "3"])];
  expect(factsOf("api", known)).toEqual(["@begin\tnewest", "@stamp\tnewest\t-\t1>2"]);
});

test("but nobody's while another revision is in use that may ask, and has not lost its own", () => {
  const known = [tables("newest", ["1", "2", "3"]), tables("oldest", ["4", "5", "6"])];
  expect(factsOf("api", known)).toEqual([
    "@begin\tnewest",
    "@stamp\tnewest\t0\t1>2,0>0,2>0,3>0",
    "@stamp\toldest\t0\t4>5,0>0,5>0,6>0",
  ]);
  expect(factsOf("cart", known).slice(1)).toEqual(["@stamp\tnewest\t0\t=", "@stamp\toldest\t0\t="]);
});

test("where states follow from a key nobody can say that", () => {
  const code = (letter: string): string => letter.repeat(16);
  const known = [tables("newest", [code("a"), code("b"), code("c")]), tables("oldest", ["4", "5", "6"])];
  expect(factsOf("rate", known)).toEqual([
    "@begin\tnewest",
    `@stamp\tnewest\t-\t${code("b")}>${code("c")}`,
    "@stamp\toldest\t-\t5>6",
  ]);
});

test("a version that a revision does not know loses its states, and does not leave them as if requests had not come by", () => {
  const versioned = (revision: string, versions: readonly string[]): PathTables => ({
    ...{ revision, asks: [] },
    stamps: versions.map((version) => ({ service: "api", version, steps: new Map([["1", "2"]]) })),
  });
  const known = [versioned("newest", ["v1", "v2"]), versioned("oldest", ["v1"])];
  const factsAt = (version: string): readonly string[] =>
    stampFacts(
      { service: "api", direction: "inbound", version, paths: { begin: "newest", known } },
      "nobody",
    ).slice(1);
  expect(factsAt("v1")).toEqual(["@stamp\tnewest\t0\t1>2,0>0,2>0", "@stamp\toldest\t0\t1>2,0>0,2>0"]);
  expect(factsAt("v2")).toEqual(["@stamp\tnewest\t0\t1>2,0>0,2>0", "@stamp\toldest\t-\t-"]);
});
