import { strict as assert } from "node:assert";
import { inOrder } from "../language/in-order.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { CopperPolicy, Policy, Side } from "../language/policy.ts";
import type { Span } from "../language/source.ts";
import { textOf } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type CallName, callGraph } from "./call-graph.ts";
import { admits, type Clash, clashesOf, type Effect } from "./clash.ts";
import { commutes, obstacle } from "./commutes.ts";
import {
  type DecidedCall,
  decidedOtherwise,
  decidedVersion,
  type FixedRoutes,
  fixedRoutes,
} from "./fixed-routes.ts";
import { footprint } from "./footprint.ts";
import { boundSide, type Guarded, guardedCalls } from "./guarded.ts";
import { includes } from "./includes.ts";
import { isEmpty } from "./is-empty.ts";
import { type Meeting, overlap } from "./overlap.ts";
import { prospects } from "./prospects.ts";
import { type Attributes, isSameTrial, type Trial, type Tried, trials, trialsApart } from "./trial.ts";
import { bytesOf } from "./trial-value.ts";
import { shortestWitness, type Verdicts, verdicts } from "./verdicts.ts";

/**
 * `contradiction`: policies want opposite things and no priority says which of them. `order`: what becomes of a request depends on the names of
 * policies. `allows-apart`: headings put `Allow`s that are to be judged together on different sides. `order-apart`: headings put a policy at the
 * callee, and one that comes after it at the caller. `undecided`: it may be one of the first two, but no request was found that shows it, and
 * not all were tried. `admits-nothing`: none of a callee's `Allow`s admits any of the calls that they are judged for. `shadowed`: whatever
 * the first policy does is ended or undone by the second. `dead`: it matches no request, as where an earlier route sends all of them to
 * another version.
 */
export type FindingKind =
  | "contradiction"
  | "order"
  | "allows-apart"
  | "order-apart"
  | "undecided"
  | "admits-nothing"
  | "shadowed"
  | "dead";

/** Something about policies that their authors may not have meant. */
export interface Finding {
  readonly kind: FindingKind;
  readonly policies: readonly Policy[];
  /** Of a request that shows it; empty where there is none. */
  readonly path: readonly string[];
  /** What that request is like, as far as policies ask about it; absent where none was tried. */
  readonly request?: Attributes;
  readonly detail: string;
  /** Where each of the policies says it. */
  readonly places: readonly { readonly policy: Policy; readonly span: Span }[];
  /** With two policies, what happens when the first comes first, and when the second does. */
  readonly outcomes?: readonly [Effect, Effect];
}

/** All findings, the gravest kinds first. Policies that are off are not there; of filter code that does not say what it touches nothing is known. */
export function conflicts(policies: readonly Policy[], mesh: Mesh): readonly Finding[] {
  const active = inOrder(policies.filter(({ mode }) => mode !== "off"));
  const dead = new Map(
    active.flatMap((policy) => (isEmpty(policy, mesh) ? [[policy, matchless(policy)]] : [])),
  );
  const routes = fixedRoutes(active, mesh);
  for (const [number, policy] of active.entries()) {
    const decided = dead.has(policy) ? undefined : decidedOtherwise(policy, mesh, { routes, number });
    const by = active[decided?.by ?? -1];
    if (decided !== undefined && by !== undefined) dead.set(policy, overruled(policy, by, decided));
  }
  const alive = active.filter((policy) => !dead.has(policy));
  const all = pairsOn(alive, mesh);
  const pairs = all.filter(
    (pair): pair is readonly [CopperPolicy, CopperPolicy] =>
      pair[0].kind === "copper" && pair[1].kind === "copper",
  );
  const meetings = meetingsUnder(routes, active, mesh);
  const clashing = pairs.flatMap(([p, q]) => clashesBetween(p, q, meetings));
  const turned = all.flatMap(([p, q]) => orderApart(p, q, meetings));
  const clashers = new Map<Policy, Set<Policy>>();
  // Whose order is not the one in which requests meet them, of these neither decides by coming last.
  for (const { policies: both } of [...clashing, ...turned])
    for (const policy of both) clashers.set(policy, new Set([...(clashers.get(policy) ?? []), ...both]));
  const isClashing = (p: Policy, q: Policy): boolean => clashers.get(p)?.has(q) === true;
  const found = [
    ...clashing,
    ...all.flatMap(([p, q]) => orderOfCode(p, q, meetings)),
    ...pairs.flatMap(([p, q]) => allowsApart(p, q, meetings)),
    ...turned,
    ...admitNothing(alive, mesh),
    ...pairs.flatMap(([p, q]) => (isClashing(p, q) ? [] : shadowed(p, q, { mesh, alive }))),
    ...dead.values(),
  ];
  return kinds.flatMap((kind) => found.filter((finding) => finding.kind === kind));
}

const kinds: readonly FindingKind[] = [
  "contradiction",
  "order",
  "allows-apart",
  "order-apart",
  "undecided",
  "admits-nothing",
  "shadowed",
  "dead",
];

/** The calls on which two policies meet. */
type Meetings = (p: Policy, q: Policy) => Generator<Meeting, void>;

/** Without those of which all requests go to a version that one of the two is not for. */
function meetingsUnder(routes: FixedRoutes, inOrder: readonly Policy[], mesh: Mesh): Meetings {
  if (routes.size === 0) return (p, q) => overlap(p, q, mesh);
  const numbers = new Map(callGraph(mesh).calls.map((call, number) => [call, number]));
  const isForOthers = (policy: Policy, call: number): boolean => {
    const version = decidedVersion({ routes, number: inOrder.indexOf(policy) }, call);
    const versions = verdicts(policy, mesh).calls.find((each) => each.call === call)?.versions;
    return version !== undefined && versions?.includes(version) === false;
  };
  return function* (p, q) {
    for (const meeting of overlap(p, q, mesh)) {
      const call = numbers.get(meeting.call);
      if (call === undefined || ![p, q].some((policy) => isForOthers(policy, call))) yield meeting;
    }
  };
}

function matchless(policy: Policy): Finding {
  return {
    kind: "dead",
    policies: [policy],
    path: [],
    detail: "no request that the mesh can have matches its context",
    places: [{ policy, span: policy.contextSpan }],
  };
}

function overruled(policy: Policy, by: Policy, { call: { from, to }, version }: DecidedCall): Finding {
  return {
    kind: "dead",
    policies: [policy, by],
    path: [],
    detail: `\`${policy.name}\` matches no request: \`${by.name}\`, which comes before it, sends all requests of \`${from ?? "outside"} -> ${to}\` to \`${to}@${version}\``,
    places: [policy, by].map((each) => ({ policy: each, span: each.contextSpan })),
  };
}

/** Policies that may match requests of one call, in order. */
function pairsOn(policies: readonly Policy[], mesh: Mesh): readonly (readonly [Policy, Policy])[] {
  const callsOf = (policy: Policy): Verdicts["calls"] => verdicts(policy, mesh).calls;
  const isMatched = (policy: Policy, calls: Verdicts["calls"]): boolean => {
    const { matched } = prospects(policy, mesh);
    return calls.some(({ call }) => matched[call] === 1);
  };
  return policies.flatMap((p, at) =>
    policies
      .slice(at + 1)
      .filter((q) =>
        callsOf(p).length < callsOf(q).length ? isMatched(q, callsOf(p)) : isMatched(p, callsOf(q)),
      )
      .map((q) => [p, q] as const),
  );
}

/** A priority is an order that the authors have given. */
function clashesBetween(p: CopperPolicy, q: CopperPolicy, meetings: Meetings): readonly Finding[] {
  if (p.priority !== q.priority || p.mode !== "enforce" || q.mode !== "enforce") return [];
  const clashes = clashesOf(p, q);
  // To allow what the other denies comes to the same in either order, and is a contradiction all the same.
  if (commutes(p, q) && !clashes.some(({ kind }) => kind === "contradiction")) return [];
  const met = remembered(meetings(p, q));
  const triedOn = oncePerKind([p, q], (call) => trials(call, [p, q]));
  const seen = new Set<string>();
  const found = clashes
    .filter(({ kind }) => kind === "contradiction")
    .flatMap((clash) => {
      const answerOn = oncePerKind([p, q], (call) => isReal(clash, triedOn(call)));
      const { shown, unknown } = shownAt(met, (call) => (clash.isOn(call) ? answerOn(call) : { is: "no" }));
      if (shown !== undefined) return [findingOf(clash, shown)];
      return unknown === undefined ? [] : [undecidedOf(clash, unknown)];
    })
    .filter(({ detail }) => !seen.has(detail) && seen.add(detail));
  const contradictions = found.filter(({ kind }) => kind === "contradiction");
  if (contradictions.length > 0) return contradictions;
  const [undecided] = found;
  if (commutes(p, q)) return undecided === undefined ? [] : [undecided];
  const isDifferentOn = oncePerKind([p, q], (call) =>
    answerOf(triedOn(call), (orders) => !isSameTrial(...orders)),
  );
  const { shown, unknown } = shownAt(met, isDifferentOn);
  const clashOn = ({ call }: Meeting): Clash | undefined =>
    clashes.find(({ kind, isOn }) => kind === "order" && isOn(call));
  if (shown !== undefined) {
    const clash = clashOn(shown);
    // It takes more than two calls: each may do what the other then sees, or not.
    return [clash === undefined ? byNames(p, q, shown) : findingOf(clash, shown)];
  }
  if (undecided !== undefined) return [undecided];
  return unknown === undefined ? [] : [undecidedOf(clashOn(unknown) ?? { first: p, second: q }, unknown)];
}

/** Whether there is a request of which something is so, and one; `unknown` where none was found and too many are left. */
type Answer = { readonly is: "yes"; readonly request: Attributes } | { readonly is: "no" | "unknown" };

function answerOf<T>({ all, isComplete }: Tried<T>, isSo: (came: T) => boolean): Answer {
  const some = all.filter(({ came }) => isSo(came));
  const shown = some.find(({ isSure }) => isSure);
  if (shown !== undefined) return { is: "yes", request: shown.request };
  return { is: isComplete && some.length === 0 ? "no" : "unknown" };
}

/** A meeting, and what a request has to be like there. */
interface Shown extends Meeting {
  readonly request: Attributes;
}

/** The first meeting at which a request shows it, else the first at which that is not known. */
function shownAt(
  meetings: { find(isWanted: (meeting: Meeting) => boolean): Meeting | undefined },
  answerOn: (call: CallName) => Answer,
): { readonly shown?: Shown; readonly unknown?: Meeting } {
  const shown = meetings.find(({ call }) => answerOn(call).is === "yes");
  if (shown !== undefined) {
    const answer = answerOn(shown.call);
    assert(answer.is === "yes", "the same call has the same answer");
    return { shown: { ...shown, request: answer.request } };
  }
  const unknown = meetings.find(({ call }) => answerOn(call).is === "unknown");
  return unknown === undefined ? {} : { unknown };
}

/** What is asked of calls, asked once of all calls that are the same to two policies: whose ends are the same as far as either asks or names services. */
function oncePerKind<T extends object>(
  policies: readonly CopperPolicy[],
  ask: (call: CallName) => T,
): (call: CallName) => T {
  const made = policies.flatMap((policy) => guardedCalls(policy).map(({ call }) => call));
  const named = new Set(made.flatMap((call) => call.arguments.map((_, at) => textOf(call, at))));
  const asks = made.some(({ action }) => action === "GetCaller" || action === "GetCallee");
  const known = new Map<string, T>();
  return (call) => {
    const ends = [call.from, call.to].map((name) => (asks || name === null || named.has(name) ? name : ""));
    const key = JSON.stringify(ends);
    const answer = known.get(key) ?? ask(call);
    known.set(key, answer);
    return answer;
  };
}

/** A sequence that can be gone through again, as far as it was. */
function remembered<T>(items: Iterator<T, void>): { find(isWanted: (item: T) => boolean): T | undefined } {
  const seen: T[] = [];
  return {
    find(isWanted) {
      const known = seen.find(isWanted);
      if (known !== undefined) return known;
      for (let next = items.next(); next.done !== true; next = items.next()) {
        seen.push(next.value);
        if (isWanted(next.value)) return next.value;
      }
      return undefined;
    },
  };
}

/** Of filter code only its lists of headers are known, and without them nothing: that it matters whose turn is first cannot be ruled out. */
function orderOfCode(p: Policy, q: Policy, meetings: Meetings): readonly Finding[] {
  const code = [p, q].filter(({ kind }) => kind === "filter");
  if (code.length === 0 || p.priority !== q.priority || p.mode === "audit" || q.mode === "audit") return [];
  if (commutes(p, q)) return [];
  const meeting = meetings(p, q).next().value;
  if (meeting === undefined) return [];
  const unlisted = code.filter((policy) => footprint(policy) === undefined);
  const why =
    unlisted.length === 0
      ? "by the headers that they say they read and write, it matters"
      : `what ${listed(unlisted)} touches is not known: \`reads\` and \`writes\` would say it`;
  return [
    {
      kind: "order",
      policies: [p, q],
      path: meeting.path,
      detail: `only their names order \`${p.name}\` and \`${q.name}\`, and ${why}`,
      places: [p, q].map((policy) => ({ policy, span: policy.span })),
    },
  ];
}

/** Whether one of the requests that were tried shows it. */
function isReal({ outcomes }: Clash, tried: ReturnType<typeof trials>): Answer {
  return answerOf(tried, (orders) => orders.every((trial, at) => isSo(outcomes[at] ?? outcomes[0], trial)));
}

function isSo(effect: Effect, { written, read, reply }: Trial): boolean {
  const ends = (key: string, value: string): boolean =>
    reply === undefined && (written.get(key) ?? read.get(key) ?? []).join() === bytesOf(value);
  switch (effect.what) {
    case "header":
      return ends(effect.key, effect.value);
    case "version":
      return ends(`version of ${effect.service}`, effect.version);
    case "denied":
      return reply?.status === effect.status;
    case "other":
      return true;
    default:
      return effect satisfies never;
  }
}

/** What may be so. */
function undecidedOf(
  clash: Clash | { readonly first: CopperPolicy; readonly second: CopperPolicy },
  { path }: Meeting,
): Finding {
  const [p, q] =
    "kind" in clash ? [clash.first.policy, clash.second.policy] : ([clash.first, clash.second] as const);
  const about = "kind" in clash ? ` for ${clash.about}` : "";
  const may =
    "kind" in clash && clash.kind === "contradiction"
      ? `\`${p.name}\` and \`${q.name}\` may contradict each other about ${clash.about}, and no priority orders them`
      : `only their names order \`${p.name}\` and \`${q.name}\`, and it may matter${about}`;
  return {
    kind: "undecided",
    policies: [p, q],
    path,
    detail: `${may}: no request was found that shows it, and not all that may were tried`,
    places:
      "kind" in clash
        ? [clash.first, clash.second].map(({ policy, call }) => ({ policy, span: call.span }))
        : [p, q].map((policy) => ({ policy, span: policy.span })),
  };
}

function findingOf({ kind, first, second, about, outcomes }: Clash, { path, request }: Shown): Finding {
  const [p, q] = [first.policy, second.policy];
  const says =
    kind === "contradiction"
      ? `\`${p.name}\` and \`${q.name}\` contradict each other about ${about}, and no priority orders them`
      : `only their names order \`${p.name}\` and \`${q.name}\`, and it matters for ${about}`;
  return {
    kind,
    policies: [p, q],
    path,
    request,
    detail: `${says}: ${outcomesText([p, q], outcomes)}`,
    places: [first, second].map(({ policy, call }) => ({ policy, span: call.span })),
    outcomes,
  };
}

function byNames(p: CopperPolicy, q: CopperPolicy, { path, request }: Shown): Finding {
  const outcomes = [p, q].map(
    ({ name }): Effect => ({
      what: "other",
      text: `\`${name}\` decides for both what becomes of some requests`,
    }),
  );
  const [one, other] = outcomes;
  assert(one !== undefined && other !== undefined, "two policies have two outcomes");
  return {
    kind: "order",
    policies: [p, q],
    path,
    request,
    detail: `only their names order \`${p.name}\` and \`${q.name}\`, and it matters: ${outcomesText([p, q], [one, other])}`,
    places: [p, q].map((policy) => ({ policy, span: policy.span })),
    outcomes: [one, other],
  };
}

function outcomesText([p, q]: readonly [Policy, Policy], [one, other]: readonly [Effect, Effect]): string {
  const texts = [effectText(one), effectText(other)];
  return texts[0] === texts[1]
    ? `whichever comes first, ${texts[0]}`
    : `with \`${p.name}\` first, ${texts[0]}; with \`${q.name}\` first, ${texts[1]}`;
}

function effectText(effect: Effect): string {
  switch (effect.what) {
    case "header":
      return `header \`${effect.name}\` is \`${effect.value}\``;
    case "version":
      return `the request goes to \`${effect.service}@${effect.version}\``;
    case "denied":
      return effect.status === 0
        ? "the connection is closed, as `Deny` wins"
        : `the answer is ${effect.status}, as \`Deny\` wins`;
    case "other":
      return effect.text;
    default:
      return effect satisfies never;
  }
}

function allowsOf(policy: Policy): readonly Guarded[] {
  if (policy.kind !== "copper" || policy.mode !== "enforce") return [];
  return guardedCalls(policy).filter(({ call }) => call.action === "Allow");
}

function allowsApart(p: CopperPolicy, q: CopperPolicy, meetings: Meetings): readonly Finding[] {
  const apart = allowsOf(p).flatMap((first) =>
    allowsOf(q)
      .filter((second) => [first.side, second.side].sort().join() === "egress,ingress")
      .map((second) => ({ first, second })),
  );
  const [pair] = apart;
  if (pair === undefined) return [];
  const isRefusedOn = oncePerKind([p, q], (call): Answer => {
    const answers = (["egress", "ingress"] as const).map((side) =>
      answerOf(
        trialsApart(call, [p, q], side),
        ({ together, apart }) => together.reply === undefined && apart.reply !== undefined,
      ),
    );
    return answers.find(({ is }) => is === "yes") ?? { is: "no" };
  });
  // Nothing is done at egress for a request from outside.
  const met = remembered(meetings(p, q));
  const { shown } = shownAt(met, (call) => (call.from === null ? { is: "no" } : isRefusedOn(call)));
  const meeting = shown ?? met.find(({ call }) => call.from !== null);
  if (meeting === undefined) return [];
  const both = `the \`Allow\`s of \`${p.name}\` and \`${q.name}\` are to be judged together, and their headings keep them on different sides of the call`;
  return [
    {
      kind: "allows-apart",
      policies: [p, q],
      path: meeting.path,
      ...(shown === undefined ? {} : { request: shown.request }),
      detail:
        shown === undefined
          ? both
          : `${both}: judged together a request that one of them admits is let through, apart each side refuses what only the other admits`,
      places: [pair.first, pair.second].map(({ policy, call }) => ({ policy, span: call.span })),
    },
  ];
}

/** A request passes what is held at egress first, whatever the order says; where that matters no placement has both. */
function orderApart(p: Policy, q: Policy, meetings: Meetings): readonly Finding[] {
  const pair = headingsOf(p).flatMap((first) =>
    headingsOf(q).flatMap((second) =>
      first.at === "ingress" &&
      second.at === "egress" &&
      !commutes(p, q, { p: first.heading, q: second.heading })
        ? [{ p: first.heading, q: second.heading }]
        : [],
    ),
  )[0];
  if (pair === undefined) return [];
  const meeting = remembered(meetings(p, q)).find(({ call }) => call.from !== null);
  if (meeting === undefined) return [];
  return [
    {
      kind: "order-apart",
      policies: [p, q],
      path: meeting.path,
      detail: `\`${p.name}\` comes before \`${q.name}\`, which matters because of ${obstacle(p, q, pair)}, but it is held at ingress and \`${q.name}\` at egress, which a request passes first`,
      places: [p, q].map((policy) => ({ policy, span: policy.span })),
    },
  ];
}

/** Under which headings a policy says something, and where that keeps it. */
function headingsOf(policy: Policy): readonly { readonly heading: Side; readonly at: Side }[] {
  if (policy.kind === "filter") return [{ heading: policy.side, at: policy.side }];
  return policy.sections.map((section) => ({ heading: section.side, at: boundSide(policy, section) }));
}

function admitNothing(policies: readonly Policy[], mesh: Mesh): readonly Finding[] {
  const graph = callGraph(mesh);
  /** By callee: the calls of which `Allow`s are judged. */
  const judged = new Map<string, Map<number, { readonly allow: Guarded; readonly isSure: boolean }[]>>();
  for (const policy of policies) {
    const allows = allowsOf(policy);
    if (allows.length === 0) continue;
    for (const { call, from, to, verdict } of verdicts(policy, mesh).calls) {
      const calls = judged.get(to) ?? new Map();
      judged.set(to, calls);
      for (const allow of allows)
        if (from !== null || allow.side !== "egress")
          calls.set(call, [...(calls.get(call) ?? []), { allow, isSure: verdict === "always" }]);
    }
  }
  return [...judged].flatMap(([to, calls]): readonly Finding[] => {
    const all = [...calls];
    const nameOf = (call: number): CallName => graph.calls[call] ?? { from: null, to };
    const refused = all.filter(
      ([call, allows]) =>
        allows.some(({ isSure }) => isSure) && !allows.some(({ allow }) => admits(allow, nameOf(call))),
    );
    const [first] = refused;
    if (first === undefined || refused.length < all.length) return [];
    const [call, allows] = first;
    const sure = allows.find(({ isSure }) => isSure)?.allow.policy;
    if (sure === undefined) return [];
    const concerned = [...new Set(all.flatMap(([, each]) => each.map(({ allow }) => allow.policy)))];
    return [
      {
        kind: "admits-nothing",
        policies: concerned,
        path: shortestWitness(sure, mesh, nameOf(call), true) ?? [],
        detail: `no \`Allow\` of ${listed(concerned)} admits any of the calls to \`${to}\` that they match: all of them are refused`,
        places: concerned.flatMap((policy) =>
          allowsOf(policy)
            .slice(0, 1)
            .map((allow) => ({ policy, span: allow.call.span })),
        ),
      },
    ];
  });
}

/** Whether one of two policies, which come in this order, always ends or undoes what the other does. */
function shadowed(
  p: CopperPolicy,
  q: CopperPolicy,
  { mesh, alive }: { readonly mesh: Mesh; readonly alive: readonly Policy[] },
): readonly Finding[] {
  if (p.mode !== "enforce" || q.mode !== "enforce" || phaseOf(p) !== phaseOf(q)) return [];
  for (const [own, by] of [
    [q, p],
    [p, q],
  ] as const) {
    const end = endsBefore(by, own, by === p);
    if (end !== undefined && isEverywhere(end, by, mesh) && isAlwaysWith(by, own, mesh))
      return [
        shadow(own, by, { by: end, mesh, how: "denies every request that it matches before it sees it" }),
      ];
  }
  const refusal = refusesAllowed(p, q, alive);
  if (refusal !== undefined && isEverywhere(refusal, q, mesh) && isAlwaysWith(q, p, mesh))
    return [shadow(p, q, { by: refusal, mesh, how: "denies every request that it admits" })];
  // Responses come back: of two policies for them, the first has its turn last.
  const isBack = phaseOf(p) === "response";
  for (const [own, by] of [
    [p, q],
    [q, p],
  ] as const) {
    const last = undoing(own, by, { alive, isLater: (by === q) !== isBack });
    if (last !== undefined && isEverywhere(last, by, mesh) && isAlwaysWith(by, own, mesh))
      return [shadow(own, by, { by: last, mesh, how: "then decides all that it decides" })];
  }
  return [];
}

/** The `Deny` with which a policy ends every request before another sees it: by its turn, or because it is at the caller and the other is not. */
function endsBefore(by: CopperPolicy, own: CopperPolicy, isEarlier: boolean): Guarded | undefined {
  const end = guardedCalls(by).find(({ call, guards }) => call.action === "Deny" && guards.length === 0);
  if (end === undefined) return undefined;
  const isAtCallee = guardedCalls(own).every(({ side }) => side === "ingress");
  if (isAtCallee && end.side === "egress") return end;
  return isEarlier && (isAtCallee || end.side !== "ingress") ? end : undefined;
}

/**
 * The `Deny` with which a policy refuses all that an earlier one, which does nothing else, admits. It has the answer that requests get that
 * nothing admits, so that it does not matter which of the two is given.
 */
function refusesAllowed(p: CopperPolicy, q: CopperPolicy, alive: readonly Policy[]): Guarded | undefined {
  const mine = guardedCalls(p).filter(
    ({ touched }) =>
      touched.writes !== undefined || touched.denials !== undefined || touched.isLasting === true,
  );
  if (mine.length === 0 || mine.some(({ call }) => call.action !== "Allow")) return undefined;
  // What another admits would be refused in another way with it than without.
  if (alive.some((policy) => policy !== p && policy.actions.includes("Allow"))) return undefined;
  const answer = mine[0]?.touched.denials?.[0];
  // Without it requests that it refuses would come to what is counted here, or is answered otherwise.
  const isSilent = guardedCalls(q).every(
    ({ touched: { denials = [], isLasting } }) =>
      isLasting !== true && denials.every((own) => own === answer),
  );
  return isSilent
    ? guardedCalls(q).find(({ call, guards }) => call.action === "Deny" && guards.length === 0)
    : undefined;
}

/** Whether `outer` is in force wherever `inner` is; on most calls there is no need to look at paths. */
function isAlwaysWith(outer: Policy, inner: Policy, mesh: Mesh): boolean {
  const { matched } = prospects(outer, mesh);
  return verdicts(inner, mesh).calls.every(({ call }) => matched[call] === 1) && includes(outer, inner, mesh);
}

/** Nothing is done at egress for a request from outside. */
function isEverywhere({ side }: Guarded, policy: Policy, mesh: Mesh): boolean {
  return side !== "egress" || verdicts(policy, mesh).calls.every(({ from }) => from !== null);
}

const overwriting = new Set(["SetHeader", "RemoveHeader", "RouteToVersion"]);

/**
 * What undoes all that `p` does, when `p` only writes headers that nobody reads, or chooses a version, and `q` always does so after it: by its
 * turn, or because the side that it is bound to comes later than that of `p`.
 */
function undoing(
  p: CopperPolicy,
  q: CopperPolicy,
  { alive, isLater }: { readonly alive: readonly Policy[]; readonly isLater: boolean },
): Guarded | undefined {
  const [earlySide, lateSide] =
    phaseOf(p) === "request" ? (["egress", "ingress"] as const) : (["ingress", "egress"] as const);
  const mine = footprint(p);
  if (mine === undefined || mine.isLasting || mine.denials.size > 0 || mine.writes.size === 0)
    return undefined;
  const writers = guardedCalls(p).filter(({ touched }) => (touched.writes ?? []).length > 0);
  if (writers.some(({ call }) => !overwriting.has(call.action))) return undefined;
  const isRead = alive.some((policy) => {
    const reads = policy === p ? undefined : footprint(policy)?.reads;
    return policy !== p && (reads === undefined || [...mine.writes].some((key) => reads.has(key)));
  });
  if (isRead) return undefined;
  const last = guardedCalls(q).filter(
    ({ call, guards, side }) =>
      overwriting.has(call.action) &&
      guards.length === 0 &&
      writers.every((writer) =>
        isLater
          ? writer.side !== lateSide || side !== earlySide
          : writer.side === earlySide && side === lateSide,
      ),
  );
  const isUndone = [...mine.writes].every((key) => last.some(({ touched }) => touched.writes?.includes(key)));
  return isUndone ? last[0] : undefined;
}

function shadow(
  policy: CopperPolicy,
  other: CopperPolicy,
  { by, mesh, how }: { readonly by: Guarded; readonly mesh: Mesh; readonly how: string },
): Finding {
  const [call] = verdicts(policy, mesh).calls;
  return {
    kind: "shadowed",
    policies: [policy, other],
    path: (call && shortestWitness(policy, mesh, call, true)) ?? [],
    detail: `\`${policy.name}\` changes nothing: \`${other.name}\` ${how}${textOf(by.call, 0) === "" || by.call.action === "Deny" ? "" : ` (\`${textOf(by.call, 0)}\`)`}`,
    places: [
      { policy, span: policy.span },
      { policy: other, span: by.call.span },
    ],
  };
}

function listed(policies: readonly Policy[]): string {
  return policies.map(({ name }) => `\`${name}\``).join(", ");
}
