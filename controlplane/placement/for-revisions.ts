import { isDeepStrictEqual } from "node:util";
import { inOrder } from "../language/in-order.ts";
import type { Policy, Side } from "../language/policy.ts";
import { impliedAmong } from "./call-sides.ts";
import { carriesState, type Dataplane, fitting, offers, offersAt } from "./dataplane.ts";
import { type Asking, type PathTables, type Stamping, stateless } from "./path-tables.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy, PlacedSide, Placement } from "./placement.ts";
import { isForSide, joinsJudgement, knowsCaller, type Section, sectionsOf } from "./section.ts";
import type { Running } from "./under-way.ts";

/** A revision that requests have, and a build of which it is known what its policies are to do with these. */
export interface Revision {
  readonly tables: PathTables;
  readonly of: Running;
}

/** What a build says of the requests of several revisions. */
export interface ForRevisions {
  readonly placement: Placement;
  readonly known: readonly PathTables[];
}

/**
 * A build that asks by its `own` tables, for the requests of several revisions. Where a policy asks, each revision answers by itself: in the same place if it can, else on the
 * side of the call that it has the policy on, which knows something else of requests. Then the policy is on both, and on one of them for nobody of that revision. What is to be
 * on one side with it, or comes before or behind it in order, goes with it for these requests. With `staysInPlace` no policy is on another side, and what follows from stamps is all
 * that is known there.
 */
export function forRevisions(
  host: Running,
  own: PathTables | undefined,
  revisions: readonly Revision[],
  { staysInPlace = false }: { readonly staysInPlace?: boolean } = {},
): ForRevisions {
  const isShared = [host, ...revisions.map(({ of }) => of)].some(({ mesh }) => mesh.identity === "none");
  const said =
    own === undefined
      ? []
      : askedCalls(host, own, isShared).flatMap((calls) =>
          sayOf(calls, { host, own, revisions, staysInPlace }),
        );
  const known = revisions.map(({ tables }, number) => ({
    ...tables,
    asks: said.flatMap(({ asks }) => asks[number] ?? []),
  }));
  return {
    placement: withPolicies(
      host,
      said.flatMap(({ placed }) => placed),
    ),
    // Of what has no state nothing has to be said where it is lost.
    known: known.filter(({ revision, asks }) => revision !== stateless || asks.length > 0),
  };
}

/** Of which policies ask: all calls into a service where somebody does not know who calls, else one. */
interface Calls {
  readonly to: string;
  readonly callers: readonly string[];
  /** Names of the policies that ask of some. */
  readonly askedBy: ReadonlySet<string>;
}

/** What a policy says of them under a heading. */
interface Group extends Pick<Calls, "to" | "callers"> {
  readonly host: Running;
  readonly policy: Policy;
  readonly section: Section;
}

/** A side of a call, or of all calls into a service. */
interface Seat {
  readonly side: PlacedSide;
  /** Absent where it is of all. */
  readonly from?: string;
}

/** Where the policy is, or is asked about, for requests of the build's own revision. */
interface OwnSeat extends Seat {
  readonly isPlaced: boolean;
  /** What becomes of all of them, where nothing is asked. */
  readonly decided?: Answer;
}

/** What a revision says in one place. Where it says nothing, its requests are lost. */
type Answer = readonly Pick<Asking, "version" | "states" | "others">[];

const sides: readonly PlacedSide[] = ["egress", "ingress"];
const forAll: Answer = [{ states: "all", others: [] }];
const forNobody: Answer = [{ states: [], others: "all" }];

/** A policy on a call, in the words of a build. */
interface Unit {
  readonly policy: string;
  readonly section: Side;
  readonly from: string;
  readonly to: string;
}

interface Placed extends Unit {
  readonly side: PlacedSide;
  readonly dataplane: Dataplane;
}

function askedCalls(host: Running, { asks }: PathTables, isShared: boolean): readonly Calls[] {
  const asked = Map.groupBy(asks, ({ to }) => to);
  const calls = host.mesh.calls.flatMap(({ from, to }) =>
    from === null || !asked.has(to) ? [] : [{ from, to }],
  );
  return [...Map.groupBy(calls, ({ from, to }) => (isShared ? to : `${from}>${to}`)).values()].map((some) => {
    const to = some[0]?.to ?? "";
    const askedBy = new Set(asked.get(to)?.map(({ policy }) => policy));
    return { to, callers: some.map(({ from }) => from), askedBy };
  });
}

/** All places on a side. */
function seatsOn(side: PlacedSide, { host, callers }: Group): readonly Seat[] {
  if (side === "ingress" && host.mesh.identity === "none") return [{ side }];
  return callers.map((from) => ({ side, from }));
}

function ownSeats(group: Group, own: PathTables): readonly OwnSeat[] {
  return sides
    .flatMap((side) => seatsOn(side, group))
    .flatMap((seat): readonly OwnSeat[] => {
      const units = unitsAt(seat, group, group.host);
      const placed = units.find((unit) => callsOn(seat.side, unit, group.host).length > 0);
      const asked = units.flatMap((unit) => asksOn(seat.side, unit, own));
      if (asked.length > 0) return asked.some(isForSome) ? [{ ...seat, isPlaced: placed !== undefined }] : [];
      if (placed === undefined) return [];
      return [{ ...seat, isPlaced: true, decided: decidedOn(seat.side, placed, group.host) ?? forAll }];
    });
}

/** Where a policy of the build is on some calls. */
interface Seated {
  readonly group: Group;
  readonly seats: readonly OwnSeat[];
}

function seatedOn(
  { to, callers }: Calls,
  {
    host,
    own,
    policies,
  }: { readonly host: Running; readonly own: PathTables; readonly policies: readonly Policy[] },
): readonly Seated[] {
  return policies
    .flatMap((policy) => sectionsOf(policy).map((section): Group => ({ host, policy, section, to, callers })))
    .map((group) => ({ group, seats: ownSeats(group, own) }))
    .filter(({ seats }) => seats.some(({ isPlaced }) => isPlaced));
}

function isAsking({ isPlaced, decided }: OwnSeat): boolean {
  return isPlaced && decided === undefined;
}

interface Speaking {
  readonly host: Running;
  readonly own: PathTables;
  readonly revisions: readonly Revision[];
  readonly staysInPlace: boolean;
}

interface Said {
  readonly asks: readonly (readonly Asking[])[];
  readonly placed: readonly Placed[];
}

function sayOf(calls: Calls, { host, own, revisions, staysInPlace }: Speaking): readonly Said[] {
  const policies = inOrder(host.policies).filter(({ mode }) => mode !== "off");
  const asking = policies.filter(({ name }) => calls.askedBy.has(name));
  const some = seatedOn(calls, { host, own, policies: asking });
  if (staysInPlace || !revisions.some((revision) => some.some((each) => isToMove(each, revision))))
    return some.map((each) => sayIn(each, revisions, []));
  const all = seatedOn(calls, { host, own, policies });
  const moves = revisions.map((revision) => movesOf(all, revision));
  return all.map((each) =>
    sayIn(
      each,
      revisions,
      moves.map((own) => own.get(each)),
    ),
  );
}

/** Whether a revision does not know what it is to answer where the policy asks. */
function isToMove({ group, seats }: Seated, revision: Revision): boolean {
  return seats.some((seat) => isAsking(seat) && answerAt(seat, group, revision) === undefined);
}

/** Where policies, which come in order, are for the requests of a revision, if that is elsewhere. */
function movesOf(all: readonly Seated[], revision: Revision): ReadonlyMap<Seated, Move> {
  const moves = new Map<Seated, Move>();
  for (const each of all) {
    if (!isToMove(each, revision)) continue;
    const [move] = sides.flatMap((side) => moveTo(side, each.group, revision) ?? []);
    if (move !== undefined) moves.set(each, move);
  }
  // This comes to those, too, that are set meanwhile.
  for (const [moved, { side }] of moves)
    for (const other of all) {
      if (moves.has(other) || !other.seats.some((seat) => seat.isPlaced && seat.side !== side)) continue;
      const move = drawsAlong(moved, other, { all, side }) ? moveTo(side, other.group, revision) : undefined;
      if (move !== undefined) moves.set(other, move);
    }
  return moves;
}

/** Whether one that is on this side may not have the other one on the other side. */
function drawsAlong(
  one: Seated,
  other: Seated,
  { all, side }: { readonly all: readonly Seated[]; readonly side: PlacedSide },
): boolean {
  const pair = all.indexOf(one) < all.indexOf(other) ? [one, other] : [other, one];
  const implied = impliedAmong(
    pair.map(({ group: { policy, section } }) => ({
      ...{ policy, section, sides: section.sides, judges: joinsJudgement(policy, section) },
    })),
  );
  return implied.some(([ifHere, thisToo]) => pair[side === "ingress" ? ifHere : thisToo] === one);
}

function sayIn(
  { group, seats }: Seated,
  revisions: readonly Revision[],
  moves: readonly (Move | undefined)[],
): Said {
  const isMoved = moves.some((move) => move !== undefined);
  if (!isMoved && !seats.some(isAsking)) return { asks: [], placed: [] };
  // Where callers are known it is answered for the other side, too, which a change to come may ask.
  const places = new Map<string, OwnSeat>(
    seats
      .filter(({ isPlaced, decided }) => (isMoved ? isPlaced : decided === undefined))
      .map((seat) => [keyOf(seat), seat]),
  );
  for (const [key, { seat }] of moves.flatMap((move) => [...(move?.places ?? [])]))
    if (!places.has(key)) places.set(key, { ...seat, isPlaced: false, decided: forNobody });
  return {
    asks: revisions.map((revision, number) =>
      [...places].flatMap(([key, seat]) => {
        const move = moves[number];
        const answer =
          move === undefined
            ? (seat.decided ?? answerAt(seat, group, revision) ?? byStamps(seat, group, revision))
            : (move.places.get(key)?.answer ?? forNobody);
        return answer.map((each) => askingOf(seat, group, each));
      }),
    ),
    placed: moves.flatMap((move) => move?.placed ?? []),
  };
}

function keyOf({ side, from }: Seat): string {
  return `${side} ${from ?? ""}`;
}

function askingOf({ side, from }: Seat, { policy, section, to }: Group, answer: Answer[number]): Asking {
  return {
    ...{ policy: policy.name, section: section.name, side, ...(from === undefined ? {} : { from }), to },
    ...answer,
  };
}

/** A policy on one side of all calls of a group for the requests of a revision. */
interface Move {
  readonly side: PlacedSide;
  /** Where it is not for nobody. */
  readonly places: ReadonlyMap<string, { readonly seat: Seat; readonly answer: Answer }>;
  readonly placed: readonly Placed[];
}

/** Undefined where the revision does not know what it is to answer there, or the policy cannot be there. */
function moveTo(side: PlacedSide, group: Group, revision: Revision): Move | undefined {
  const places = new Map<string, { readonly seat: Seat; readonly answer: Answer }>();
  const placed: Placed[] = [];
  for (const seat of seatsOn(side, group)) {
    const answer = answerAt(seat, group, revision);
    if (answer === undefined) return undefined;
    if (isDeepStrictEqual(answer, forNobody)) continue;
    places.set(keyOf(seat), { seat, answer });
    for (const from of seat.from === undefined ? group.callers : [seat.from]) {
      const unit: Unit = { policy: group.policy.name, section: group.section.name, from, to: group.to };
      const dataplane = dataplaneFor(serviceOf(side, unit), side, group, revision.of);
      if (dataplane === undefined) return undefined;
      placed.push({ ...unit, side, dataplane });
    }
  }
  return { side, places, placed };
}

/** The one in front of a service that can have the policy on a side: what is there, or was, or else any. */
function dataplaneFor(
  name: string,
  side: PlacedSide,
  { host, policy, section }: Group,
  before: Running,
): Dataplane | undefined {
  const service = host.mesh.services.get(name);
  const isPossible =
    isForSide(policy, section.body, side) && (side === "egress" || knowsCaller(host.mesh, section));
  if (service === undefined || !isPossible) return undefined;
  const had = dataplaneAt(name, host) ?? dataplaneAt(name, before);
  return fitting(service, host.dataplanes).find(
    (dataplane) =>
      (had === undefined || had.name === dataplane.name) &&
      carriesState(dataplane) &&
      offers(dataplane, policy) &&
      offersAt(dataplane, side, { policy, section }),
  );
}

function dataplaneAt(service: string, { placement, dataplanes }: Running): Dataplane | undefined {
  const proxy = placement.proxies.find((each) => each.service === service);
  return dataplanes.find(({ name }) => name === proxy?.dataplane);
}

/** What a revision says in a place; undefined where it does not know that. */
function answerAt(seat: Seat, group: Group, revision: Revision): Answer | undefined {
  if (isOnlyTriedOut(group, revision)) return forNobody;
  const [answer, ...others] = unitsAt(seat, group, revision.of).map(
    (unit) => answerOn(seat.side, unit, revision) ?? "unknown",
  );
  if (answer === undefined) return forNobody;
  return answer === "unknown" || others.some((other) => !isDeepStrictEqual(other, answer))
    ? undefined
    : answer;
}

/** Whether a policy that does something by now did nothing to the requests of a revision, whichever it was for. */
function isOnlyTriedOut({ policy: { name, mode } }: Group, { of }: Revision): boolean {
  return mode === "enforce" && of.policies.some((each) => each.name === name && each.mode === "audit");
}

/** What is said of a call on a side of it. */
function answerOn(side: PlacedSide, unit: Unit, { tables, of }: Revision): Answer | undefined {
  const own = ownTables(of);
  const asked = sides.map((each) => ({ each, asks: asksOn(each, unit, tables) }));
  const forSome = asked.filter(({ asks }) => asks.some(isForSome));
  if (forSome.length > 0) return forSome.find(({ each }) => each === side)?.asks.map(answerOf);
  // Where there had to be a state, what has none has lost it.
  const isLost = asked.some(({ each, asks }) => asks.length === 0 && asksOn(each, unit, own).some(isForSome));
  if (isLost) return [];
  return asked.some(({ asks }) => asks.length > 0) ? forNobody : decidedOn(side, unit, of);
}

/** What a build does with all requests of a call, where it asks nothing. */
function decidedOn(side: PlacedSide, unit: Unit, of: Running): Answer | undefined {
  const calls = sides.flatMap((each) =>
    asksOn(each, unit, ownTables(of)).length > 0 ? [] : callsOn(each, unit, of),
  );
  if (calls.length === 0) return forNobody;
  if (calls.some(([, , versions]) => versions === undefined)) return forAll;
  // Nobody knows yet which version it will be.
  if (side === "egress") return undefined;
  return [...(of.mesh.services.get(unit.to)?.versions.keys() ?? [])].flatMap((version) => {
    const isFor = calls.some(([, , versions]) => versions?.includes(version) === true);
    return (isFor ? forAll : forNobody).map((each) => ({ ...each, version }));
  });
}

/** What follows from the stamps of the services between, where a policy cannot be on the side on which it was. */
function byStamps(seat: Seat, group: Group, { tables, of }: Revision): Answer {
  const told = unitsAt(seat, group, of).map((unit) =>
    asksOn(seat.side === "egress" ? "ingress" : "egress", unit, tables).filter(isForSome),
  );
  if (told.some((asks) => asks.length === 0)) return [];
  return (seat.side === "egress" ? beforeStamp : behindStamp)(told.flat(), tables);
}

/** What is known of a call as it goes out, by what is asked where it comes in, behind the stamp of the callee. Of its versions nobody knows yet which one it will be. */
function beforeStamp(told: readonly Asking[], tables: PathTables): Answer {
  const before = (states: Asking["states"], { to, version }: Asking): readonly string[] => {
    const own = stampingOf(tables, to, version);
    if (states === "all" || own === undefined) return states === "all" ? [] : states;
    return [...own.steps].flatMap(([from, next]) => (states.includes(next) ? [from] : []));
  };
  const ofAll = (of: (each: Asking) => Asking["states"]): readonly string[] =>
    told
      .map((each) => before(of(each), each))
      .reduce((some, others) => some.filter((state) => others.includes(state)));
  return [{ states: ofAll(({ states }) => states), others: ofAll(({ others }) => others) }];
}

/** And of one as it comes in, by what is asked where it goes out: nothing of a state by which callers mean two things. */
function behindStamp(told: readonly Asking[], tables: PathTables): Answer {
  const [to = ""] = told.map((each) => each.to);
  const stamps = tables.stamps.filter(({ service }) => service === to);
  const each: readonly (Stamping | undefined)[] = stamps.length > 0 ? stamps : [undefined];
  return each.map((own) => {
    const behind = (states: Asking["states"]): readonly string[] => {
      if (states === "all" || own === undefined) return states === "all" ? [] : states;
      return states.flatMap((state) => own.steps.get(state) ?? []);
    };
    const states = new Set(told.flatMap((asking) => behind(asking.states)));
    const others = new Set(told.flatMap((asking) => behind(asking.others)));
    return {
      ...(own?.version === undefined ? {} : { version: own.version }),
      states: [...states].filter((state) => !others.has(state)),
      others: [...others].filter((state) => !states.has(state)),
    };
  });
}

function stampingOf(
  { stamps }: PathTables,
  service: string,
  version: string | undefined,
): Stamping | undefined {
  return stamps.find((each) => each.service === service && each.version === version);
}

/** The calls of a place that a build has, with the policy's section that is this one in it; none where it has no such policy. */
function unitsAt(
  seat: Seat,
  { policy: { name }, section, to, callers }: Group,
  of: Running,
): readonly Unit[] {
  const policy = of.policies.find((each) => each.name === name);
  const sections = policy === undefined ? [] : sectionsOf(policy);
  const same = sections.find((each) => each.name === section.name) ?? sections[0];
  if (same === undefined) return [];
  return (seat.from === undefined ? callers : [seat.from])
    .filter((from) => of.mesh.calls.some((call) => call.from === from && call.to === to))
    .map((from) => ({ policy: name, section: same.name, from, to }));
}

const indices = new WeakMap<readonly Asking[], ReadonlyMap<string, readonly Asking[]>>();

function asksOn(side: PlacedSide, unit: Unit, { asks }: Pick<PathTables, "asks">): readonly Asking[] {
  const index = indices.get(asks) ?? Map.groupBy(asks, ({ policy, to }) => `${policy} ${to}`);
  indices.set(asks, index);
  return (index.get(`${unit.policy} ${unit.to}`) ?? []).filter(
    (asking) =>
      asking.section === unit.section &&
      asking.side === side &&
      (asking.from === undefined || asking.from === unit.from),
  );
}

function callsOn(side: PlacedSide, unit: Unit, { placement }: Running): readonly PlacedCall[] {
  const proxy = placement.proxies.find(({ service }) => service === serviceOf(side, unit));
  return (proxy?.policies ?? [])
    .filter((each) => each.policy === unit.policy && each.section === unit.section && each.side === side)
    .flatMap(({ calls }) => calls.filter(([from, to]) => from === unit.from && to === unit.to));
}

function serviceOf(side: PlacedSide, { from, to }: Unit): string {
  return side === "ingress" ? to : from;
}

/** What the policies of a build ask. */
function ownTables({ paths: { own, known } }: Running): Pick<PathTables, "asks"> {
  return known.find(({ revision }) => revision === own) ?? { asks: [] };
}

function isForSome({ states, others }: Asking): boolean {
  return states.length > 0 || others !== "all";
}

function answerOf({ version, states, others }: Asking): Answer[number] {
  return { ...(version === undefined ? {} : { version }), states, others };
}

/** The placement of a build with policies in further places, in the order of enforcement that they would have there. */
function withPolicies({ placement, policies }: Running, placed: readonly Placed[]): Placement {
  if (placed.length === 0) return placement;
  const proxies = new Map(placement.proxies.map((proxy) => [proxy.service, proxy]));
  for (const { dataplane, side, ...unit } of placed) {
    const { policy, section, from, to } = unit;
    const service = serviceOf(side, unit);
    const proxy: PlacedProxy = proxies.get(service) ?? {
      ...{ service, dataplane: dataplane.name, stamps: false, policies: [] },
    };
    const more: PlacedPolicy = { policy, section, side, calls: [[from, to]] };
    proxies.set(service, { ...proxy, policies: withPolicy(proxy.policies, more, policies) });
  }
  return { ...placement, proxies: [...proxies.values()].sort((a, b) => (a.service < b.service ? -1 : 1)) };
}

function withPolicy(
  placed: readonly PlacedPolicy[],
  more: PlacedPolicy,
  policies: readonly Policy[],
): readonly PlacedPolicy[] {
  const same = placed.find(
    ({ policy, section, side }) => policy === more.policy && section === more.section && side === more.side,
  );
  if (same !== undefined) {
    const isNew = (call: PlacedCall): boolean => !same.calls.some((each) => isDeepStrictEqual(each, call));
    const calls = [...same.calls, ...more.calls.filter(isNew)];
    return placed.map((each) => (each === same ? { ...same, calls } : each));
  }
  const order = inOrder(policies).map(({ name }) => name);
  return [...placed, more].sort((a, b) => order.indexOf(a.policy) - order.indexOf(b.policy));
}
