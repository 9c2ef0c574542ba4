import type { Build } from "../pipeline/build.ts";
import type { Senders } from "./senders.ts";

/** A rollout that has not ended: enough to go on with it in another process. */
export interface Rollout {
  /** In force before; absent for the first build. */
  readonly from?: Build;
  readonly to: Build;
  /** What is wanted, where that cannot be in force at once: others of these rollouts follow. */
  readonly goal?: Build;
  /** Number of the stage that is being entered. */
  readonly stage: number;
  /** Where it is before the stages: proxies get it in these waves, of which the last one are the stages. */
  readonly wave?: { readonly waves: readonly (readonly string[])[]; readonly index: number };
  /** It brings back what was in force before: nobody waits for it to be healthy, and it never goes back itself. */
  readonly isReturn?: true;
  /** Who followed the addresses when the rollout began: whoever goes on with it has to wait for them too. */
  readonly followers: readonly string[];
  /** Names of the policies that are switched off. */
  readonly off: readonly string[];
  /** Where services were before, by which they are still known. */
  readonly former: Senders;
  /** Services whose proxies have been made to leave, sorted. */
  readonly left: readonly string[];
}

/** A rollout, whoever follows, whatever is switched off, whatever is forgotten and whoever leaves meanwhile. */
export type Begun = Omit<Rollout, "off" | "followers" | "former" | "left">;

/** How far a staged rollout is. */
export interface WaveProgress {
  /** From 1 on. */
  readonly wave: number;
  readonly of: number;
  /** Who has the change, or gets it now. */
  readonly proxies: readonly string[];
}

/** Who has a change in a wave: also those of the waves before. */
export function toldIn({ waves, index }: NonNullable<Rollout["wave"]>): readonly string[] {
  return waves.slice(0, index + 1).flat();
}
