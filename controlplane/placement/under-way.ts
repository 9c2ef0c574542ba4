import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Dataplane } from "./dataplane.ts";
import { forRevisions } from "./for-revisions.ts";
import { type PathsInUse, type PathTables, stateless } from "./path-tables.ts";
import type { PlacedProxy, Placement } from "./placement.ts";

/** What runs, or is to run, as far as the paths of requests go. */
export interface Running {
  readonly mesh: Mesh;
  readonly policies: readonly Policy[];
  readonly dataplanes: readonly Dataplane[];
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
 * Old states may only be forgotten once no request has them any more: `mayForget`. `how`: as `forRevisions` takes it.
 */
export function nextStep(
  current: Running,
  wanted: Running,
  mayForget: boolean,
  how: Parameters<typeof forRevisions>[3] = {},
): NextStep {
  const [was, next] = [current.paths, wanted.paths];
  const wantedTables = next.known.find(({ revision }) => revision === next.own);
  if (wantedTables === undefined) {
    // What began with states is under way, though nobody will ask: while it is they are known, so that nothing is lost where the next change asks again.
    if (was.known.length === 0 || (was.begin === undefined && mayForget)) return { kind: "wanted" };
    // Those that do ask run until requests are led elsewhere; until then paths begin with a state.
    const begin = was.own === undefined ? undefined : was.begin;
    return {
      kind: "both",
      placement: alsoStamping(wanted, current),
      paths: { ...(begin === undefined ? {} : { begin }), known: was.known.map(unasked) },
    };
  }
  if (was.begin === next.begin) {
    const others = was.known.filter(({ revision }) => revision !== next.own);
    if (mayForget || others.length === 0) return { kind: "wanted" };
    // What is wanted changed on the way: it asks as what runs does, since its tables are the same.
    return both(wantedTables, others);
  }
  const isTaught =
    was.known.some(({ revision }) => revision === wantedTables.revision) &&
    alsoStamping(current, wanted) === current.placement;
  if (!isTaught) {
    const own = was.known.find(({ revision }) => revision === was.own);
    const others = was.known.filter(({ revision }) => revision !== wantedTables.revision);
    const revisions = [
      { tables: wantedTables, of: wanted },
      ...withStateless(others).map((tables) => ({ tables, of: current })),
    ];
    const { placement, known } = forRevisions(current, own, revisions, how);
    const stamping = alsoStamping({ ...current, placement }, wanted);
    return { kind: "taught", placement: stamping, paths: { ...was, known } };
  }
  return both(
    wantedTables,
    was.known.filter(({ revision }) => revision !== wantedTables.revision),
  );

  function both(own: PathTables, before: readonly PathTables[]): NextStep {
    const revisions = [
      { tables: own, of: wanted },
      ...withStateless(before).map((tables) => ({ tables, of: current })),
    ];
    const { placement, known } = forRevisions(wanted, own, revisions, how);
    return {
      kind: "both",
      placement: alsoStamping({ ...wanted, placement }, current),
      paths: { ...next, known },
    };
  }
}

/** What began where nobody stamps before it was taught has no state, and is under way, too. */
function withStateless(known: readonly PathTables[]): readonly PathTables[] {
  if (known.some(({ revision }) => revision === stateless)) return known;
  return [...known, { revision: stateless, stamps: [], asks: [] }];
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
