import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { WireError } from "../error/wire-error.ts";
import type { History } from "../history/history.ts";
import { filesOf } from "../history/revision.ts";
import type { Build } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import type { Receipt } from "../server/receipts.ts";
import type { Turn } from "./latest-wins.ts";
import { createRevisions } from "./revisions.ts";

const placement: Placement = { status: "optimal", cost: 0, bound: 0, proxies: [], unmatched: [] };

/** As far as revisions look into one. */
function build(text: string): Build {
  const input = { policies: [{ path: "p.cup", text }], mesh: { path: "mesh.yaml", text: "m" } };
  return { input, placement } as unknown as Build;
}

/** A control plane whose rollouts end as a test says, and one proxy that acknowledges as a test says. */
function setUp(
  history: History = [],
  unfinished?: { readonly input: Build["input"]; readonly off: readonly string[] },
  /** Why what is gone on with is not taken. */
  refusal?: WireError,
) {
  let current: Build | undefined;
  let off: readonly string[] = unfinished?.off ?? [];
  let late: readonly string[] = [];
  let slowly: Promise<void> = Promise.resolve();
  const turns: {
    readonly build: Build;
    readonly end: (turn: Turn) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const switches: string[] = [];
  let receipts: readonly Receipt[] = [];
  const kept: History[] = [];
  const revisions = createRevisions({
    ...{ history, nowMs: () => Date.now() },
    ...(unfinished === undefined ? {} : { unfinished }),
    controlPlane: {
      get current() {
        return current;
      },
      get off() {
        return off;
      },
      apply: (next) =>
        new Promise((resolve, reject) =>
          turns.push({
            build: next,
            end: (turn) => {
              if (turn === "done") current = next;
              resolve(turn);
            },
            fail: reject,
          }),
        ),
      resume: async ({ to, goal = to }) => {
        if (refusal !== undefined) throw refusal;
        current = goal;
        return "done";
      },
      switchOff: async (names) => {
        off = [...names].sort();
        switches.push(off.join());
        await slowly;
        return { late };
      },
    },
    ads: {
      receipts: () => receipts,
      waitForConvergence: async () => {
        await sleep(1);
        return receipts.every(({ acknowledged, given }) => acknowledged?.revision === given)
          ? { kind: "converged", receipts }
          : { kind: "timeout", missing: receipts.map(({ node }) => node) };
      },
    },
    write: async (next) => void kept.push(next),
  });
  const kinds = (): readonly string[] =>
    revisions.history.map(({ number, outcome, off: names }) =>
      `${number} ${outcome.kind} ${names.join()}`.trimEnd(),
    );
  const apply = (text: string) => {
    const made = build(text);
    return revisions.apply(made, filesOf(made.input));
  };
  /** The rollout that is under way. */
  const turn = async () => {
    await expect.poll(() => turns.length).toBeGreaterThan(0);
    const found = turns.shift();
    if (found === undefined) throw new Error("nothing is rolled out");
    return found;
  };
  return {
    ...{ revisions, kinds, apply, turn, kept, switches },
    /** From now on a switch takes as long as this. */
    switchesTake: (until: Promise<void>): void => {
      slowly = until;
    },
    applied: async (text: string): Promise<number> => {
      const { number, turn: became } = apply(text);
      (await turn()).end("done");
      await became;
      return number;
    },
    /** The proxy was given a revision, and has acknowledged one long ago. */
    proxy: (
      given: number,
      acknowledged?: number,
      refused: readonly string[] = [],
      connected = true,
    ): void => {
      const moment = { revision: `${acknowledged}`, atMs: 0 };
      receipts = [
        {
          ...{ node: "api", connected, given: `${given}`, refused },
          ...(acknowledged === undefined ? {} : { sent: moment, acknowledged: moment }),
        },
      ];
    },
    late: (names: readonly string[]): void => {
      late = names;
    },
  };
}

describe("what becomes of a revision", () => {
  test("is said with the proxies that were away, which have not taken it", async () => {
    const { applied, proxy, revisions } = setUp();
    await applied("a");
    proxy(2, 1, [], false);
    await revisions.switchOff(["p"]);
    expect(revisions.history[1]?.outcome).toMatchObject({ kind: "converged", without: ["api"] });
    proxy(3, 2);
    await revisions.switchOff([]);
    proxy(3, 3);
    revisions.acknowledged();
    expect(revisions.history[2]?.outcome).toMatchObject({ kind: "converged" });
    expect(revisions.history[2]?.outcome).not.toHaveProperty("without");
  });

  test("is told by its rollout, and kept at each step", async () => {
    const { applied, apply, turn, kinds, kept, revisions } = setUp();
    await applied("a");
    const second = apply("b");
    expect(kinds()).toEqual(["1 converged", "2 rolling out"]);
    (await turn()).fail(new WireError("nack", "proxy api: no such thing"));
    await expect(second.turn).rejects.toThrow("no such thing");
    expect(kinds()).toEqual(["1 converged", "2 rejected"]);
    expect(revisions.history[1]?.outcome).toMatchObject({ reason: "proxy api: no such thing" });
    expect(kept.at(-1)).toBe(revisions.history);
    const [third, fourth] = [apply("c"), apply("d")];
    (await turn()).end("replaced");
    expect(await third.turn).toBe("replaced");
    (await turn()).end("done");
    await fourth.turn;
    expect(kinds()).toEqual(["1 converged", "2 rejected", "3 superseded", "4 converged"]);
  });

  test("a rollout is under the number of the newest when the same is tried again", async () => {
    const { applied, apply, turn, kinds } = setUp();
    await applied("a");
    const first = apply("b");
    const again = apply("b");
    expect([first.number, again.number]).toEqual([2, 2]);
    (await turn()).end("replaced");
    await first.turn;
    expect(kinds()).toEqual(["1 converged", "2 rolling out"]);
    (await turn()).end("done");
    await again.turn;
    expect(kinds()).toEqual(["1 converged", "2 converged"]);
  });

  test("a switch is a revision: of what is being rolled out, with which it is in force or rejected", async () => {
    const { applied, apply, turn, kinds, revisions, switches } = setUp();
    await applied("a");
    await revisions.switchOff(["p"]);
    expect(kinds()).toEqual(["1 converged", "2 converged p"]);
    // Nothing changes.
    await revisions.switchOff(["p"]);
    const third = apply("b");
    await revisions.switchOff(["p", "q"]);
    (await turn()).end("done");
    await third.turn;
    expect(kinds().slice(2)).toEqual(["3 superseded p", "4 converged p,q"]);
    const fifth = apply("c");
    await revisions.switchOff([]);
    (await turn()).fail(new WireError("nack", "no"));
    await expect(fifth.turn).rejects.toThrow();
    // What goes on is none of those before: b, with nothing off.
    expect(kinds().slice(4)).toEqual(["5 rejected p,q", "6 rejected", "7 converged"]);
    // Shown once more, so that proxies acknowledge it under its number.
    expect(switches.slice(-2)).toEqual(["", ""]);
    expect(revisions.history.at(-1)).toMatchObject({
      cause: { kind: "taken back", of: 5 },
      input: { policies: [{ text: "b" }] },
    });
  });

  test("a switch that a proxy takes late is in force when it has", async () => {
    const { applied, revisions, kinds, late, proxy } = setUp();
    await applied("a");
    proxy(2, 1);
    late(["api"]);
    expect(await revisions.switchOff(["p"])).toEqual({ late: ["api"] });
    expect(kinds()).toEqual(["1 converged", "2 rolling out p"]);
    revisions.acknowledged();
    expect(kinds()[1]).toBe("2 rolling out p");
    proxy(2, 2);
    revisions.acknowledged();
    expect(kinds()[1]).toBe("2 converged p");
  });

  test("after a restart that which is gone on with keeps its number, and the rest was never in force", async () => {
    const first = setUp();
    await first.applied("a");
    first.apply("b");
    const input = build("a").input;
    const { revisions, kinds, applied } = setUp(first.revisions.history, { input, off: [] });
    const resumed = revisions.resume({
      to: build("a"),
      stage: 0,
      followers: [],
      off: [],
      former: new Map(),
      left: [],
    });
    await resumed.turn;
    expect([resumed.number, kinds()]).toEqual([1, ["1 converged", "2 rejected"]]);
    expect(await applied("b")).toBe(2);
    // On its way by another build, which is like the first one.
    const later = setUp(first.revisions.history, { input: build("b").input, off: [] });
    const gone = later.revisions.resume({
      ...{ from: build("a"), to: build("a"), goal: build("b"), stage: 0 },
      ...{ followers: [], off: [], former: new Map(), left: [] },
    });
    await gone.turn;
    expect([gone.number, later.kinds()]).toEqual([2, ["1 converged", "2 converged"]]);
    // A state without a history begins one.
    const afresh = setUp([], { input, off: ["p"] });
    await afresh.revisions.switchOff(["p"]);
    await afresh.revisions.resume({
      to: build("a"),
      stage: 0,
      followers: [],
      off: ["p"],
      former: new Map(),
      left: [],
    }).turn;
    expect(afresh.kinds()).toEqual(["1 converged p"]);
  });
});

describe("a roll-back", () => {
  const back = (to: number, off: readonly string[] = []) => ({
    ...{ to, off, policiesOnly: false },
    files: { policies: "p", mesh: "m" },
  });

  test("never has what is off before or after act in between", async () => {
    const { applied, revisions, turn, switches, kinds } = setUp();
    await applied("a");
    await revisions.switchOff(["x"]);
    await applied("b");
    await revisions.switchOff(["y"]);
    switches.length = 0;
    const begun = revisions.rollBack(build("a"), back(2, ["x"]));
    const rolled = await turn();
    expect([rolled.build.input.policies[0]?.text, switches]).toEqual(["a", ["x,y"]]);
    rolled.end("done");
    await begun.turn;
    expect(switches).toEqual(["x,y", "x"]);
    expect(kinds()).toEqual([
      "1 converged",
      "2 converged x",
      "3 rolled back x",
      "4 rolled back y",
      "5 converged x",
    ]);
  });

  test("that is not taken leaves the switches as they were", async () => {
    const { applied, revisions, turn, switches, kinds } = setUp();
    await applied("a");
    await applied("b");
    await revisions.switchOff(["y"]);
    const begun = revisions.rollBack(build("a"), back(1));
    (await turn()).fail(new WireError("rollout", "proxy api did not answer"));
    await expect(begun.turn).rejects.toThrow("did not answer");
    expect([kinds().at(-1), switches.at(-1)]).toEqual(["4 rejected", "y"]);
  });

  test("that a save comes after is not rolled out in its place, however long its switches take", async () => {
    const { applied, apply, revisions, turn, kinds, switches, switchesTake } = setUp();
    await applied("a");
    await revisions.switchOff(["x"]);
    await applied("b");
    await revisions.switchOff([]);
    const { promise, resolve } = Promise.withResolvers<void>();
    switchesTake(promise);
    const begun = revisions.rollBack(build("b"), back(3, ["x"]));
    await expect.poll(() => switches.at(-1)).toBe("x");
    const saved = apply("c");
    const next = await turn();
    expect(next.build.input.policies[0]?.text).toBe("c");
    resolve();
    expect(await Promise.race([begun.turn, sleep(500, "rolled out")])).toBe("replaced");
    next.end("done");
    await saved.turn;
    expect(kinds().slice(-2)).toEqual(["5 superseded x", "6 converged x"]);
  });

  test("that a save of the same comes after is in force by that, with the switches that it was to have", async () => {
    const { applied, apply, revisions, turn, kinds, switches } = setUp();
    await applied("a");
    await applied("b");
    await revisions.switchOff(["x"]);
    const begun = revisions.rollBack(build("a"), back(1));
    const saved = apply("a");
    expect(saved.number).toBe(begun.number);
    (await turn()).end("done");
    expect(await Promise.all([begun.turn, saved.turn])).toEqual(["replaced", "done"]);
    expect([kinds().at(-1), switches.at(-1)]).toEqual(["4 converged", ""]);
  });

  test("switches nothing on with a rollout that was under way before it", async () => {
    const { applied, apply, revisions, turn, switches } = setUp();
    await applied("a");
    await revisions.switchOff(["x"]);
    const saved = apply("c");
    const running = await turn();
    const begun = revisions.rollBack(build("a"), back(1));
    running.end("done");
    await saved.turn;
    // What is off is not to act in this form.
    expect(switches).toEqual(["x"]);
    (await turn()).end("done");
    await begun.turn;
    expect(switches).toEqual(["x", ""]);
  });

  test("that is not taken leaves the switches as they were, whatever was under way before it", async () => {
    const { applied, apply, revisions, turn, switches } = setUp();
    await applied("a");
    await revisions.switchOff(["x"]);
    const saved = apply("c");
    const running = await turn();
    const begun = revisions.rollBack(build("a"), { ...back(1), off: ["y"] });
    running.end("done");
    await saved.turn;
    (await turn()).fail(new WireError("nack", "proxy api refuses it"));
    await expect(begun.turn).rejects.toThrow("refuses it");
    expect(switches).toEqual(["x", "x,y", "x"]);
  });

  test("that is in force keeps its switches, whatever becomes of a save that was made meanwhile", async () => {
    const { applied, apply, revisions, turn, kinds, switches } = setUp();
    await applied("a");
    await applied("b");
    await revisions.switchOff(["x"]);
    const begun = revisions.rollBack(build("a"), back(1));
    const rolled = await turn();
    const saved = apply("c");
    const next = await turn();
    // Too late to be replaced.
    rolled.end("done");
    await begun.turn;
    next.fail(new WireError("nack", "proxy api refuses it"));
    await expect(saved.turn).rejects.toThrow("refuses it");
    expect([kinds(), switches]).toEqual([
      ["1 converged", "2 rolled back", "3 rolled back x", "4 converged", "5 rejected"],
      ["x", ""],
    ]);
  });

  test("that a save replaces leaves the save with the switches that it was to have", async () => {
    const { applied, apply, revisions, turn, kinds, switches } = setUp();
    await applied("a");
    await revisions.switchOff(["x"]);
    await applied("b");
    const begun = revisions.rollBack(build("a"), back(1));
    const rolled = await turn();
    const saved = apply("c");
    rolled.end("replaced");
    expect(await begun.turn).toBe("replaced");
    const next = await turn();
    // What is still in force has it off.
    expect(switches).toEqual(["x"]);
    next.end("done");
    await saved.turn;
    expect(switches).toEqual(["x", ""]);
    expect(kinds()).toEqual(["1 converged", "2 converged x", "3 converged x", "4 superseded", "5 converged"]);
  });
});

describe("a roll-back that was cut off", () => {
  const files = { policies: "b", mesh: "m" };

  /** From revision 3, which is b with x off, to a with y off: on the way neither acts. */
  async function cutOff() {
    const first = setUp();
    await first.applied("a");
    await first.revisions.switchOff(["x"]);
    await first.applied("b");
    const off = ["y"];
    first.revisions.rollBack(build("a"), { to: 1, off, policiesOnly: false, files });
    await first.turn();
    return first;
  }

  /** The next process, which goes on with what was shown. */
  function next(
    { revisions: { history } }: ReturnType<typeof setUp>,
    shown: { readonly text: string; readonly off?: readonly string[]; readonly refused?: true },
  ) {
    const { text, off = ["x", "y"], refused } = shown;
    const to = build(text);
    const after = setUp(history, { input: to.input, off }, refused && new WireError("nack", "no"));
    const rollout = { to, stage: 0, followers: [], off, former: new Map(), left: [] };
    return { ...after, resumed: () => after.revisions.resume(rollout) };
  }

  test("goes on under its number, and ends with the switches that it was to have", async () => {
    const { resumed, revisions, kinds, switches } = next(await cutOff(), { text: "a" });
    const begun = resumed();
    expect(begun.number).toBe(4);
    await begun.turn;
    expect([kinds().at(-1), switches]).toEqual(["4 converged y", ["y"]]);
    expect(revisions.history.at(-1)?.files).toEqual(files);
  });

  test("and is not taken then leaves the switches as they were before it", async () => {
    const { resumed, kinds, switches } = next(await cutOff(), { text: "a", refused: true });
    await expect(resumed().turn).rejects.toThrow("no");
    expect([kinds().at(-1), switches]).toEqual(["4 rejected y", ["x"]]);

    // Also where it was to have those of its way.
    const first = setUp();
    await first.applied("a");
    first.revisions.rollBack(build("b"), { to: 1, off: ["x"], policiesOnly: false, files });
    await first.turn();
    const same = next(first, { text: "b", off: ["x"], refused: true });
    await expect(same.resumed().turn).rejects.toThrow("no");
    expect([same.kinds().at(-1), same.switches]).toEqual(["2 rejected x", [""]]);
  });

  test("before anybody was shown it is tried, and is not what was there before", async () => {
    const first = await cutOff();
    const taken = next(first, { text: "b" });
    const former = taken.resumed();
    const tried = taken.revisions.apply(build("a"), files);
    await former.turn;
    expect([former.number, taken.switches]).toEqual([3, []]);
    (await taken.turn()).end("done");
    await tried.turn;
    expect([taken.kinds().at(-1), taken.switches]).toEqual(["4 converged y", ["y"]]);

    const refused = next(first, { text: "b" });
    const before = refused.resumed();
    const again = refused.revisions.apply(build("a"), files);
    await before.turn;
    (await refused.turn()).fail(new WireError("nack", "no"));
    await expect(again.turn).rejects.toThrow("no");
    expect([refused.kinds().slice(-2), refused.switches]).toEqual([["3 converged x", "4 rejected y"], ["x"]]);
  });

  test("before anybody was shown it, and is not tried, leaves the switches as they were", async () => {
    const { resumed, kinds, switches } = next(await cutOff(), { text: "b" });
    await resumed().turn;
    expect([kinds().slice(-2), switches]).toEqual([["3 converged x", "4 rejected y"], ["x"]]);
  });

  test("leaves its switches to a save that came after it", async () => {
    const first = await cutOff();
    first.apply("c");
    const { resumed, kinds, switches } = next(first, { text: "c" });
    const begun = resumed();
    expect(begun.number).toBe(5);
    await begun.turn;
    expect([kinds().at(-1), switches]).toEqual(["5 converged y", ["y"]]);
  });

  test("has the switches that were set on its way", async () => {
    const first = await cutOff();
    await first.revisions.switchOff(["z"]);
    const { resumed, kinds, switches } = next(first, { text: "a", off: ["z"] });
    await resumed().turn;
    expect([kinds().at(-1), switches]).toEqual(["5 converged z", []]);
  });
});

describe("waiting for a revision", () => {
  test("is over when all connected proxies serve it, and names those that do not", async () => {
    const { applied, apply, turn, revisions, proxy } = setUp();
    expect(await revisions.waitForConvergence(undefined, 1)).toEqual({
      kind: "timeout",
      revision: null,
      missing: [],
    });
    const first = revisions.waitForConvergence(1, 10_000);
    await applied("a");
    expect(await first).toEqual({ kind: "converged", revision: 1, proxies: [] });
    proxy(1);
    expect(await revisions.waitForConvergence(1, 5)).toEqual({
      kind: "timeout",
      revision: 1,
      missing: ["api"],
    });
    const waiting = revisions.waitForConvergence(undefined, 10_000);
    proxy(1, 1);
    expect(await waiting).toMatchObject({
      ...{ kind: "converged", revision: 1 },
      proxies: [{ service: "api", connected: true, given: 1, serving: { revision: 1 } }],
    });
    const second = apply("b");
    proxy(2, 1);
    expect(await revisions.waitForConvergence(undefined, 5)).toEqual({
      ...{ kind: "timeout", revision: 2 },
      missing: ["api"],
    });
    (await turn()).end("done");
    await second.turn;
    proxy(2, 2);
    expect(await revisions.waitForConvergence(1, 10_000)).toEqual({ kind: "superseded", revision: 1, by: 2 });
  });

  test("is over with the reason when it is rejected, and with the refusal where nothing is there to go back to", async () => {
    const { apply, applied, turn, revisions, proxy } = setUp();
    const first = apply("bad");
    proxy(1, undefined, ["no such thing"]);
    expect(await revisions.waitForConvergence(1, 10_000)).toMatchObject({
      ...{ kind: "refused", revision: 1 },
      proxies: [{ service: "api", refused: ["no such thing"] }],
    });
    proxy(2);
    const second = apply("a");
    (await turn()).end("replaced");
    await first.turn;
    (await turn()).end("done");
    await second.turn;
    const third = apply("b");
    const waiting = revisions.waitForConvergence(3, 10_000);
    (await turn()).fail(new WireError("nack", "proxy api: no"));
    await expect(third.turn).rejects.toThrow();
    expect(await waiting).toEqual({ kind: "rejected", revision: 3, reason: "proxy api: no" });
    expect(await revisions.waitForConvergence(1, 10_000)).toMatchObject({ kind: "superseded", by: 2 });
    await applied("c");
  });
});

test("a mark is of what proxies are shown, and of a step where more is to come", async () => {
  const { applied, apply, revisions } = setUp();
  const [a, b] = [build("a").input, build("b").input];
  expect(revisions.mark({ input: a, off: [] }, true)).toBeUndefined();
  await applied("a");
  expect(revisions.mark({ input: a, off: [] }, true)).toEqual({ revision: "1" });
  apply("b");
  expect(revisions.mark({ input: b, off: [] }, false)).toEqual({ revision: "2", partial: true });
  expect(revisions.mark({ input: b, off: [] }, true)).toEqual({ revision: "2" });
  // What is none of the revisions is on the way to the newest.
  expect(revisions.mark({ input: a, off: ["p"] }, true)).toEqual({ revision: "2", partial: true });
  expect(revisions.mark({ input: a, off: [] }, true)).toEqual({ revision: "1" });
});
