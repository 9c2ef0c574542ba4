import type { Policy, Side } from "../language/policy.ts";
import { type Effects, effects, heldBack, phaseOf } from "./footprint.ts";

/** What a policy says under a heading. */
export interface Headed {
  readonly policy: Policy;
  readonly heading: Side;
}

/** What two policies are about that mean something else on two sides of a call than on one. */
export type Split = "delay" | "copies" | "attempts" | "answers" | "late answers";

/**
 * Whether two policies would mean something else with the first at the caller and the second at the callee than with both on one side, and why.
 * What proxies do themselves for a policy they do behind all policies of its side, so that the next side sees what came of it and its own
 * does not. A heading says which is meant; where none does, cost must not decide it. `isLater`: the one at the callee comes later in order.
 */
export function splits(caller: Headed, callee: Headed, isLater: boolean): Split | undefined {
  const [before, after] = [effectsOf(caller), effectsOf(callee)];
  const { behind } = before;
  // A policy for responses does not see what a policy of its side answers.
  if (seesResponses(caller.policy) && deniesItself(after)) return "answers";
  if (behind.size === 0) return undefined;
  const asksLater = isLater && phaseOf(callee.policy) === "request";
  const isAsked = after.isLasting || after.denials.size > 0;
  if (behind.has("delay") && asksLater && isAsked) return "delay";
  // Every copy and every attempt is a request of its own at the callee.
  if (behind.has("copies") && (after.isLasting || (asksLater && isAsked))) return "copies";
  if (behind.has("attempts") && (after.isLasting || after.behind.size > 0 || isTriedAgain(after)))
    return "attempts";
  // That time is up is answered by the caller's proxy.
  if (behind.has("time") && seesResponses(callee.policy)) return "late answers";
  return undefined;
}

/** In words, behind "because of". */
export function splitText(split: Split): string {
  switch (split) {
    case "delay":
      return "what is held back";
    case "copies":
      return "copies, which are requests of their own at the callee";
    case "attempts":
      return "attempts, which are requests of their own at the callee";
    case "answers":
      return "what a policy answers, which those for responses at its side do not see";
    case "late answers":
      return "the answer when time is up, which the callee's proxy does not see";
    default:
      return split satisfies never;
  }
}

function effectsOf({ policy, heading }: Headed): Effects {
  return effects(policy, policy.kind === "filter" ? undefined : heading);
}

function seesResponses(policy: Policy): boolean {
  if (policy.mode === "audit") return false;
  return phaseOf(policy) === "response" || (policy.kind === "filter" && policy.responds === true);
}

/** Whether it answers in the stead of the service; what is held back for too long is the proxy's own answer. */
function deniesItself({ denials }: Effects): boolean {
  return denials.size > (denials.has(heldBack) ? 1 : 0);
}

/** Whether a proxy tries again what the policy answers: by some statuses, also those that are unavailable to gRPC; that of filter code may be any. */
function isTriedAgain({ denials }: Effects): boolean {
  return [...denials].some((denial) => {
    const status = Number(/^\["(\d+)"/.exec(denial)?.[1] ?? 503);
    return status >= 500 || status === 409 || status === 429;
  });
}
