import { strict as assert } from "node:assert";
import type { Outcome } from "../server/node.ts";
import type { ControlPlaneEvent } from "./event.ts";
import { sum } from "./health.ts";
import type { Turn } from "./latest-wins.ts";
import type { Begun, WaveProgress } from "./rollout.ts";
import type { Stage } from "./stages.ts";
import type { Verdict } from "./watch-health.ts";
import type { Waves } from "./waves.ts";

/** Makes events of what a control plane says of its rollouts, of which one runs at a time. */
export interface RolloutWatch {
  begin(rollout: Begun, revision?: number): void;
  enter(rollout: Begun, stage: Stage): void;
  answered(node: string, outcome: Outcome): void;
  plan(plan: Waves): void;
  judged(progress: WaveProgress, verdict: Verdict): void;
  waiting(node: string, outcome: Exclude<Outcome["kind"], "acked">): void;
  end(outcome: Turn | "failed", cause?: unknown): void;
}

interface Running {
  readonly rollout: Begun;
  readonly beganMs: number;
  /** Said once, however many stages it takes. */
  isTakenBack?: boolean;
  stage?: { readonly name: Stage["name"]; readonly beganMs: number; readonly open: Set<string> };
}

/** Whether a stage is of the way back. What is kept after going back is that nothing is on its way. */
function isBack(entered: Begun, begun: Begun): boolean {
  const [wanted, before] = [entered, begun].map(({ to, goal = to }) => goal.input);
  return entered.from === entered.to || wanted !== before;
}

export function watchRollouts(
  observe: (event: ControlPlaneEvent) => void,
  nowMs: () => number,
): RolloutWatch {
  let number = 0;
  let running: Running | undefined;

  function endStage(of: Running): void {
    if (of.stage === undefined) return;
    const { name: stage, beganMs } = of.stage;
    delete of.stage;
    observe({ kind: "stageEnded", rollout: number, stage, ms: nowMs() - beganMs });
  }

  return {
    begin: (rollout, revision) => {
      number++;
      running = { rollout, beganMs: nowMs() };
      const isFirst = rollout.from === undefined;
      const own = revision === undefined ? {} : { revision };
      observe({ kind: "rolloutBegun", rollout: number, isFirst, ...own });
    },
    enter: (rollout, { name, snapshots }) => {
      assert(running !== undefined, "a stage is of a rollout that runs");
      endStage(running);
      const { waves = [], index = 0 } = rollout.wave ?? {};
      const proxies = waves[index] ?? [...snapshots.keys()];
      if (isBack(rollout, running.rollout)) {
        if (running.isTakenBack) return;
        running.isTakenBack = true;
        observe({ kind: "takenBack", rollout: number, proxies });
        return;
      }
      running.stage = { name, beganMs: nowMs(), open: new Set(proxies) };
      const isFirst = rollout.from === undefined;
      const wave = rollout.wave === undefined ? {} : { wave: { wave: index + 1, of: waves.length } };
      observe({ kind: "stageBegun", rollout: number, isFirst, stage: name, proxies, ...wave });
    },
    answered: (node, outcome) => {
      // A stage asks again before it ends; the first time counts.
      const stage = running?.stage;
      if (outcome.kind !== "acked" || stage?.open.delete(node) !== true) return;
      const ms = nowMs() - stage.beganMs;
      observe({ kind: "acknowledged", rollout: number, stage: stage.name, node, ms });
    },
    plan: (plan) => observe({ kind: "planned", rollout: number, plan }),
    judged: (progress, { health, reason }) =>
      observe({
        ...{ kind: "judged", rollout: number, ...progress, ...sum(health.values()) },
        ...(reason === undefined ? {} : { reason }),
      }),
    waiting: (node, outcome) => observe({ kind: "waiting", rollout: number, node, outcome }),
    end: (outcome, cause) => {
      assert(running !== undefined, "a rollout that ends has begun");
      endStage(running);
      const ms = nowMs() - running.beganMs;
      running = undefined;
      const reason = cause instanceof Error ? { reason: cause.message } : {};
      observe({ kind: "rolloutEnded", rollout: number, outcome, ms, ...reason });
    },
  };
}
