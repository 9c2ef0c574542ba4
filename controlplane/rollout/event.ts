import type { Converged } from "../server/convergence.ts";
import type { Nack, Outcome } from "../server/node.ts";
import type { Health } from "./health.ts";
import type { Turn } from "./latest-wins.ts";
import type { PolicyPlace } from "./refused-policies.ts";
import type { WaveProgress } from "./rollout.ts";
import type { Stage } from "./stages.ts";
import type { Waves } from "./waves.ts";

/** What happens in a control plane, as those hear of it who show it: lines for people, logs for machines, metrics and traces. */
export type ControlPlaneEvent =
  /** A stream of a proxy: `address` is `HOST:PORT` of its other end, `identities` what its certificate says. */
  | {
      readonly kind: "connected" | "disconnected";
      readonly node: string;
      readonly address: string;
      readonly identities: readonly string[];
    }
  /** A client was not let in, or its stream was ended: by TLS, or by the server. Told once a minute for each host, node and reason. */
  | {
      readonly kind: "turnedAway";
      readonly by: "tls" | "server";
      readonly address: string;
      readonly identities: readonly string[];
      /** Who it says it is, where it has said so. */
      readonly node?: string;
      readonly reason: string;
    }
  | ({ readonly kind: "nacked"; readonly policies: readonly PolicyPlace[] } & Nack)
  | ({ readonly kind: "converged" } & Converged)
  | { readonly kind: "built"; readonly ms: number; readonly outcome: "built" | "faulty" }
  | RolloutEvent
  | { readonly kind: "draining"; readonly proxies: number; readonly overMs: number };

/** Rollouts are counted from 1 in each process. Between its beginning and its end, all events are of the one rollout. */
export type RolloutEvent = {
  readonly rollout: number;
} /** `revision`: of the history, which goes on over restarts. */ & (
  | { readonly kind: "rolloutBegun"; readonly isFirst: boolean; readonly revision?: number }
  | {
      readonly kind: "stageBegun";
      readonly isFirst: boolean;
      readonly stage: Stage["name"];
      readonly proxies: readonly string[];
      /** Of a wave before the stages. */
      readonly wave?: Pick<WaveProgress, "wave" | "of">;
    }
  /** A staged rollout: its waves, or why it comes to all proxies together. */
  | { readonly kind: "planned"; readonly plan: Waves }
  /** The time of a wave is over, or its proxies are not healthy: then with the reason. */
  | ({ readonly kind: "judged"; readonly reason?: string } & WaveProgress & Health)
  /** So long after the beginning of the stage. */
  | {
      readonly kind: "acknowledged";
      readonly stage: Stage["name"];
      readonly node: string;
      readonly ms: number;
    }
  /** It takes long, or refuses what it is sent. */
  | { readonly kind: "waiting"; readonly node: string; readonly outcome: Exclude<Outcome["kind"], "acked"> }
  | { readonly kind: "stageEnded"; readonly stage: Stage["name"]; readonly ms: number }
  /** What was in force before is in force again. */
  | { readonly kind: "takenBack"; readonly proxies: readonly string[] }
  | {
      readonly kind: "rolloutEnded";
      readonly outcome: Turn | "failed";
      readonly ms: number;
      /** Why it failed. */
      readonly reason?: string;
    }
);
