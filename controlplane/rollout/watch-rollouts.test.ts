import { expect, test } from "vitest";
import type { Build } from "../pipeline/build.ts";
import type { ControlPlaneEvent } from "./event.ts";
import { eventText } from "./event-text.ts";
import type { Rollout } from "./rollout.ts";
import type { Stage } from "./stages.ts";
import { watchRollouts } from "./watch-rollouts.ts";

const [from, to, between] = [1, 2, 3].map((input) => ({ input })) as unknown as [Build, Build, Build];
const rollout: Rollout = { from, to, stage: 0, followers: [], off: [], former: new Map(), left: [] };

function stage(name: Stage["name"], ...proxies: readonly string[]): Stage {
  const none: Stage["of"] = { world: { mesh: {} as never, addresses: {} as never }, ways: [], told: [] };
  return {
    name,
    snapshots: new Map(proxies.map((proxy) => [proxy, new Map() as never])),
    addresses: {},
    of: none,
  };
}

test("a wave is told of with those that come by it, and with what became of them", () => {
  const events: ControlPlaneEvent[] = [];
  const watch = watchRollouts(
    (event) => events.push(event),
    () => 0,
  );
  const waves = [["a"], ["b"]];
  const health = { vmFailures: 0, requests: 3, failed: 1, restarts: 0 };
  watch.begin(rollout);
  watch.plan({ kind: "staged", waves });
  watch.enter({ ...rollout, wave: { waves, index: 0 } }, stage("wave", "a", "b"));
  watch.answered("b", { kind: "acked" });
  watch.judged(
    { wave: 1, of: 2, proxies: ["a", "b"] },
    {
      health: new Map([
        ["a", health],
        ["b", health],
      ]),
      reason: "too many",
    },
  );
  // Back by stages, which is one thing to tell of.
  watch.enter({ ...rollout, to: from }, stage("new side on", "a", "b"));
  watch.enter({ ...rollout, to: from }, stage("callers told", "a", "b"));
  expect(events.slice(1)).toEqual([
    { kind: "planned", rollout: 1, plan: { kind: "staged", waves } },
    {
      ...{ kind: "stageBegun", rollout: 1, isFirst: false, stage: "wave", proxies: ["a"] },
      wave: { wave: 1, of: 2 },
    },
    {
      ...{ kind: "judged", rollout: 1, wave: 1, of: 2, proxies: ["a", "b"], reason: "too many" },
      ...{ vmFailures: 0, requests: 6, failed: 2, restarts: 0 },
    },
    { kind: "stageEnded", rollout: 1, stage: "wave", ms: 0 },
    { kind: "takenBack", rollout: 1, proxies: ["a", "b"] },
  ]);
  expect(events.map(eventText).filter((line) => line !== undefined)).toEqual([
    "rollout: in 2 waves, of 1, 1 proxies",
    "rollout: wave 1 of 2 (proxies: a)",
    "wire: rollout: wave 1 of 2 goes back: too many",
    "rollout: taken back (proxies: a, b)",
  ]);
});

test("stages, and each proxy's answer once in each, are told with the time that they took", () => {
  let nowMs = 0;
  const events: ControlPlaneEvent[] = [];
  const watch = watchRollouts(
    (event) => events.push(event),
    () => nowMs,
  );
  watch.begin(rollout);
  nowMs = 1;
  watch.enter(rollout, stage("new side on", "a", "b"));
  nowMs = 3;
  watch.answered("a", { kind: "acked" });
  watch.answered("a", { kind: "acked" });
  watch.answered("b", { kind: "timeout" });
  nowMs = 10;
  watch.enter(rollout, stage("callers told", "a"));
  nowMs = 12;
  watch.enter({ ...rollout, to: from }, stage("old side off", "a"));
  nowMs = 15;
  watch.end("failed", new Error("b is late"));
  watch.begin(rollout);
  watch.end("replaced");
  expect(events).toEqual([
    { kind: "rolloutBegun", rollout: 1, isFirst: false },
    { kind: "stageBegun", rollout: 1, isFirst: false, stage: "new side on", proxies: ["a", "b"] },
    { kind: "acknowledged", rollout: 1, stage: "new side on", node: "a", ms: 2 },
    { kind: "stageEnded", rollout: 1, stage: "new side on", ms: 9 },
    { kind: "stageBegun", rollout: 1, isFirst: false, stage: "callers told", proxies: ["a"] },
    { kind: "stageEnded", rollout: 1, stage: "callers told", ms: 2 },
    { kind: "takenBack", rollout: 1, proxies: ["a"] },
    { kind: "rolloutEnded", rollout: 1, outcome: "failed", ms: 15, reason: "b is late" },
    { kind: "rolloutBegun", rollout: 2, isFirst: false },
    { kind: "rolloutEnded", rollout: 2, outcome: "replaced", ms: 0 },
  ]);
});

test("builds that come before the one that is wanted are stages of its rollout, and not taken back", () => {
  const events: ControlPlaneEvent[] = [];
  const watch = watchRollouts(
    (event) => events.push(event),
    () => 0,
  );
  const first = { ...rollout, to: between, goal: to };
  watch.begin(first);
  watch.enter(first, stage("old side off", "a"));
  // Laid out where the one before has its chains.
  watch.enter({ ...rollout, from: between, to: { ...to } }, stage("new side on", "a"));
  watch.enter({ ...rollout, from: between, to: between }, stage("new side on", "a"));
  expect(events.flatMap((event) => (event.kind === "stageBegun" ? event.stage : event.kind))).toEqual([
    ...["rolloutBegun", "old side off", "stageEnded", "new side on", "stageEnded", "takenBack"],
  ]);
});
