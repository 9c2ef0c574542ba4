import type { Nack } from "../server/node.ts";
import { oneLine } from "./one-line.ts";
import type { PolicyPlace } from "./refused-policies.ts";

/** A NACK as a line: which proxy refused which resources, of which policies, where these stand, and what the proxy said. */
export function nackText(
  { node, resources, message }: Omit<Nack, "typeUrl">,
  policies: readonly PolicyPlace[],
): string {
  const what = `${oneLine(resources.join(", "))}${ofPolicies(policies)}`;
  return `wire: [nack] proxy "${oneLine(node)}" refused ${what}: ${oneLine(message)}; it goes on with what it had`;
}

/** Whose a refused resource is, in the policy author's words; nothing where no policy is behind it. */
export function ofPolicies(policies: readonly PolicyPlace[]): string {
  if (policies.length === 0) return "";
  const places = policies.map(({ policy, file, line }) => `\`${policy}\` (${file}:${line})`);
  return `, of ${policies.length === 1 ? "policy" : "policies"} ${places.join(", ")}`;
}
