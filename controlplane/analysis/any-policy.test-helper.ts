import type { Context } from "../language/context.ts";
import type { CopperPolicy } from "../language/policy.ts";

const span = { start: 0, end: 0 };

/** A policy that does nothing. */
export function policyOf(context: Context, act: CopperPolicy["act"]): CopperPolicy {
  return {
    kind: "copper",
    name: "p",
    source: { path: "p.cup", text: "" },
    span,
    act,
    context,
    contextSpan: span,
    priority: 0,
    mode: "enforce",
    onLost: "skip",
    actions: [],
    parameters: [],
    sections: [],
    states: [],
  };
}
