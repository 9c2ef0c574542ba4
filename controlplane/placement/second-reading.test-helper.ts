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
}

/** What is to be compared: less is better, the first before the second. Costs are in thousandths, moves are proxies, then units. */
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
function contextOf({ anchored, parts }: DraftPolicy): RegExp {
  const whole = parts.map(({ pattern }) => pattern).join("");
  return new RegExp(`${anchored ? "^" : ""}(?=.)(?:${whole})$`);
}

/** In order; a policy that is off is none. */
export function inForce(policies: readonly DraftPolicy[]): readonly DraftPolicy[] {
  return policies
    .filter(({ mode }) => mode !== "off")
    .toSorted((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
}

/** What has to be enforced where; undefined when a call does not decide whether a policy matches. */
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
      if (found.some(([, verdicts]) => verdicts.size === 2)) return undefined;
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
    one.versions?.join() === other.versions?.join();
  const duties = drafts.map((draft) => ({
    ...draft,
    alike: drafts.filter((other) => isAlike(draft, other)).length,
  }));
  return duties.flatMap((duty) => decided(duty, duties));
}

/** A duty for versions where a fixed route decides which one it is: done to all requests, or to none and so no duty. */
function decided(duty: Duty, duties: readonly Duty[]): readonly Duty[] {
  const { from, to, versions } = duty;
  if (versions === undefined || to !== "b") return [duty];
  const isRoute = ({ action }: Operation): boolean => action.kind === "route";
  const last = duties.findLast(
    (other) =>
      other.from === from &&
      other.to === to &&
      other.policy.mode === "enforce" &&
      other.section.operations.some(isRoute),
  );
  // A copy is a request, too, and goes elsewhere.
  const isCopied = duties.some(
    (other) =>
      other.from === from &&
      other.to === to &&
      other.policy.mode === "enforce" &&
      other.section.operations.some(({ action }) => action.kind === "copy"),
  );
  if (isCopied) return [duty];
  // Whoever has the last word says one thing, whatever the request.
  const [route, ...more] = last?.section.operations.filter(isRoute) ?? [];
  if (last === undefined || last.versions !== undefined || more.length > 0) return [duty];
  if (route?.action.kind !== "route" || route.when !== undefined) return [duty];
  if (duties.indexOf(last) > duties.indexOf(duty)) return [duty];
  return versions.includes(route.action.version) ? [{ ...duty, isDecided: true }] : [];
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
}

export function questionOf(
  { mesh, dataplanes }: Case,
  duties: readonly Duty[],
  walks: readonly string[],
): Question {
  const calls = new Set(walks.map(callOf));
  const rates = new Map(mesh.calls.map(({ from, to, rate }) => [`${from}>${to}`, rate]));
  const callersOf = (to: string): number => [...calls].filter((call) => call.endsWith(`>${to}`)).length;
  const knowsCaller = (duty: Duty): boolean => {
    if (mesh.identity !== "none") return true;
    const isNamed = duty.section.operations.some(
      ({ action }) => action.kind === "allow" && action.caller !== "*",
    );
    return duty.alike === callersOf(duty.to) && !isNamed;
  };
  const open = duties.map((duty) => ({
    // Which version a request goes to is not known yet there.
    egress:
      duty.from !== null &&
      duty.section.heading !== "ingress" &&
      (duty.versions === undefined || duty.isDecided === true),
    ingress: duty.section.heading !== "egress" && knowsCaller(duty),
  }));
  const costs = duties.map(({ policy, section, from, to }) => {
    const onSide = (side: PlacedSide): readonly (number | undefined)[] =>
      dataplanes.map(({ actions, sides = {}, actionCosts = {} }) => {
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
        return each.reduce((sum, cost) => sum + cost * Math.round(rate * 100), 0);
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
  return { duties, services: mesh.services, dataplanes, open, costs, nested };
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
}

/**
 * The best of all ways to give sides to some of the duties, and of those that cost the same the one with the fewest moves; undefined when
 * there is no way. A service's data plane concerns nobody but what sits there, so that it is looked for last.
 */
export function bestOf(question: Question, before: Before, only?: ReadonlySet<number>): Weight | undefined {
  const { duties, services, dataplanes, open, costs, nested } = question;
  const chosen = [...duties.keys()].filter((duty) => only?.has(duty) ?? true);
  const sides: (PlacedSide | undefined)[] = duties.map(() => undefined);
  const placed = services.map((): number[] => []);
  const numberOf = new Map(services.map(({ name }, number) => [name, number]));
  const canTake = services.map(({ proxy }) =>
    dataplanes.map(({ name }) => proxy === "any" || proxy === name),
  );
  let best: Weight | undefined;

  /** The best proxy for what sits at a service. */
  const proxyFor = (number: number): Weight | undefined => {
    const had = before.proxies[number];
    const own = placed[number] ?? [];
    const gone = isMissed(question, number, had) ? 1 : 0;
    if (own.length === 0) return { cost: 0, units: 0, proxies: gone };
    const processes = processesOf(services[number]);
    let found: Weight | undefined;
    for (const [index, dataplane] of dataplanes.entries()) {
      if (canTake[number]?.[index] !== true) continue;
      let cost: number | undefined = processes * Math.round(dataplane.cost * 1_000);
      for (const duty of own) {
        const each = costs[duty]?.[sides[duty] ?? "egress"][index];
        cost = cost === undefined || each === undefined ? undefined : cost + each;
      }
      if (cost === undefined) continue;
      const proxies = had === dataplane.name ? 0 : gone + 1;
      const weight = { cost, proxies, units: 0 };
      if (found === undefined || isLess(weight, found)) found = weight;
    }
    return found;
  };

  const descend = (next: number): void => {
    const duty = chosen[next];
    if (duty === undefined) {
      let sum: Weight = {
        cost: 0,
        proxies: 0,
        units: chosen.filter((each) => (before.sides[each] ?? sides[each]) !== sides[each]).length,
      };
      for (const number of services.keys()) {
        const weight = proxyFor(number);
        if (weight === undefined) return;
        sum = { ...sum, cost: sum.cost + weight.cost, proxies: sum.proxies + weight.proxies };
      }
      if (best === undefined || isLess(sum, best)) best = sum;
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
    units: duties.filter((duty, number) => {
      const was = before.sides[number];
      return was !== undefined && !sidesIn(placement, duty).includes(was);
    }).length,
  };
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
