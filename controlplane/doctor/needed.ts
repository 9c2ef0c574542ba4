import type { Mesh } from "../mesh/mesh.ts";
import { isSecret, type PathsInUse, type PathTables } from "../placement/path-tables.ts";

/** A service that has to hand on states. */
export interface Needed {
  readonly service: string;
  /** `REVISION.STATE` of one that comes to it, and that something further on asks for; where states follow from a key one that is none, and that nobody knows. */
  readonly state: string;
}

/** Requests in a service that have the same state there. */
interface Place {
  readonly service: string;
  readonly state: string;
  /** Those that they were sent on from. */
  readonly before: Place[];
  isNeeded: boolean;
}

/**
 * The services through which requests come on the way from where their paths begin to where a policy asks for them, and what they are to hand on: by the
 * revision that paths begin with. In the order of the mesh.
 */
export function neededServices(mesh: Mesh, paths: PathsInUse): readonly Needed[] {
  const tables = paths.known.find(({ revision }) => revision === paths.begin);
  if (tables === undefined) return [];
  const callees = Map.groupBy(
    mesh.calls.filter(({ from, to }) => from !== null && mesh.services.get(to)?.protocol !== "tcp"),
    ({ from }) => from,
  );
  const asked = new Set(tables.asks.map(({ from = "", to }) => `${from}>${to}`));
  const statesBehind = stampsOf(tables);
  const places = new Map<string, Map<string, Place>>();
  const found: Place[] = [];
  const came = (service: string, state: string, from?: Place): void => {
    const own = places.get(service) ?? new Map<string, Place>();
    places.set(service, own);
    const place = own.get(state) ?? { service, state, before: [], isNeeded: false };
    if (!own.has(state)) found.push(place);
    own.set(state, place);
    if (from !== undefined) place.before.push(from);
  };
  for (const { service, first } of tables.stamps) {
    if (first === undefined) continue;
    const { entry = false, origin = false } = mesh.services.get(service) ?? {};
    if (entry) came(service, first);
    // What it does by itself nobody has asked it for: it hands on nothing.
    for (const { to } of origin ? (callees.get(service) ?? []) : [])
      for (const state of statesBehind(to, first)) came(to, state);
  }
  const needed: Place[] = [];
  const need = (place: Place): void => {
    if (!place.isNeeded) needed.push(place);
    place.isNeeded = true;
  };
  for (const place of found)
    for (const { to } of callees.get(place.service) ?? []) {
      if (asked.has(`${place.service}>${to}`) || asked.has(`>${to}`)) need(place);
      for (const state of statesBehind(to, place.state)) came(to, state, place);
    }
  for (const { before } of needed) for (const place of before) need(place);
  return [...mesh.services.keys()].flatMap((service) => {
    const place = [...(places.get(service)?.values() ?? [])].find(({ isNeeded }) => isNeeded);
    return place === undefined
      ? []
      : [{ service, state: `${tables.revision}.${isSecret(place.state) ? "0" : place.state}` }];
  });
}

/** What a state is behind a service: of one whose versions update it otherwise, all that it may be. */
function stampsOf({ stamps }: PathTables): (service: string, state: string) => readonly string[] {
  const steps = new Map<string, ReadonlyMap<string, string>[]>();
  for (const { service, steps: own } of stamps) {
    const all = steps.get(service) ?? [];
    all.push(own);
    steps.set(service, all);
  }
  return (service, state) => {
    const own = steps.get(service);
    return own === undefined ? [state] : [...new Set(own.flatMap((each) => each.get(state) ?? []))];
  };
}
