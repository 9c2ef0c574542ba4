import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Asking, type PathsInUse, type PathTables, type Stamping, stateless } from "./path-tables.ts";
import type { PlacedProxy, Placement } from "./placement.ts";

/** What runs, or is to run, as far as the paths of requests go. */
export interface Running {
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  readonly placement: Placement;
  readonly paths: PathsInUse;
}

/** What is to run next on the way to what is wanted. */
export type NextStep =
  | { readonly kind: "wanted" }
  /** What runs, with services that stamp for what is wanted, and proxies that know its states. Nothing writes them yet. */
  | { readonly kind: "taught"; readonly placement: Placement; readonly paths: PathsInUse }
  /** What is wanted, for requests whose paths began before too. */
  | { readonly kind: "both"; readonly placement: Placement; readonly paths: PathsInUse };

/**
 * A request has the states of one revision on all of its path, so all who read or stamp it have to know that revision before the first one writes
 * it, and as long as one that has it is under way. So a change of states is made of three: all are taught, then paths begin with the new
 * states and policies are the new ones, and last the old states are forgotten. In each, every request is judged by the revision that it began with.
 * Old states may only be forgotten once no request has them any more: `mayForget`.
 */
export function nextStep(current: Running, wanted: Running, mayForget: boolean): NextStep {
  const [was, next] = [current.paths, wanted.paths];
  const wantedTables = next.known.find(({ revision }) => revision === next.own);
  if (was.begin === next.begin) {
    const others = was.known.filter(({ revision }) => revision !== next.own);
    if (mayForget || wantedTables === undefined || others.length === 0) return { kind: "wanted" };
    // What is wanted changed on the way: it asks as what runs does, since its tables are the same.
    return {
      kind: "both",
      placement: alsoStamping(wanted, current),
      paths: { ...next, known: [wantedTables, ...others] },
    };
  }
  if (wantedTables === undefined)
    // Nobody will ask; those that do run until requests are led elsewhere.
    return was.own === undefined
      ? { kind: "wanted" }
      : {
          kind: "both",
          placement: alsoStamping(wanted, current),
          paths: { ...(was.begin === undefined ? {} : { begin: was.begin }), known: was.known.map(unasked) },
        };
  const isTaught =
    was.known.some(({ revision }) => revision === wantedTables.revision) &&
    alsoStamping(current, wanted) === current.placement;
  if (!isTaught) {
    const own = was.known.find(({ revision }) => revision === was.own);
    const others = was.known.filter(({ revision }) => revision !== wantedTables.revision);
    return {
      kind: "taught",
      placement: alsoStamping(current, wanted),
      paths: { ...was, known: [...others, toldTo(own, wantedTables, wanted)] },
    };
  }
  const before = was.known
    .filter(({ revision }) => revision !== wantedTables.revision && revision !== stateless)
    .map((each) => toldTo(wantedTables, each, current));
  const none: PathTables = { revision: stateless, stamps: [], asks: [] };
  return {
    kind: "both",
    placement: alsoStamping(wanted, current),
    paths: {
      ...next,
      known: [
        wantedTables,
        ...before,
        ...(was.begin === undefined ? [toldTo(wantedTables, none, current)] : []),
      ],
    },
  };
}

function unasked(tables: PathTables): PathTables {
  return { ...tables, asks: [] };
}

/** The placement of what runs with the stamps of another one, as far as there are these services; the same object where it has them all. */
function alsoStamping({ placement, mesh }: Running, other: Running): Placement {
  const had = new Map(placement.proxies.map((proxy) => [proxy.service, proxy]));
  const more = other.placement.proxies.filter(
    ({ service, stamps }) => stamps && mesh.services.has(service) && had.get(service)?.stamps !== true,
  );
  if (more.length === 0) return placement;
  for (const { service, dataplane } of more)
    had.set(service, { service, dataplane, policies: [], ...had.get(service), stamps: true });
  const byName = (a: PlacedProxy, b: PlacedProxy): number => (a.service < b.service ? -1 : 1);
  return { ...placement, proxies: [...had.values()].sort(byName) };
}

/** What a revision says where the policies of a build ask; `of` is what it was made for. */
function toldTo(own: PathTables | undefined, tables: PathTables, of: Running): PathTables {
  return { ...tables, asks: (own?.asks ?? []).flatMap((asking) => said(asking, tables, of)) };
}

function said(asking: Asking, tables: PathTables, of: Running): readonly Asking[] {
  const { asks } = tables;
  const policy = of.policies.find(({ name }) => name === asking.policy);
  const nobody = { ...asking, states: [], others: "all" } as const;
  if (policy === undefined || policy.mode === "off") return [nobody];
  const same = asks.filter(
    (each) =>
      each.policy === asking.policy &&
      each.side === asking.side &&
      each.from === asking.from &&
      each.to === asking.to &&
      (each.version === undefined || asking.version === undefined || each.version === asking.version),
  );
  const section = same.some((each) => each.section === asking.section) ? asking.section : same[0]?.section;
  const told = same.filter((each) => each.section === section);
  if (told.length > 0)
    return told.map(({ states, others, version }) => ({
      ...asking,
      ...(version === undefined ? {} : { version }),
      states,
      others,
    }));
  const elsewhere = asks.filter(
    (each) =>
      each.policy === asking.policy &&
      each.side !== asking.side &&
      (each.from === undefined || asking.from === undefined || each.from === asking.from) &&
      each.to === asking.to,
  );
  if (elsewhere.length > 0) {
    const told = elsewhere.filter((each) => each.section === elsewhere[0]?.section);
    return (asking.side === "egress" ? beforeStamp : behindStamp)(asking, told, { tables, of });
  }
  return [isAlways(asking, of) ? { ...asking, states: "all", others: [] } : nobody];
}

interface Elsewhere {
  readonly tables: PathTables;
  readonly of: Running;
}

/** What is known of a call as it goes out, by what is asked where it comes in, behind the stamp of the callee. Of its versions nobody knows yet which one it will be. */
function beforeStamp(asking: Asking, told: readonly Asking[], { tables }: Elsewhere): readonly Asking[] {
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
function behindStamp(asking: Asking, told: readonly Asking[], { tables, of }: Elsewhere): readonly Asking[] {
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

/** Whether a policy was for all requests where it asks now. */
function isAlways(asking: Asking, { placement, mesh }: Running): boolean {
  const { policy, to, version } = asking;
  const placed = placement.proxies
    .flatMap(({ policies }) => policies)
    .filter((each) => each.policy === policy)
    .flatMap(({ calls }) => calls)
    .filter(
      ([, callee, versions]) =>
        callee === to && (versions === undefined || version === undefined || versions.includes(version)),
    );
  return callersOf(asking, mesh).every((caller) => placed.some((call) => call[0] === caller));
}
