import { expect, test } from "vitest";
import type { Rollout } from "./control-plane.ts";
import type { ControlPlaneEvent } from "./event.ts";
import type { Stage } from "./stages.ts";
import { watchRollouts } from "./watch-rollouts.ts";

const [from, to] = [{}, {}] as Rollout["to"][] as [Rollout["to"], Rollout["to"]];
const rollout: Rollout = { from, to, stage: 0, followers: [], off: [], former: new Map() };

function stage(name: Stage["name"], ...proxies: readonly string[]): Stage {
  return { name, snapshots: new Map(proxies.map((proxy) => [proxy, new Map() as never])), addresses: {} };
}

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
