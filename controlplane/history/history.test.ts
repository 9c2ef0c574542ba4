import { array, assert as check, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import type { Placement } from "../placement/placement.ts";
import {
  converged,
  type History,
  heading,
  inForce,
  lastRejected,
  type Made,
  ofContent,
  recorded,
  rejected,
  revisionsMax,
  superseded,
  takenUp,
} from "./history.ts";
import type { Cause } from "./revision.ts";

const placement = {
  status: "optimal",
  cost: 1,
  bound: 1,
  ms: 0,
  proxies: [],
  unmatched: [],
} as unknown as Placement;

function made(text: string, { off = [], cause = { kind: "files" }, atMs = 0 }: Partial<Made> = {}): Made {
  const input = { policies: [{ path: "p.cup", text }], mesh: { path: "mesh.yaml", text: "m" } };
  return { input, off, cause, atMs, placement, files: { policies: text, mesh: "m" } };
}

/** Each is in force before the next one comes. */
function oneByOne(...all: readonly Made[]): History {
  return all.reduce<History>((history, each) => {
    const next = recorded(history, each, false);
    return converged(next, next.at(-1)?.number ?? 0, each.atMs + 5);
  }, []);
}

const kinds = (history: History): readonly string[] =>
  history.map(({ number, outcome }) => `${number} ${outcome.kind}`);

describe("a revision", () => {
  test("that was not taken is the last change also when what goes on is one more", () => {
    const before = oneByOne(made("a"));
    expect([lastRejected([]), lastRejected(before)]).toEqual([undefined, undefined]);
    const tried = recorded(before, made("b", { off: ["p"] }), false);
    expect(lastRejected(tried)).toBeUndefined();
    const refused = rejected(tried, 2, 9, "no");
    expect(lastRejected(refused)).toEqual({ revision: 2, reason: "no" });
    const takenBack = made("a", { off: ["p"], cause: { kind: "taken back", of: 2 } });
    const goesOn = recorded(refused, takenBack, false);
    expect(goesOn.at(-1)?.number).toBe(3);
    expect(lastRejected(goesOn)).toEqual({ revision: 2, reason: "no" });
    expect(lastRejected(recorded(goesOn, made("c"), false))).toBeUndefined();
  });

  test("is another one when policies, mesh or switches are others, and when only the content is that of an older one", () => {
    const history = oneByOne(made("a"), made("b"), made("b", { off: ["p"] }), made("a"));
    expect(kinds(history)).toEqual(["1 converged", "2 converged", "3 converged", "4 converged"]);
    expect(history[3]?.hash).toBe(history[0]?.hash);
    expect(inForce(history)?.number).toBe(4);
  });

  test("that is equal to the newest is no other one, and nothing is to be done where that is in force", () => {
    const history = oneByOne(made("a"));
    expect(recorded(history, made("a", { atMs: 9 }), true)).toBe(history);
    const again = recorded(history, made("a", { atMs: 9 }), false);
    expect(again).toMatchObject([{ number: 1, atMs: 9, outcome: { kind: "rolling out" } }]);
  });

  test("that was rejected is tried again under its number, with the files as they are then", () => {
    const tried = recorded(oneByOne(made("a")), made("b"), false);
    const history = rejected(tried, 2, 7, "no");
    expect(history[1]?.outcome).toEqual({ kind: "rejected", atMs: 7, reason: "no" });
    expect([inForce(history)?.number, heading(history)?.number]).toEqual([1, 1]);
    const again = recorded(
      history,
      { ...made("b", { atMs: 8 }), files: { policies: "x", mesh: "y" } },
      false,
    );
    expect(again[1]).toMatchObject({ number: 2, atMs: 8, files: { policies: "x" } });
    expect(converged(again, 2, 10)[1]?.outcome).toEqual({ kind: "converged", atMs: 10, ms: 2 });
  });

  test("supersedes what was still on its way when it is in force", () => {
    const history = recorded(recorded(oneByOne(made("a")), made("b"), false), made("c"), false);
    expect(kinds(superseded(history, 2, 3, 3))).toEqual(["1 converged", "2 superseded", "3 rolling out"]);
    expect(kinds(converged(history, 3, 9))).toEqual(["1 converged", "2 superseded", "3 converged"]);
    // The older one may be in force before.
    const older = converged(history, 2, 4);
    expect([kinds(older), inForce(older)?.number, heading(older)?.number]).toEqual([
      ["1 converged", "2 converged", "3 rolling out"],
      2,
      3,
    ]);
  });

  test("is rejected with the switches that were made meanwhile", () => {
    const rolling = recorded(oneByOne(made("a")), made("b"), false);
    const history = recorded(rolling, made("b", { off: ["p"] }), false);
    expect(kinds(rejected(history, 2, 3, "no"))).toEqual(["1 converged", "2 rejected", "3 rejected"]);
  });
});

test("what is the same in two revisions is there once", () => {
  const [one, two] = oneByOne(made("a"), { ...made("b"), placement: { ...placement } });
  expect(two?.input.mesh).toBe(one?.input.mesh);
  expect(two?.placement).toBe(one?.placement);
  expect(two?.input.policies[0]?.text).toBe("b");
});

test("a roll-back takes back all that was in force since, once it is in force itself", () => {
  const history = rejected(recorded(oneByOne(made("a"), made("b"), made("c")), made("d"), false), 4, 1, "no");
  const back = recorded(history, made("a", { cause: { kind: "rollback", to: 1 }, atMs: 10 }), false);
  expect(inForce(back)?.number).toBe(3);
  const done = converged(back, 5, 12);
  expect(kinds(done)).toEqual(["1 converged", "2 rolled back", "3 rolled back", "4 rejected", "5 converged"]);
  expect(done[2]?.outcome).toEqual({ kind: "rolled back", atMs: 12, by: 5 });
});

test("what another process left on its way is so only where this one goes on with it", () => {
  const history = recorded(oneByOne(made("a")), made("b"), false);
  expect(kinds(takenUp(history, made("b"), 1))).toEqual(["1 converged", "2 rolling out"]);
  expect(kinds(takenUp(history, made("a"), 1))).toEqual(["1 converged", "2 rejected"]);
  expect(kinds(takenUp(history, undefined, 1))).toEqual(["1 converged", "2 rejected"]);
});

test("whatever happens: numbers ascend, at most one content is in force, and neither it nor what is on its way is dropped", () => {
  const cause = constantFrom<Cause>({ kind: "files" }, { kind: "switch" }, { kind: "rollback", to: 1 });
  const step = record({
    what: constantFrom("record", "converge", "reject", "supersede"),
    text: constantFrom("a", "b", "c"),
    cause,
    which: integer({ min: 0, max: 3 }),
  });
  check(
    property(array(step, { maxLength: 400 }), (steps) => {
      let history: History = [];
      let highest = 0;
      let atMs = 0;
      for (const { what, text, cause: why, which } of steps) {
        atMs++;
        const rolling = history.filter(({ outcome }) => outcome.kind === "rolling out");
        const one = rolling[which % Math.max(rolling.length, 1)]?.number;
        const before = inForce(history);
        if (what === "record") {
          history = recorded(history, made(text, { cause: why, atMs }), false);
          expect(history.at(-1)?.outcome).toEqual({ kind: "rolling out" });
          expect(ofContent(history, made(text))?.number).toBe(history.at(-1)?.number);
        } else if (one !== undefined && what === "converge") {
          history = converged(history, one, atMs);
          expect(inForce(history)?.number).toBe(Math.max(one, before?.number ?? 0));
        } else if (one !== undefined) {
          history =
            what === "reject" ? rejected(history, one, atMs, "no") : superseded(history, one, atMs, one + 1);
          expect(inForce(history)).toEqual(before);
        }
        const numbers = history.map(({ number }) => number);
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
        expect(numbers.at(-1) ?? 0).toBeGreaterThanOrEqual(highest);
        expect((numbers.at(-1) ?? 0) - highest).toBeLessThanOrEqual(1);
        highest = numbers.at(-1) ?? 0;
        const protectedOnes = history.filter(
          (each) => each.outcome.kind === "rolling out" || each === inForce(history),
        );
        expect(history.length).toBeLessThanOrEqual(Math.max(revisionsMax, protectedOnes.length));
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("the oldest are dropped, but never what is in force", () => {
  let history = oneByOne(made("a"));
  for (let index = 0; index < revisionsMax + 20; index++) {
    history = recorded(history, made(`bad ${index}`), false);
    history = rejected(history, history.at(-1)?.number ?? 0, index, "no");
  }
  expect(history.length).toBe(revisionsMax);
  expect([history[0]?.number, history[1]?.number, history.at(-1)?.number]).toEqual([1, 23, 121]);
  expect(inForce(history)?.number).toBe(1);
});
