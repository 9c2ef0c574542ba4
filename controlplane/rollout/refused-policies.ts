import { positionOf } from "../language/render.ts";
import type { Build } from "../pipeline/build.ts";
import type { Nack } from "../server/node.ts";

/** A policy and where its name stands; lines count from 1. */
export interface PolicyPlace {
  readonly policy: string;
  readonly file: string;
  readonly line: number;
}

/** The policies of what a proxy refused; none where no policy is behind it. */
export function refusedPolicies(
  { resources }: Pick<Nack, "resources">,
  { chains, policies }: Pick<Build, "chains" | "policies">,
): readonly PolicyPlace[] {
  const slots = chains.flatMap((chain) => chain.slots).filter((slot) => resources.includes(slot.place));
  const names = new Set(slots.flatMap((slot) => slot.module.policies));
  return policies
    .filter((policy) => names.has(policy.name))
    .map(({ name, source, span }) => ({
      policy: name,
      file: source.path,
      line: positionOf(source, span.start).line,
    }));
}
