import { headerKey } from "../language/check-header.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { CopperPolicy } from "../language/policy.ts";
import { textOf } from "../language/statements-in.ts";
import type { CallName } from "./call-graph.ts";
import { closed, constantText } from "./constant-value.ts";
import { footprint, keyText } from "./footprint.ts";
import { exclude, type Guarded, guardedCalls, isImpliedBy } from "./guarded.ts";
import { inHeader } from "./trial-value.ts";

/** Two calls of two policies on whose order it depends what becomes of a request, or that want opposite things of it. */
export interface Clash {
  readonly kind: "contradiction" | "order";
  readonly first: Guarded;
  readonly second: Guarded;
  /** What it is about: "header `x-tier`". */
  readonly about: string;
  /** What happens when the first policy comes first, and when the second does. */
  readonly outcomes: readonly [Effect, Effect];
  /** Whether they clash on this call. */
  isOn(call: CallName): boolean;
}

export type Effect =
  | { readonly what: "header"; readonly key: string; readonly name: string; readonly value: string }
  | { readonly what: "version"; readonly service: string; readonly version: string }
  | { readonly what: "denied"; readonly status: number }
  | { readonly what: "other"; readonly text: string };

/** How the policies clash where both are in force, contradictions first. Nothing when one is audited or they are about different phases. */
export function clashesOf(p: CopperPolicy, q: CopperPolicy): readonly Clash[] {
  if (p.mode !== "enforce" || q.mode !== "enforce") return [];
  const isSamePhase = phaseOf(p) === phaseOf(q);
  const mayExclude = !changesConditions(p, q) && !changesConditions(q, p);
  const pairs = guardedCalls(p)
    .flatMap((first) => guardedCalls(q).map((second) => ({ first, second })))
    // The path orders what is at the caller before what is at the callee.
    .filter(({ first, second }) => [first.side, second.side].sort().join() !== "egress,ingress")
    .filter(({ first, second }) => !(mayExclude && exclude(first, second)));
  const contradictions = isSamePhase
    ? pairs.flatMap(({ first, second }) => contradictionOf(first, second) ?? [])
    : [];
  const orders = pairs.flatMap(({ first, second }) => orderOf(first, second) ?? []);
  const clashes = [...contradictions, ...orders];
  // Responses come back: of two policies for them, the first has its turn last.
  return isSamePhase && phaseOf(p) === "response"
    ? clashes.map((clash) => ({ ...clash, outcomes: [clash.outcomes[1], clash.outcomes[0]] as const }))
    : clashes;
}

/** Whether the one may make a condition of the other hold, or no longer hold. */
function changesConditions(p: CopperPolicy, q: CopperPolicy): boolean {
  const writes = footprint(p)?.writes ?? new Set();
  return [...(footprint(q)?.reads ?? [])].some((key) => writes.has(key));
}

function contradictionOf(first: Guarded, second: Guarded): Clash | undefined {
  const appliesTo = (call: CallName): boolean =>
    call.from !== null || (first.side !== "egress" && second.side !== "egress");
  const clash = { kind: "contradiction", first, second } as const;
  const actions = [first.call.action, second.call.action];
  if (actions.includes("Allow") && actions.includes("Deny")) {
    const [allow, deny] = first.call.action === "Allow" ? [first, second] : [second, first];
    if (!isImpliedBy(deny, allow)) return undefined;
    const outcome: Effect = { what: "denied", status: Number(textOf(deny.call, 0)) || 0 };
    return {
      ...clash,
      about: "whether the request is let through",
      outcomes: [outcome, outcome],
      isOn: (call) => appliesTo(call) && admits(allow, call),
    };
  }
  const [service, version] = [textOf(first.call, 0), textOf(first.call, 1)];
  if (actions.every((action) => action === "RouteToVersion")) {
    const other = textOf(second.call, 1);
    if (service !== textOf(second.call, 0) || version === other) return undefined;
    return {
      ...clash,
      about: `the version of \`${service}\``,
      outcomes: [
        { what: "version", service, version: other },
        { what: "version", service, version },
      ],
      isOn: (call) => appliesTo(call) && call.to === service,
    };
  }
  if (actions.every((action) => action === "SetHeader")) {
    const name = headerKey(textOf(first.call, 0));
    const [mine, other] = [headerValue(first), headerValue(second)];
    if (name !== headerKey(textOf(second.call, 0)) || mine === undefined || other === undefined)
      return undefined;
    const key = first.touched.writes?.[0] ?? "";
    if (mine === other) return undefined;
    return {
      ...clash,
      about: `header \`${name}\``,
      outcomes: [
        { what: "header", key, name, value: other },
        { what: "header", key, name, value: mine },
      ],
      isOn: appliesTo,
    };
  }
  return undefined;
}

/** The value that a call gives a header, where that is the same for every request. */
function headerValue({ call, locals, policy }: Guarded): string | undefined {
  const value = call.arguments[1];
  return value && inHeader(constantText(closed(value, locals), policy));
}

/** Whether an `Allow` admits a call. */
export function admits({ call }: Pick<Guarded, "call">, { from, to }: CallName): boolean {
  const [caller, callee] = [textOf(call, 0), textOf(call, 1)];
  return (caller === "*" || caller === from) && (callee === "*" || callee === to);
}

function orderOf(first: Guarded, second: Guarded): Clash | undefined {
  const found = differenceOf(first, second);
  if (found === undefined) return undefined;
  return {
    kind: "order",
    first,
    second,
    about: found.about,
    outcomes: found.outcomes,
    isOn: (call) =>
      (call.from !== null || (first.side !== "egress" && second.side !== "egress")) &&
      [first, second].every(
        ({ call: { action }, call: made }) =>
          !["RouteToVersion", "SplitByWeight", "Mirror"].includes(action) || textOf(made, 0) === call.to,
      ),
  };
}

type Difference = Pick<Clash, "about" | "outcomes">;

function differenceOf(first: Guarded, second: Guarded): Difference | undefined {
  const [p, q] = [`\`${first.policy.name}\``, `\`${second.policy.name}\``];
  const other = (text: string): Effect => ({ what: "other", text });
  const a = first.touched;
  const b = second.touched;
  const both = common(a.writes, b.writes);
  if (both !== undefined && !isSameCall(first, second))
    return {
      about: both,
      outcomes: [other(`${q} has the last word`), other(`${p} has the last word`)],
    };
  const readLater = common(a.writes, b.reads);
  if (readLater !== undefined)
    return {
      about: readLater,
      outcomes: [other(`${q} sees what ${p} made of it`), other(`${q} sees what came`)],
    };
  const readFirst = common(a.reads, b.writes);
  if (readFirst !== undefined)
    return {
      about: readFirst,
      outcomes: [other(`${p} sees what came`), other(`${p} sees what ${q} made of it`)],
    };
  const [mine] = a.denials ?? [];
  const [theirs] = b.denials ?? [];
  if (mine !== undefined && theirs !== undefined && mine !== theirs)
    return {
      about: "the answer to what both refuse",
      outcomes: [other(`${p} answers`), other(`${q} answers`)],
    };
  const lasts = "what is counted, logged or kept";
  if (theirs !== undefined && a.isLasting === true)
    return {
      about: lasts,
      outcomes: [other(`${p} sees what ${q} then refuses`), other(`${p} does not see what ${q} refuses`)],
    };
  if (mine !== undefined && b.isLasting === true)
    return {
      about: lasts,
      outcomes: [other(`${q} does not see what ${p} refuses`), other(`${q} sees what ${p} then refuses`)],
    };
  return undefined;
}

function common(a: readonly string[] = [], b: readonly string[] = []): string | undefined {
  const key = a.find((one) => b.includes(one));
  return key === undefined ? undefined : keyText(key);
}

/** The same action with the same literals does the same in either order. */
function isSameCall({ call: a }: Guarded, { call: b }: Guarded): boolean {
  return (
    a.action === b.action &&
    a.arguments.length === b.arguments.length &&
    a.arguments.every((argument, at) => {
      const other = b.arguments[at];
      return argument.kind === "literal" && other?.kind === "literal" && argument.value === other.value;
    })
  );
}
