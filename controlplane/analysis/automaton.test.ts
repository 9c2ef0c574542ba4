import { expect, test } from "vitest";
import type { Context, Expression } from "../language/context.ts";
import { automaton, type VersionReading } from "./automaton.ts";

const span = { start: 0, end: 0 };
const a: Expression = { kind: "service", name: "a", span };
const b: Expression = { kind: "service", name: "b", span };
const many = (item: Expression): Expression => ({ kind: "repeat", item, min: 0, max: "infinity", span });

function matches(context: Context, path: string, versions: VersionReading = "may"): boolean {
  const machine = automaton(context, versions);
  const services = path.match(/\w(@\w+)?/g) ?? [];
  return machine.accepts(
    services.reduce((state, service) => {
      const [name = "", version] = service.split("@");
      return machine.step(state, machine.symbol(name, version));
    }, machine.start),
  );
}

test("a context matches a suffix, anchored the whole path", () => {
  const expression: Expression = { kind: "sequence", items: [a, b], span };
  expect(matches({ anchored: false, expression }, "cab")).toBe(true);
  expect(matches({ anchored: false, expression }, "abc")).toBe(false);
  expect(matches({ anchored: true, expression }, "ab")).toBe(true);
  expect(matches({ anchored: true, expression }, "cab")).toBe(false);
});

test("the empty suffix matches nothing", () => {
  expect(matches({ anchored: false, expression: many(a) }, "b")).toBe(false);
  expect(matches({ anchored: false, expression: many(a) }, "ba")).toBe(true);
});

test("a version may be the one of the request, but need not", () => {
  const v2: Expression = { kind: "service", name: "a", version: "v2", span };
  const notV2: Expression = { kind: "any", except: [{ name: "a", version: "v2", span }], span };
  for (const expression of [v2, notV2]) {
    expect(matches({ anchored: false, expression }, "ba")).toBe(true);
    expect(matches({ anchored: false, expression }, "ba", "must")).toBe(false);
  }
});

test("a version that is known decides", () => {
  const v2: Expression = { kind: "service", name: "a", version: "v2", span };
  const notV2: Expression = { kind: "any", except: [{ name: "a", version: "v2", span }], span };
  for (const reading of ["may", "must"] as const) {
    const ends = (expression: Expression, path: string) =>
      matches({ anchored: false, expression }, path, reading);
    expect([ends(v2, "ba@v1"), ends(v2, "ba@v2")]).toEqual([false, true]);
    expect([ends(notV2, "ba@v1"), ends(notV2, "ba@v2")]).toEqual([true, false]);
    expect([ends(a, "ba@v1"), ends(b, "aa@v1")]).toEqual([true, false]);
  }
});
