import { strict as assert } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { carriesState, type Dataplane, fitting, offers, offersAt } from "./dataplane.ts";
import { type Asking, type PathTables, type Stamping, stateless } from "./path-tables.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy, PlacedSide, Placement } from "./placement.ts";
import { isForSide, knowsCaller, type Section, sectionsOf } from "./section.ts";
import type { Running } from "./under-way.ts";

/** A revision that requests have, and what runs, or is to run, for those. */
export interface Guest {
  readonly tables: PathTables;
  readonly of: Running;
}

/** What a build says of the requests of several revisions. */
export interface ForRevisions {
  readonly placement: Placement;
  readonly known: readonly PathTables[];
}

/**
 * A build, of which `own` are the tables it asks by and `others` ones that it knows already, for the requests of further revisions too. Where a policy asks
 * in it, and is asked in the same place for such a revision, the states of that are said of this place. Where it is on the other side of the call, which knows something else of
 * requests, it is put on both, and is on each for the requests of one revision alone.
 */
export function forRevisions(
  host: Running,
  { own, others }: { readonly own: PathTables | undefined; readonly others: readonly PathTables[] },
  guests: readonly Guest[],
): ForRevisions {
  const moves = own === undefined ? [] : guests.flatMap((guest) => movesFor(guest, host, own));
  const asks = own?.asks ?? [];
  const places = onePerPlace(moves.flatMap(({ theirs }) => theirs));
  const always = onePerPlace(moves.flatMap((move) => move.always));
  // Nothing else is asked where a policy comes to.
  const stay = (asking: Place): boolean => !places.some((place) => isSamePlace(place, asking));
  // It may be there already, for others than those that it comes for now.
  const had = new Set(asks.map(placeOf));
  const coming = places.filter((place) => !had.has(placeOf(place)));
  const here = (tables: PathTables): PathTables => ({
    ...tables,
    asks: [
      ...tables.asks.filter((each) => stay(each) || had.has(placeOf(each))),
      ...always.map(forAll),
      ...coming.map(forNobody),
    ],
  });
  const there = (guest: Guest): PathTables => {
    const moved = moves.filter((move) => move.guest === guest);
    const isMoved = (asking: Place): boolean =>
      moved.some(({ policy, calls }) => policy === asking.policy && calls.some(isCallOf(asking)));
    const theirs = new Map(moved.flatMap((move) => move.theirs.map((each) => [placeOf(each), each])));
    return {
      ...guest.tables,
      asks: [
        ...[...asks.filter(stay), ...always].flatMap((each) =>
          // Where it is for none of the host's, it is on the other side for them, and so for these.
          isMoved(each) || !isForSome(each) ? [forNobody(each)] : said(each, guest),
        ),
        ...places.map((each) => theirs.get(placeOf(each)) ?? forNobody(each)),
      ],
    };
  };
  const known = [...others.map(here), ...guests.map(there)];
  // What the policy is for whatever the path was may have no state, and so may what else comes where it was not.
  const none: PathTables = {
    revision: stateless,
    stamps: [],
    asks: [...always.map(forAll), ...coming.map(forNobody)],
  };
  const isNoneKnown = known.some(({ revision }) => revision === stateless);
  return {
    placement: withPolicies(host.placement, moves),
    known: [...known, ...(none.asks.length > 0 && !isNoneKnown ? [none] : [])],
  };
}

type Place = Omit<Asking, "states" | "others">;

/** A policy on one call, where a placement has it. */
interface Unit extends Pick<PlacedPolicy, "policy" | "section" | "side"> {
  readonly call: PlacedCall;
}

/** A policy that is elsewhere for the requests of a guest. */
interface Move {
  readonly guest: Guest;
  readonly policy: string;
  readonly calls: readonly PlacedCall[];
  /** Where it is on these calls for all requests of the host. */
  readonly always: readonly Asking[];
  /** Where it is asked for those of the guest, and what is answered. */
  readonly theirs: readonly Asking[];
  readonly placed: readonly PlacedPolicy[];
}

function movesFor(guest: Guest, host: Running, own: PathTables): readonly Move[] {
  return [...new Set(own.asks.map(({ policy }) => policy))].flatMap((name): readonly Move[] => {
    const policy = enforced(host, name);
    if (policy === undefined || enforced(guest.of, name) === undefined) return [];
    const groupOf = ({ call: [from, to] }: Unit): string =>
      host.mesh.identity === "none" || guest.of.mesh.identity === "none" ? to : `${from}>${to}`;
    const guests = Map.groupBy(unitsFor(guest, name), groupOf);
    return [...Map.groupBy(unitsFor({ tables: own, of: host }, name), groupOf)].flatMap(([group, units]) => {
      const theirs = (guests.get(group) ?? []).filter(({ call: [from, to] }) =>
        host.mesh.calls.some((call) => call.from === from && call.to === to),
      );
      const [first] = theirs;
      const asked = units.flatMap((unit) => asksAt(own, unit));
      if (first === undefined || asked.length === 0) return [];
      if (theirs.some(({ side }) => units.some((unit) => unit.side === side))) return [];
      const isToldHere = (asking: Asking): boolean =>
        sameIn(guest.tables, asking).some(isForSome) || isAlways(asking, guest);
      if (asked.every(isToldHere)) return [];
      const section = sectionFor(policy, theirs, { units, host, guest: guest.of });
      if (section === undefined) return [];
      const written = theirs.map((unit) => ({ ...unit, section: section.name }));
      return [
        {
          guest,
          policy: name,
          calls: [...units, ...theirs].map(({ call }) => call),
          always: units
            .filter((unit) => asksAt(own, unit).length === 0)
            .map((unit) => askAt(unit, host.mesh)),
          theirs: theirs.flatMap((unit) => {
            const told = asksAt(guest.tables, unit);
            const all = told.length > 0 ? told : [askAt(unit, guest.of.mesh)];
            return all.map((asking) => ({ ...asking, section: section.name }));
          }),
          placed: written.map(({ call, ...each }) => ({ ...each, calls: [call] })),
        },
      ];
    });
  });
}

/** The section of a policy that can be where it was for a guest: of the same name, or what is now on these calls. */
function sectionFor(
  policy: Policy,
  theirs: readonly Unit[],
  {
    units,
    host,
    guest,
  }: { readonly units: readonly Unit[]; readonly host: Running; readonly guest: Running },
): Section | undefined {
  const sections = sectionsOf(policy);
  const section =
    sections.find(({ name }) => name === theirs[0]?.section) ??
    sections.find(({ name }) => name === units[0]?.section);
  if (section === undefined) return undefined;
  const isPossible = theirs.every(({ side, call }) => {
    const name = serviceOf(side, call);
    const dataplane = dataplaneAt(name, host) ?? dataplaneAt(name, guest);
    const service = host.mesh.services.get(name);
    return (
      isForSide(policy, section.body, side) &&
      (side === "egress" || knowsCaller(host.mesh, section)) &&
      dataplane !== undefined &&
      service !== undefined &&
      fitting(service, host.dataplanes).includes(dataplane) &&
      carriesState(dataplane) &&
      offers(dataplane, policy) &&
      offersAt(dataplane, side, { policy, section })
    );
  });
  return isPossible ? section : undefined;
}

function dataplaneAt(service: string, { placement, dataplanes }: Running): Dataplane | undefined {
  const proxy = placement.proxies.find((each) => each.service === service);
  return dataplanes.find(({ name }) => name === proxy?.dataplane);
}

function serviceOf(side: PlacedSide, [from, to]: PlacedCall): string {
  assert(side === "ingress" || from !== null, "a request from outside has no proxy on its way out");
  return side === "ingress" || from === null ? to : from;
}

/** A placement with further policies, in the order of enforcement that they would have there. */
function withPolicies(placement: Placement, moves: readonly Move[]): Placement {
  if (moves.length === 0) return placement;
  const proxies = new Map(placement.proxies.map((proxy) => [proxy.service, proxy]));
  const done = new Set<string>();
  for (const { guest, placed } of moves) {
    for (const each of placed) {
      const [call] = each.calls;
      const key = JSON.stringify(each);
      if (call === undefined || done.has(key)) continue;
      done.add(key);
      const service = serviceOf(each.side, call);
      const dataplane = guest.of.placement.proxies.find((proxy) => proxy.service === service)?.dataplane;
      const proxy: PlacedProxy = proxies.get(service) ?? {
        ...{ service, dataplane: dataplane ?? "", stamps: false, policies: [] },
      };
      proxies.set(service, { ...proxy, policies: withPolicy(proxy.policies, each, guest.of) });
    }
  }
  return { ...placement, proxies: [...proxies.values()].sort(byService) };
}

function byService(a: PlacedProxy, b: PlacedProxy): number {
  return a.service < b.service ? -1 : 1;
}

function withPolicy(
  policies: readonly PlacedPolicy[],
  more: PlacedPolicy,
  { policies: known }: Running,
): readonly PlacedPolicy[] {
  const same = policies.find(
    ({ policy, section, side }) => policy === more.policy && section === more.section && side === more.side,
  );
  if (same !== undefined) {
    const isNew = (call: PlacedCall): boolean => !same.calls.some((each) => isDeepStrictEqual(each, call));
    const calls = [...same.calls, ...more.calls.filter(isNew)];
    return policies.map((each) => (each === same ? { ...same, calls } : each));
  }
  const priorityOf = (name: string): number => known.find((each) => each.name === name)?.priority ?? 0;
  const isBehind = ({ policy }: PlacedPolicy): boolean => {
    const [own, other] = [priorityOf(more.policy), priorityOf(policy)];
    return own === other ? policy > more.policy : own > other;
  };
  const at = policies.findIndex(isBehind);
  return at < 0 ? [...policies, more] : policies.toSpliced(at, 0, more);
}

function unitsOf({ proxies }: Placement, policy: string): readonly Unit[] {
  return proxies
    .flatMap(({ policies }) => policies)
    .filter((placed) => placed.policy === policy)
    .flatMap(({ section, side, calls }) => calls.map((call) => ({ policy, section, side, call })));
}

/** Where a policy is for the requests of a guest. */
function unitsFor({ tables, of }: Guest, policy: string): readonly Unit[] {
  return unitsOf(of.placement, policy).filter(
    (unit) => ownAsks(of).every((asking) => !isAt(unit, asking)) || asksAt(tables, unit).some(isForSome),
  );
}

/** What the policies of a build ask. */
function ownAsks({ paths: { own, known } }: Running): readonly Asking[] {
  return known.find(({ revision }) => revision === own)?.asks ?? [];
}

function asksAt({ asks }: PathTables, unit: Unit): readonly Asking[] {
  return asks.filter((asking) => isAt(unit, asking));
}

function isAt({ policy, section, side, call }: Unit, asking: Asking): boolean {
  return (
    asking.policy === policy &&
    asking.section === section &&
    asking.side === side &&
    isCallOf(asking)(call) &&
    (asking.version === undefined || (call[2]?.includes(asking.version) ?? true))
  );
}

function isCallOf({ from, to }: Place): (call: PlacedCall) => boolean {
  return ([caller, callee]) => callee === to && caller !== null && (from === undefined || from === caller);
}

/** What is asked where a policy is for all requests. */
function askAt({ policy, section, side, call: [from, to] }: Unit, { identity }: Mesh): Asking {
  const isShared = side === "ingress" && identity === "none";
  return forAll({ policy, section, side, ...(isShared || from === null ? {} : { from }), to });
}

function isSamePlace(a: Place, b: Place): boolean {
  const isOneCaller = a.from === undefined || b.from === undefined || a.from === b.from;
  return a.policy === b.policy && a.side === b.side && a.to === b.to && isOneCaller;
}

function placeOf({ policy, section, side, from, to, version }: Place): string {
  return JSON.stringify([policy, section, side, from ?? null, to, version ?? null]);
}

function onePerPlace(asks: readonly Asking[]): readonly Asking[] {
  return [...new Map(asks.map((each) => [placeOf(each), each])).values()];
}

function forAll(place: Place): Asking {
  return { ...place, states: "all", others: [] };
}

function forNobody(place: Place): Asking {
  return { ...place, states: [], others: "all" };
}

function isForSome({ states, others }: Asking): boolean {
  return states.length > 0 || others !== "all";
}

/** A policy as far as it is enforced. */
function enforced({ policies }: Running, name: string): Policy | undefined {
  const policy = policies.find((each) => each.name === name);
  return policy?.mode === "off" ? undefined : policy;
}

/** What a revision says where a policy of a build asks. */
function said(asking: Asking, guest: Guest): readonly Asking[] {
  const { tables, of } = guest;
  if (enforced(of, asking.policy) === undefined) return [forNobody(asking)];
  const asked = sameIn(tables, asking);
  const same = asked.filter(isForSome);
  const section = same.some((each) => each.section === asking.section) ? asking.section : same[0]?.section;
  const told = same.filter((each) => each.section === section);
  if (told.length > 0)
    return told.map(({ states, others, version }) => ({
      ...asking,
      ...(version === undefined ? {} : { version }),
      states,
      others,
    }));
  const elsewhere = tables.asks.filter(
    (each) =>
      isForSome(each) && each.side !== asking.side && isSamePlace({ ...each, side: asking.side }, asking),
  );
  if (elsewhere.length > 0) {
    const told = elsewhere.filter((each) => each.section === elsewhere[0]?.section);
    return (asking.side === "egress" ? beforeStamp : behindStamp)(asking, told, guest);
  }
  // Where a policy was to come what has no state was not asked about before, which says nothing of what it is from now on.
  const wasToCome = ownAsks(of).some((each) => !isForSome(each) && isSamePlace(each, asking));
  if (asked.length > 0 && !(tables.revision === stateless && wasToCome)) return [forNobody(asking)];
  // A request without a state has lost it where there had to be one.
  if (
    ownAsks(of)
      .filter(isForSome)
      .some((each) => isSamePlace({ ...each, side: asking.side }, asking))
  )
    return [];
  return isAlways(asking, guest) ? [forAll(asking)] : [forNobody(asking)];
}

function sameIn({ asks }: PathTables, asking: Place): readonly Asking[] {
  return asks.filter(
    (each) =>
      each.policy === asking.policy &&
      each.side === asking.side &&
      each.from === asking.from &&
      each.to === asking.to &&
      (each.version === undefined || asking.version === undefined || each.version === asking.version),
  );
}

/** What is known of a call as it goes out, by what is asked where it comes in, behind the stamp of the callee. Of its versions nobody knows yet which one it will be. */
function beforeStamp(asking: Asking, told: readonly Asking[], { tables }: Guest): readonly Asking[] {
  const before = (states: Asking["states"], version: string | undefined): readonly string[] => {
    const own = stampingOf(tables, asking.to, version);
    if (states === "all" || own === undefined) return states === "all" ? [] : states;
    return [...own.steps].flatMap(([from, to]) => (states.includes(to) ? [from] : []));
  };
  const ofAll = (of: (each: Asking) => Asking["states"]): readonly string[] =>
    told
      .map((each) => before(of(each), each.version))
      .reduce((some, others) => some.filter((state) => others.includes(state)));
  return [{ ...asking, states: ofAll(({ states }) => states), others: ofAll(({ others }) => others) }];
}

/** And of one as it comes in, by what is asked where it goes out: nothing of a state by which callers mean two things, or where one of them is not asked. */
function behindStamp(asking: Asking, told: readonly Asking[], { tables, of }: Guest): readonly Asking[] {
  const isTold = callersOf(asking, of.mesh).every((caller) => told.some(({ from }) => from === caller));
  if (!isTold) return [];
  const own = stampingOf(tables, asking.to, asking.version);
  const behind = (states: Asking["states"]): readonly string[] => {
    if (states === "all" || own === undefined) return states === "all" ? [] : states;
    return states.flatMap((state) => own.steps.get(state) ?? []);
  };
  const states = new Set(told.flatMap((each) => behind(each.states)));
  const others = new Set(told.flatMap((each) => behind(each.others)));
  const without = (some: ReadonlySet<string>, those: ReadonlySet<string>): readonly string[] =>
    [...some].filter((state) => !those.has(state));
  return [{ ...asking, states: without(states, others), others: without(others, states) }];
}

function stampingOf(
  { stamps }: PathTables,
  service: string,
  version: string | undefined,
): Stamping | undefined {
  return stamps.find((each) => each.service === service && each.version === version);
}

/** The callers whose requests are asked about. */
function callersOf({ from, to }: Asking, { calls }: Mesh): readonly string[] {
  if (from !== undefined) return [from];
  return calls.flatMap((call) => (call.to === to && call.from !== null ? [call.from] : []));
}

/** Whether a policy is for all requests of a guest of which is asked. */
function isAlways(asking: Asking, guest: Guest): boolean {
  const { policy, to, version } = asking;
  const { mesh } = guest.of;
  const placed = unitsOf(guest.of.placement, policy).filter(
    (unit) =>
      unit.call[1] === to &&
      (unit.call[2] === undefined || version === undefined || unit.call[2].includes(version)) &&
      ownAsks(guest.of).every((each) => !isAt(unit, each)),
  );
  return callersOf(asking, mesh).every((caller) => placed.some(({ call }) => call[0] === caller));
}
