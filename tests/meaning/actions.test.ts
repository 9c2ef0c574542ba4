import { expect, test } from "vitest";
import { actions } from "./actions.ts";
import { everything } from "./coverage.ts";

test("every action of the standard interface has a meaning, and nothing else has", () => {
  const offered = everything().filter((name) => /^[A-Za-z.]+$/.test(name));
  expect(Object.keys(actions).sort()).toEqual([...offered].sort());
});
