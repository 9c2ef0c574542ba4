import type { Build } from "../pipeline/build.ts";
import type { Nack } from "../server/node.ts";

/** A NACK in the policy author's words: which policy, where it stands, which proxy refused it and what that proxy said. */
export function nackText(nack: Nack, build: Pick<Build, "chains" | "policies">): string {
  const slots = build.chains
    .flatMap((chain) => chain.slots)
    .filter((slot) => nack.resources.includes(slot.place));
  const names = new Set(slots.flatMap((slot) => slot.module.policies));
  const policies = build.policies.filter((policy) => names.has(policy.name));
  const what =
    policies.length === 0
      ? nack.resources.join(", ")
      : policies.map((policy) => `policy \`${policy.name}\` (${policy.source.path})`).join(", ");
  return `wire: [nack] proxy "${nack.node}" refused ${what}: ${nack.message}; it goes on with what it had`;
}
