import type { Act } from "./policy.ts";

/** What an action takes after the thing it is about; `?` marks what may be left out. */
export interface ActionSignature {
  readonly parameters: readonly ("string" | "string?" | "number?" | "header")[];
  /** A `value` yields a string; the rest are statements. */
  readonly role: "statement" | "value";
  readonly acts: readonly Act[];
  /** Where it can be done; absent: on either side. */
  readonly side?: "egress" | "ingress";
  /** How it is written, for help. */
  readonly usage: string;
}

/** The actions that every data plane of this toolkit offers. */
export const actions: ReadonlyMap<string, ActionSignature> = new Map<string, ActionSignature>([
  [
    "SetHeader",
    {
      parameters: ["string", "header"],
      role: "statement",
      acts: ["Request", "RPCRequest"],
      usage: 'SetHeader(request, "name", "value")',
    },
  ],
  [
    "GetHeader",
    {
      parameters: ["string"],
      role: "value",
      acts: ["Request", "RPCRequest"],
      usage: 'GetHeader(request, "name")',
    },
  ],
  [
    "Allow",
    {
      parameters: ["string?", "string?"],
      role: "statement",
      acts: ["Connection", "Request", "RPCRequest"],
      usage: 'Allow(request, "caller", "callee")',
    },
  ],
  [
    "Deny",
    {
      parameters: ["number?", "string?"],
      role: "statement",
      acts: ["Connection", "Request", "RPCRequest"],
      usage: 'Deny(request, 403, "body")',
    },
  ],
  [
    "RouteToVersion",
    {
      parameters: ["string", "string"],
      role: "statement",
      acts: ["Request", "RPCRequest"],
      side: "egress",
      usage: 'RouteToVersion(request, "service", "version")',
    },
  ],
]);

/** Names of the actions that an act offers. */
export function actionsOf(act: Act): readonly string[] {
  return [...actions].filter(([, action]) => action.acts.includes(act)).map(([name]) => name);
}
