import type { Side } from "../language/policy.ts";
import type { Dataplane } from "./dataplane.ts";
import type { PlacedSide, Placement } from "./placement.ts";
import {
  actionNames,
  type Case,
  type DraftMesh,
  type DraftPolicy,
  type DraftSection,
  type DraftService,
  isCallers,
  type Operation,
} from "./random-cases.test-helper.ts";

/*
 * Design §3, §4 and §6 read a second time, without any code of the stages: requests are walks written as strings, contexts are JavaScript's
 * regular expressions, and the optimum is the best of all assignments of sides.
 */

/** A section on a call that its policy matches. */
export interface Duty {
  readonly policy: DraftPolicy;
  readonly section: DraftSection;
  readonly from: string | null;
  readonly to: string;
  /** The versions of the callee that it is for, when it is not for all. */
  readonly versions?: readonly string[];
  /** How many calls into the callee its policy matches just as this one, as far as contexts say. */
  readonly alike: number;
  /** All requests of the call go to one of these, since a policy before this one sends them there. */
  readonly isDecided?: true;
  /** Only some requests of the call match, by the paths that they have come. */
  readonly asks?: true;
}

/** What is to be compared: less is better, the first before the second. Costs are in thousandths, moves are proxies, then units and new stamps. */
export interface Weight {
  readonly cost: number;
  readonly proxies: number;
  readonly units: number;
}

const walksMax = 1_000;
const strayWalks = 100;
const strayLength = 20;

/**
 * Paths of requests, as letters: all up to a length, and of the longer ones some at random. A service's letter is its name; `b` is `b@v2`, and
 * `B` is `b@v1`.
 */
export function walksOf({ services, calls }: DraftMesh): readonly string[] {
  const lettersOf = (name: string): readonly string[] => (name === "b" ? ["B", "b"] : [name]);
  const callees = new Map(
    services.map(({ name }) => [
      name,
      calls.filter(({ from }) => from === name).flatMap(({ to }) => lettersOf(to)),
    ]),
  );
  const starts = services
    .filter(({ entry, origin }) => entry || origin)
    .flatMap(({ name }) => lettersOf(name));
  const onwards = (walk: string): readonly string[] => callees.get(serviceOf(walk.at(-1))) ?? [];
  const all = [...starts];
  for (let longest = starts; longest.length > 0 && all.length < walksMax; ) {
    longest = longest.flatMap((walk) => onwards(walk).map((letter) => walk + letter));
    all.push(...longest);
  }
  let seed = 1;
  for (let stray = 0; stray < strayWalks; stray++) {
    let walk = starts[stray % starts.length] ?? "";
    for (;;) {
      const ways = onwards(walk);
      if (walk.length === strayLength || ways.length === 0) break;
      seed = (seed * 48_271) % 2_147_483_647;
      walk += ways[seed % ways.length];
      all.push(walk);
    }
  }
  // A connection may be pooled: that a request to a store has come further is not known.
  const stores = new Set(services.filter(({ isStore }) => isStore).map(({ name }) => name));
  for (const walk of [...all]) if (walk.length > 2 && stores.has(walk.at(-1) ?? "")) all.push(walk.slice(-2));
  const entries = new Set(services.filter(({ entry }) => entry).map(({ name }) => name));
  // The path of one service is a request from outside into an entry.
  return [...new Set(all)].filter((walk) => walk.length > 1 || entries.has(serviceOf(walk)));
}

function serviceOf(letter: string | undefined): string {
  return (letter ?? "").toLowerCase();
}

/** The last call of a walk; from outside it is `>a`. */
export function callOf(walk: string): string {
  return `${serviceOf(walk.at(-2))}>${serviceOf(walk.at(-1))}`;
}

/** Whether some suffix of a walk that is not empty is in the context's language. */
interface Context {
  readonly pattern: string;
  test(walk: string): boolean;
}

/** What has been asked of contexts lately: the same walks are asked about again and again, and take long. */
const contexts = new Map<string, Context>();

export function contextOf({ anchored, parts }: DraftPolicy): Context {
  const pattern = `${anchored ? "^" : ""}(?=.)(?:${parts.map((part) => part.pattern).join("")})$`;
  const known = contexts.get(pattern);
  if (known !== undefined) return known;
  if (contexts.size > 20) contexts.clear();
  const expression = new RegExp(pattern);
  const found = new Map<string, boolean>();
  const made: Context = {
    pattern,
    test(walk) {
      const matches = found.get(walk) ?? expression.test(walk);
      found.set(walk, matches);
      return matches;
    },
  };
  contexts.set(pattern, made);
  return made;
}

/** In order; a policy that is off is none. */
export function inForce(policies: readonly DraftPolicy[]): readonly DraftPolicy[] {
  return policies
    .filter(({ mode }) => mode !== "off")
    .toSorted((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
}

/** What has to be enforced where; undefined when only the path of a connection would decide whether a policy matches. */
export function dutiesOf(
  policies: readonly DraftPolicy[],
  mesh: DraftMesh,
  walks: readonly string[],
): readonly Duty[] | undefined {
  type Draft = Omit<Duty, "alike">;
  const stores = new Set(mesh.services.filter(({ isStore }) => isStore).map(({ name }) => name));
  const drafts: Draft[] = [];
  const machines = policies.map((policy) => ({
    policy,
    context: contextOf(policy),
    sections: merged(policy),
  }));
  for (const [call, paths] of Map.groupBy(walks, callOf)) {
    const [caller = "", to = ""] = call.split(">");
    const from = caller === "" ? null : caller;
    const byLetter = [...Map.groupBy(paths, (walk) => walk.at(-1) ?? "")];
    for (const { policy, context, sections } of machines) {
      if (stores.has(to) && policy.act !== "Connection") continue;
      // Egress statements do not apply to a request from outside.
      const applied = sections.filter(({ heading }) => from !== null || heading !== "egress");
      if (applied.length === 0) continue;
      const found = byLetter.map(
        ([letter, own]) => [letter, new Set(own.map((walk) => context.test(walk)))] as const,
      );
      if (found.some(([, verdicts]) => verdicts.size === 2)) {
        if (stores.has(to)) return undefined;
        drafts.push(...applied.map((section) => ({ policy, section, from, to, asks: true as const })));
        continue;
      }
      const matched = found.filter(([, verdicts]) => verdicts.has(true)).map(([letter]) => letter);
      if (matched.length === 0) continue;
      const versions =
        matched.length < found.length
          ? { versions: matched.map((letter) => (letter === "B" ? "v1" : "v2")) }
          : {};
      drafts.push(...applied.map((section) => ({ policy, section, from, to, ...versions })));
    }
  }
  const isAlike = (one: Draft, other: Draft): boolean =>
    one.policy === other.policy &&
    one.section === other.section &&
    one.to === other.to &&
    one.asks === other.asks &&
    one.versions?.join() === other.versions?.join();
  const settle = (draft: Draft): readonly Draft[] => {
    const letter = draft.asks && routedLetter(draft, drafts, policies);
    if (letter === undefined) return [draft];
    const context = contextOf(draft.policy);
    const own = walks.filter((walk) => callOf(walk) === `${draft.from}>${draft.to}` && walk.endsWith(letter));
    const verdicts = new Set(own.map((walk) => context.test(walk)));
    if (verdicts.size === 2) return [draft];
    const { asks: _, ...rest } = draft;
    return verdicts.has(true) ? [rest] : [];
  };
  const settled = drafts.flatMap(settle);
  drafts.splice(0, drafts.length, ...settled);
  const duties = drafts.map((draft) => ({
    ...draft,
    alike: drafts.filter((other) => isAlike(draft, other)).length,
  }));
  return duties.flatMap((duty) => decided(duty, duties));
}

/** A duty for versions where a fixed route decides which one it is: done to all requests, or to none and so no duty. */
function decided(duty: Duty, duties: readonly Duty[]): readonly Duty[] {
  if (duty.versions === undefined) return [duty];
  const route = fixedRoute(duty, duties);
  if (route === undefined || duties.indexOf(route.by) > duties.indexOf(duty)) return [duty];
  return duty.versions.includes(route.version) ? [{ ...duty, isDecided: true }] : [];
}

/** The version of `b` to which all requests of a call go, and whoever has the last word about it. */
function fixedRoute<D extends Omit<Duty, "alike">>(
  { from, to }: Pick<Duty, "from" | "to">,
  duties: readonly D[],
): { readonly version: string; readonly by: D } | undefined {
  if (to !== "b" || from === null) return undefined;
  const isRoute = ({ action }: Operation): boolean => action.kind === "route";
  const own = duties.filter(
    (other) => other.from === from && other.to === to && other.policy.mode === "enforce",
  );
  const last = own.findLast(({ section }) => section.operations.some(isRoute));
  // A copy is a request, too, and goes elsewhere.
  if (own.some(({ section }) => section.operations.some(({ action }) => action.kind === "copy")))
    return undefined;
  // Whoever has the last word says one thing, whatever the request.
  const [route, ...more] = last?.section.operations.filter(isRoute) ?? [];
  if (last === undefined || last.versions !== undefined || last.asks || more.length > 0) return undefined;
  if (route?.action.kind !== "route" || route.when !== undefined) return undefined;
  return { version: route.action.version, by: last };
}

/** The letter of the version of `b` to which a policy before this one sends all requests of a call. */
function routedLetter(
  call: Pick<Duty, "from" | "to" | "policy">,
  duties: readonly Omit<Duty, "alike">[],
  policies: readonly DraftPolicy[],
): string | undefined {
  const route = fixedRoute(call, duties);
  if (route === undefined || policies.indexOf(route.by.policy) >= policies.indexOf(call.policy))
    return undefined;
  return route.version === "v1" ? "B" : "b";
}

/** A policy's sections with the sides that they have in the end; what stands for one side twice is one. A route is chosen by the caller's proxy. */
function merged({ sections }: DraftPolicy): readonly DraftSection[] {
  const sideOf = ({ heading, operations }: DraftSection): Side =>
    heading === "either" && operations.some(isCallers) ? "egress" : heading;
  return [...Map.groupBy(sections, sideOf)].map(([heading, list]) => {
    const operations = list.flatMap((each) => each.operations);
    // What comes after a `Deny` is never done.
    const end = operations.findIndex(({ action, when }) => action.kind === "deny" && when === undefined);
    return { heading, operations: end === -1 ? operations : operations.slice(0, end + 1) };
  });
}

function namesIn({ operations }: DraftSection): readonly string[] {
  const all = operations.flatMap(({ action, when }) => [
    actionNames[action.kind],
    ...(when === undefined ? [] : ["GetHeader"]),
  ]);
  return [...new Set(all)];
}

/** A question with numbers: what each duty may have, and what holds between two. */
export interface Question {
  readonly duties: readonly Duty[];
  readonly services: readonly DraftService[];
  readonly dataplanes: readonly Dataplane[];
  /** For each duty and side: whether it could be there, were it not for others and for data planes. */
  readonly open: readonly Readonly<Record<PlacedSide, boolean>>[];
  /** For each duty and side: what it costs on each data plane, in thousandths; undefined where that one cannot do it. */
  readonly costs: readonly Readonly<Record<PlacedSide, readonly (number | undefined)[]>>[];
  /** Pairs of duties of which the first cannot be at ingress and the second at egress. */
  readonly nested: readonly (readonly [number, number])[];
  /** For each duty and side where a proxy has to ask: of each set of services, as bits, whether their stamps suffice. */
  readonly told: readonly Readonly<Record<PlacedSide, readonly boolean[] | undefined>>[];
  /** For each service: the requests that it answers in a second. */
  readonly into: readonly number[];
}

export function questionOf(
  { mesh, dataplanes }: Case,
  duties: readonly Duty[],
  walks: readonly string[],
): Question {
  const calls = new Set(walks.map(callOf));
  const rates = new Map(mesh.calls.map(({ from, to, rate }) => [`${from}>${to}`, rate]));
  const policies = inForce([...new Set(duties.map(({ policy }) => policy))]);
  const told = duties.map((duty) => {
    const at = (side: PlacedSide): readonly boolean[] | undefined =>
      tellingSets(duty, side, { mesh, dataplanes, duties, policies, walks });
    const isOne = mesh.identity !== "none";
    const egress = at("egress");
    return { egress, ingress: isOne && egress !== undefined && duty.to !== "b" ? egress : at("ingress") };
  });
  const callersOf = (to: string): number => [...calls].filter((call) => call.endsWith(`>${to}`)).length;
  const knowsCaller = (duty: Duty): boolean => {
    if (mesh.identity !== "none") return true;
    const isNamed = duty.section.operations.some(
      ({ action }) => action.kind === "allow" && action.caller !== "*",
    );
    const isAsked = told[duties.indexOf(duty)]?.ingress !== undefined;
    return (isAsked || duty.alike === callersOf(duty.to)) && !isNamed;
  };
  const open = duties.map((duty, number) => ({
    // Which version a request goes to is not known yet there.
    egress:
      duty.from !== null &&
      duty.section.heading !== "ingress" &&
      (duty.versions === undefined || duty.isDecided === true) &&
      (told[number]?.egress?.includes(true) ?? true),
    ingress:
      duty.section.heading !== "egress" &&
      knowsCaller(duty) &&
      (told[number]?.ingress?.includes(true) ?? true),
  }));
  const costs = duties.map(({ policy, section, from, to }, number) => {
    const onSide = (side: PlacedSide): readonly (number | undefined)[] =>
      dataplanes.map((dataplane) => {
        const { actions, sides = {}, actionCosts = {}, checkCost = 0 } = dataplane;
        const isAsked = told[number]?.[side] !== undefined;
        if (isAsked && !carries(dataplane)) return undefined;
        const named = (name: string): readonly string[] => [name, `${policy.act}.${name}`];
        const hasAll = policy.sections
          .flatMap(namesIn)
          .every((name) => actions === "all" || named(name).some((each) => actions.includes(each)));
        const isForOther = namesIn(section).some((name) =>
          named(name).some((each) => sides[each] !== undefined && sides[each] !== side),
        );
        if (!hasAll || isForOther) return undefined;
        const each = namesIn(section).map((name) =>
          named(name).reduce((sum, key) => sum + Math.round((actionCosts[key] ?? 0) * 10), 0),
        );
        const rate = rates.get(`${from ?? ""}>${to}`) ?? 1;
        const check = isAsked ? Math.round(checkCost * 10) : 0;
        return each.reduce(
          (sum, cost) => sum + cost * Math.round(rate * 100),
          check * Math.round(rate * 100),
        );
      });
    return { egress: onSide("egress"), ingress: onSide("ingress") };
  });
  const nested: (readonly [number, number])[] = [];
  for (const [p, one] of duties.entries()) {
    for (const [q, other] of duties.entries()) {
      if (p === q || one.to !== other.to) continue;
      const isSameCall = one.from === other.from;
      const isOrdered =
        p < q && (one.policy !== other.policy || one.section.heading === "either") && !commute(one, other);
      const areJudged = judges(one) && judges(other);
      // With the first at ingress and the second at egress it would mean something else, and there is a choice.
      const areTied =
        [p, q].some((duty) => open[duty]?.egress && open[duty]?.ingress) && tied(other, one, q < p);
      // Callers that cannot be told apart have one side.
      const areAlike =
        mesh.identity === "none" && one.policy === other.policy && one.section === other.section;
      if ((isSameCall && (isOrdered || areJudged || areTied)) || areAlike) nested.push([p, q]);
    }
  }
  const into = mesh.services.map(({ name }) =>
    [...calls]
      .filter((call) => call.endsWith(`>${name}`))
      .reduce((sum, call) => sum + (rates.get(call) ?? 1), 0),
  );
  return { duties, services: mesh.services, dataplanes, open, costs, nested, told, into };
}

/** Whether its proxies see headers. */
function carries({ actions }: Dataplane): boolean {
  return actions === "all" || actions.some((action) => !/^(Connection|Counter|Timer)[.]/.test(action));
}

/**
 * Of each set of services whether it suffices that these stamp (design §5): of two requests that have come to the proxy by paths which show
 * the same services in the same order, the policy matches both or neither. Undefined where the call says it.
 */
function tellingSets(
  duty: Duty,
  side: PlacedSide,
  world: {
    readonly mesh: DraftMesh;
    readonly dataplanes: readonly Dataplane[];
    readonly duties: readonly Duty[];
    readonly policies: readonly DraftPolicy[];
    readonly walks: readonly string[];
  },
): readonly boolean[] | undefined {
  const { mesh, dataplanes, duties, policies, walks } = world;
  const isShared = side === "ingress" && mesh.identity === "none";
  const isAsked = duties.some(
    ({ asks, policy, from, to }) =>
      asks && policy === duty.policy && to === duty.to && (isShared || from === duty.from),
  );
  if (!isAsked) return undefined;
  const context = contextOf(duty.policy);
  const scope = walks.filter((walk) => {
    const call = callOf(walk);
    const [from = "", to = ""] = call.split(">");
    if (to !== duty.to || from === "" || !(isShared || from === duty.from)) return false;
    const letter = routedLetter({ from, to, policy: duty.policy }, duties, policies);
    return letter === undefined || walk.endsWith(letter);
  });
  const isRouted = routedLetter(duty, duties, policies) !== undefined;
  const callsInto = (name: string): boolean =>
    walks.some((walk) => callOf(walk).endsWith(`>${name}`) && walk.length > 1);
  // What comes from outside cannot be told from what comes from inside.
  const isOpen = ({ name, entry }: DraftService): boolean =>
    mesh.identity === "none" && entry && callsInto(name);
  const passed = new Set(scope.flatMap((walk) => [...walk.slice(0, -1)].map(serviceOf)));
  const isForged = mesh.services.some(
    (service) =>
      isOpen(service) && (passed.has(service.name) || (side === "ingress" && service.name === duty.to)),
  );
  const starts = new Set(scope.map((walk) => serviceOf(walk[0])));
  // Nobody but its proxy can say how far a request had come.
  const idAlone = mesh.services.flatMap(({ name, idAlone }) =>
    idAlone === true && passed.has(name) ? [name] : [],
  );
  // What a service sends by itself does not say which version of it did.
  const isMute =
    mesh.services.some(({ name, origin }) => name === "b" && origin && passed.has(name)) &&
    duty.policy.parts.some(({ text }) => text.includes("b@v"));
  const able = mesh.services.map(
    ({ isStore, proxy }) =>
      !isStore && dataplanes.some((each) => (proxy === "any" || proxy === each.name) && carries(each)),
  );
  const tells = knownTelling(
    walks,
    `${context.pattern} ${side} ${isRouted} ${isShared} ${duty.from} ${duty.to} ${scope.length}`,
    () =>
      telling(scope, context, {
        names: mesh.services.map(({ name }) => name),
        sees: side === "ingress" || isRouted,
      }),
  );
  return tells.map((isEnough, bits) => {
    const stamps = (name: string): boolean =>
      ((bits >> mesh.services.findIndex((service) => service.name === name)) & 1) === 1;
    const isAble = mesh.services.every(({ name }, number) => !stamps(name) || able[number] === true);
    return !isForged && !isMute && isAble && isEnough && [...starts, ...idAlone].every(stamps);
  });
}

const tellings = new WeakMap<readonly string[], Map<string, readonly boolean[]>>();

/** The same is asked again after changes of other things. */
function knownTelling(
  walks: readonly string[],
  key: string,
  find: () => readonly boolean[],
): readonly boolean[] {
  const own = tellings.get(walks) ?? new Map<string, readonly boolean[]>();
  tellings.set(walks, own);
  const found = own.get(key) ?? find();
  own.set(key, found);
  return found;
}

/** Of each set of services whether no two walks look alike of which one matches: more services never show less. */
function telling(
  scope: readonly string[],
  context: Context,
  { names, sees }: { readonly names: readonly string[]; readonly sees: boolean },
): readonly boolean[] {
  const all = scope.map((walk) => ({
    letters: [...walk.slice(0, -1)].map((letter) => [letter, 1 << names.indexOf(serviceOf(letter))] as const),
    last: sees ? walk.at(-1) : "",
    matches: context.test(walk),
  }));
  const enough: boolean[] = [];
  for (let bits = 2 ** names.length - 1; bits >= 0; bits--) {
    const isLess = names.some((_, number) => (bits & (1 << number)) === 0 && !enough[bits | (1 << number)]);
    const shown = new Map<string, boolean>();
    enough[bits] =
      !isLess &&
      all.every(({ letters, last, matches }) => {
        let key = `${last}<`;
        for (const [letter, bit] of letters) if ((bits & bit) !== 0) key += letter;
        const known = shown.get(key);
        shown.set(key, matches);
        return known === undefined || known === matches;
      });
  }
  return enough;
}

export function judges({ policy, section: { operations } }: Duty): boolean {
  return policy.mode === "enforce" && operations.some(({ action }) => action.kind === "allow");
}

/** What the toolkit promises to see as commuting: neither touches what the other one does, or tells whether the other one has ended it. */
function commute(p: Duty, q: Duty): boolean {
  const [a, b] = [touched(p), touched(q)];
  if (a === undefined || b === undefined) return false;
  const apart = (x: readonly string[], y: readonly string[]) => !x.some((each) => y.includes(each));
  return (
    apart(a.writes, [...b.reads, ...b.writes]) &&
    apart(b.writes, a.reads) &&
    (a.answers.length === 0 || b.answers.length === 0 || new Set([...a.answers, ...b.answers]).size === 1) &&
    // A policy for responses does not see answers of policies at its side.
    (isOfResponses(p) || !(a.isLasting && b.answers.length > 0)) &&
    (isOfResponses(q) || !(b.isLasting && a.answers.length > 0))
  );
}

/** Whether a duty at the caller would mean something else with the other one at the callee than with both on one side. */
function tied(caller: Duty, callee: Duty, isLater: boolean): boolean {
  const [has, comes] = [kindsOf(caller), kindsOf(callee)];
  const some = (list: ReadonlySet<string>, ...kinds: readonly string[]) =>
    kinds.some((kind) => list.has(kind));
  const leavesSomething = some(comes, "count", "copy");
  const refuses = some(comes, "deny", "allow", "deadline", "delay");
  const isTriedAgain = callee.section.operations.some(
    ({ action }) => action.kind === "deny" && action.status > 403,
  );
  // Code that does not list what it writes may write what says whether a denial is one of gRPC.
  if (caller.policy.filter?.isDeclared === false && caller.policy.mode === "enforce" && refuses) return true;
  if (isOfResponses(caller))
    return caller.policy.mode === "enforce" && some(comes, "deny", "allow", "deadline");
  if (isOfResponses(callee))
    return (
      callee.policy.mode === "enforce" &&
      (some(has, "timeout", "deadline") || (some(has, "copy", "retry") && leavesSomething))
    );
  return (
    (has.has("delay") && isLater && (leavesSomething || refuses)) ||
    (has.has("copy") && (leavesSomething || (isLater && refuses))) ||
    (has.has("retry") && (leavesSomething || some(comes, "delay", "deadline") || (refuses && isTriedAgain)))
  );
}

/** What kinds of things a duty does; an audited one does nothing. */
function kindsOf({ policy, section }: Duty): ReadonlySet<string> {
  return new Set(policy.mode === "audit" ? [] : section.operations.map(({ action }) => action.kind));
}

export function isOfResponses({ policy }: Duty): boolean {
  return policy.act.endsWith("Response");
}

function touched({ policy, section: { operations } }: Duty) {
  if (policy.filter?.isDeclared === false) return undefined;
  const phase = policy.act.endsWith("Response") ? "response" : "request";
  const acts = policy.mode === "audit" ? [] : operations.map(({ action }) => action);
  const test = operations.flatMap(({ when }) => (when === undefined ? [] : [`${phase} ${when.header}`]));
  return {
    // Whom a delay or a copy meets is drawn from the request's id, which no policy here writes.
    reads: [
      ...test,
      ...operations.flatMap(({ action: { kind } }) => (kind === "deadline" ? ["baggage"] : [])),
    ],
    writes: acts.flatMap((act): readonly string[] => {
      if (act.kind === "set") return [`${phase} ${act.header}`];
      if (act.kind === "route") return ["version"];
      if (act.kind === "deadline") return ["baggage", "timeout"];
      return ["copy", "retry", "timeout", "delay"].includes(act.kind) ? [act.kind] : [];
    }),
    // Whom no `Allow` admits is answered like by a plain `Deny`; who is held back for too long by the proxy, and who is late with a text of its own.
    answers: acts.flatMap((act): readonly (number | string)[] => {
      if (act.kind === "deny") return [act.status];
      if (act.kind === "allow") return [403];
      return act.kind === "deadline" || act.kind === "delay" ? [act.kind] : [];
    }),
    isLasting: acts.some(({ kind }) => kind === "count" || kind === "copy"),
  };
}

/** Why the duties cannot sit on these sides; undefined when they can. */
export function complaint({ open, nested }: Question, sides: readonly PlacedSide[]): string | undefined {
  if (open.some((each, duty) => !each[sides[duty] ?? "egress"])) return "a side that is closed";
  const torn = nested.some(([p, q]) => sides[p] === "ingress" && sides[q] === "egress");
  return torn ? "order, one judgement, or callers that cannot be told apart" : undefined;
}

/** What was placed before: a data plane for each service, a side for each duty. */
export interface Before {
  readonly proxies: readonly (string | undefined)[];
  readonly sides: readonly (PlacedSide | undefined)[];
  /** For each service whether it stamped. */
  readonly stamps: readonly boolean[];
}

/**
 * The best of all ways to give sides to some of the duties, and of those that cost the same the one with the fewest moves; undefined when
 * there is no way. A service's data plane concerns nobody but what sits there, so that it is looked for last.
 */
export function bestOf(question: Question, before: Before, only?: ReadonlySet<number>): Weight | undefined {
  const { duties, services, dataplanes, open, costs, nested, told, into } = question;
  const chosen = [...duties.keys()].filter((duty) => only?.has(duty) ?? true);
  const sides: (PlacedSide | undefined)[] = duties.map(() => undefined);
  const placed = services.map((): number[] => []);
  const numberOf = new Map(services.map(({ name }, number) => [name, number]));
  const canTake = services.map(({ proxy }) =>
    dataplanes.map(({ name }) => proxy === "any" || proxy === name),
  );
  let best: Weight | undefined;

  /** The best proxy for what sits at a service. */
  const proxyFor = (number: number, stamps: boolean): Weight | undefined => {
    const had = before.proxies[number];
    const own = placed[number] ?? [];
    const gone = isMissed(question, number, had) ? 1 : 0;
    const units = stamps && before.stamps[number] !== true ? 1 : 0;
    if (own.length === 0 && !stamps) return { cost: 0, units, proxies: gone };
    const processes = processesOf(services[number]);
    let found: Weight | undefined;
    for (const [index, dataplane] of dataplanes.entries()) {
      if (canTake[number]?.[index] !== true) continue;
      if (stamps && !carries(dataplane)) continue;
      const stamping = Math.round((dataplane.stampCost ?? 0) * 10) * Math.round((into[number] ?? 0) * 100);
      let cost: number | undefined = processes * Math.round(dataplane.cost * 1_000) + (stamps ? stamping : 0);
      for (const duty of own) {
        const each = costs[duty]?.[sides[duty] ?? "egress"][index];
        cost = cost === undefined || each === undefined ? undefined : cost + each;
      }
      if (cost === undefined) continue;
      const proxies = had === dataplane.name ? 0 : gone + 1;
      const weight = { cost, proxies, units };
      if (found === undefined || isLess(weight, found)) found = weight;
    }
    return found;
  };

  const descend = (next: number): void => {
    const duty = chosen[next];
    if (duty === undefined) {
      const units = chosen.filter((each) => (before.sides[each] ?? sides[each]) !== sides[each]).length;
      const asked = chosen.flatMap((each) => {
        const sets = told[each]?.[sides[each] ?? "egress"];
        return sets === undefined ? [] : [sets];
      });
      const plain = [...services.keys()].map((number) => proxyFor(number, false));
      const stamping = asked.length === 0 ? [] : [...services.keys()].map((number) => proxyFor(number, true));
      for (let bits = 0; bits < (asked.length === 0 ? 1 : 2 ** services.length); bits++) {
        if (asked.some((sets) => sets[bits] !== true)) continue;
        let sum: Weight | undefined = { cost: 0, proxies: 0, units };
        for (const number of services.keys()) {
          const weight = ((bits >> number) & 1) === 1 ? stamping[number] : plain[number];
          sum =
            sum === undefined || weight === undefined
              ? undefined
              : {
                  cost: sum.cost + weight.cost,
                  proxies: sum.proxies + weight.proxies,
                  units: sum.units + weight.units,
                };
        }
        if (sum !== undefined && (best === undefined || isLess(sum, best))) best = sum;
      }
      return;
    }
    for (const side of ["egress", "ingress"] as const) {
      if (open[duty]?.[side] !== true) continue;
      sides[duty] = side;
      const isTorn = nested.some(
        ([p, q]) => (p === duty || q === duty) && sides[p] === "ingress" && sides[q] === "egress",
      );
      const place = numberOf.get((side === "ingress" ? duties[duty]?.to : duties[duty]?.from) ?? "") ?? -1;
      placed[place]?.push(duty);
      if (!isTorn) descend(next + 1);
      placed[place]?.pop();
      sides[duty] = undefined;
    }
  };
  descend(0);
  return best;
}

function processesOf(service: DraftService | undefined): number {
  return service === undefined ? 0 : service.replicas + (service.name === "b" ? 1 : 0);
}

/** That a proxy goes which costs nothing is no move. */
function isMissed({ services, dataplanes }: Question, number: number, had: string | undefined): boolean {
  if (had === undefined) return false;
  const cost = dataplanes.find(({ name }) => name === had)?.cost ?? 1;
  return cost > 0 && processesOf(services[number]) > 0;
}

export function isLess(a: Weight, b: Weight): boolean {
  return (a.cost - b.cost || a.proxies - b.proxies || a.units - b.units) < 0;
}

/** How far a placement is from what was before. */
export function movesOf(
  question: Question,
  before: Before,
  placement: Placement,
): Pick<Weight, "proxies" | "units"> {
  const { duties, services } = question;
  const now = new Map(placement.proxies.map(({ service, dataplane }) => [service, dataplane]));
  const proxies = services.map(({ name }, number) => {
    const [was, is] = [before.proxies[number], now.get(name)];
    return was === is ? 0 : (isMissed(question, number, was) ? 1 : 0) + (is === undefined ? 0 : 1);
  });
  return {
    proxies: proxies.reduce((sum, each) => sum + each, 0),
    units:
      duties.filter((duty, number) => {
        const was = before.sides[number];
        return was !== undefined && !sidesIn(placement, duty).includes(was);
      }).length +
      services.filter(
        ({ name }, number) => before.stamps[number] !== true && stampsIn(placement).includes(name),
      ).length,
  };
}

export function stampsIn({ proxies }: Placement): readonly string[] {
  return proxies.flatMap(({ service, stamps }) => (stamps ? [service] : []));
}

/** The side on which a duty is done, once for every time that it is. */
export function sidesIn(
  placement: Placement,
  { policy, section: { heading }, from, to, versions }: Duty,
): readonly PlacedSide[] {
  return placement.proxies.flatMap((proxy) =>
    proxy.policies
      .filter((placed) => placed.policy === policy.name && placed.section === heading)
      .filter((placed) => proxy.service === (placed.side === "ingress" ? to : from))
      .flatMap((placed) =>
        placed.calls
          .filter((call) => call[0] === from && call[1] === to)
          // At egress there is no version to look at.
          .filter((call) => call[2]?.join() === (placed.side === "ingress" ? versions?.join() : undefined))
          .map(() => placed.side),
      ),
  );
}
