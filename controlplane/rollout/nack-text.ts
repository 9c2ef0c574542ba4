import type { Nack } from "../server/node.ts";
import { oneLine } from "./one-line.ts";
import type { PolicyPlace } from "./refused-policies.ts";

/** A NACK in the policy author's words: which policy, where it stands, which proxy refused it and what that proxy said. */
export function nackText(
  { node, resources, message }: Omit<Nack, "typeUrl">,
  policies: readonly PolicyPlace[],
): string {
  const what =
    policies.length === 0
      ? oneLine(resources.join(", "))
      : policies.map(({ policy, file, line }) => `policy \`${policy}\` (${file}:${line})`).join(", ");
  return `wire: [nack] proxy "${oneLine(node)}" refused ${what}: ${oneLine(message)}; it goes on with what it had`;
}
