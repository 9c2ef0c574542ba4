import { phaseOf } from "../language/phase-of.ts";
import type { Policy, Side } from "../language/policy.ts";
import { type Effects, effects, footprint, heldBack, host, isTag, keyText, method } from "./footprint.ts";

/** What a policy says under a heading. */
export interface Headed {
  readonly policy: Policy;
  readonly heading: Side;
}

/** What two policies are about that mean something else on two sides of a call than on one. */
export type Split =
  | { readonly kind: "delay" | "copies" | "attempts" | "answers" | "late answers" }
  /** A header, of which a proxy goes by what arrived; or what both write into the access log, of which each proxy has a line. */
  | { readonly kind: "arrived" | "logged"; readonly key: string };

/**
 * Whether two policies would mean something else with the first at the caller and the second at the callee than with both on one side, and why.
 * What proxies do themselves for a policy they do behind all policies of its side, so that the next side sees what came of it and its own
 * does not. A heading says which is meant; where none does, cost must not decide it. `isLater`: the one at the callee comes later in order.
 */
export function splits(caller: Headed, callee: Headed, isLater: boolean): Split | undefined {
  const [before, after] = [effectsOf(caller), effectsOf(callee)];
  const { behind } = before;
  // A policy for responses does not see what a policy of its side answers.
  if (seesResponses(caller.policy) && deniesItself(after)) return { kind: "answers" };
  const key = [...after.arrived].find((each) => mayWrite(caller, each));
  if (key !== undefined) return { kind: "arrived", key };
  const tag = tagOfBoth(caller, callee);
  if (tag !== undefined) return { kind: "logged", key: tag };
  if (behind.size === 0) return undefined;
  const asksLater = isLater && phaseOf(callee.policy) === "request";
  const isAsked = after.isLasting || after.denials.size > 0;
  if (behind.has("delay") && asksLater && isAsked) return { kind: "delay" };
  // Every copy and every attempt is a request of its own at the callee.
  if (behind.has("copies") && (after.isLasting || (asksLater && isAsked))) return { kind: "copies" };
  if (behind.has("attempts") && (after.isLasting || after.behind.size > 0 || isTriedAgain(callee)))
    return { kind: "attempts" };
  // That time is up is answered by the caller's proxy.
  if (behind.has("time") && seesResponses(callee.policy)) return { kind: "late answers" };
  return undefined;
}

/** In words, behind "because of". */
export function splitText(split: Split): string {
  switch (split.kind) {
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
    case "logged":
      return `${split.key} of the access log, of which each proxy has a line`;
    case "arrived":
      return `${keyText(split.key)}, of which each proxy goes by what arrived`;
    default:
      return split satisfies never;
  }
}

function effectsOf({ policy, heading }: Headed): Effects {
  return effects(policy, headingOf(policy, heading));
}

/** A tag that both write. */
function tagOfBoth(one: Headed, other: Headed): string | undefined {
  const [written, again] = [one, other].map(
    ({ policy, heading }) => footprint(policy, headingOf(policy, heading))?.writes,
  );
  return [...(written ?? [])].find((key) => isTag(key) && again?.has(key));
}

/** All of filter code is under its one heading. */
function headingOf(policy: Policy, heading: Side): Side | undefined {
  return policy.kind === "filter" ? undefined : heading;
}

/** Of filter code that does not list what it writes, any header may be but the host, which code does not write. And Copper makes no request a `HEAD`. */
function mayWrite({ policy, heading }: Headed, key: string): boolean {
  if (policy.kind === "filter" ? key === host : key === method) return false;
  const known = footprint(policy, headingOf(policy, heading));
  if (known !== undefined) return known.writes.has(key);
  return policy.mode !== "audit" && policy.actions.includes("SetHeader");
}

function seesResponses(policy: Policy): boolean {
  if (policy.mode === "audit") return false;
  return phaseOf(policy) === "response" || (policy.kind === "filter" && policy.responds === true);
}

/** What of an answer may have a proxy try again. */
const statuses = ["response::status", "response:grpc-status"] as const;

/** Whether it answers in the stead of the service; what is held back for too long is the proxy's own answer. */
function deniesItself({ denials }: Effects): boolean {
  return denials.size > (denials.has(heldBack) ? 1 : 0);
}

/**
 * Whether a proxy may try again because of what the policy makes of an answer: a status of gRPC, or one of its own, also those that are given to
 * gRPC as internal or unavailable. Those of filter code may be any.
 */
function isTriedAgain(callee: Headed): boolean {
  const { policy } = callee;
  if (seesResponses(policy) && statuses.some((key) => mayWrite(callee, key))) return true;
  return [...effectsOf(callee).denials].some((denial) => {
    // That of a connection has none, and is a 403 to a request.
    const status = Number(/^\["(\d*)"/.exec(denial)?.[1] ?? 503);
    return status >= 500 || [400, 409, 429].includes(status);
  });
}
