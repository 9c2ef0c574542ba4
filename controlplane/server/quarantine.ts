import { byName, type Resource } from "../xds/resource.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";

/** Versions by name. */
type Suspects = ReadonlyMap<string, string>;

export interface Refused {
  readonly typeUrl: TypeUrl;
  readonly resources: readonly string[];
  readonly message: string;
}

/** What a group of proxies has refused, and what is being tried in parts to find the one at fault. */
export interface Quarantine {
  /** The snapshot with what is held back as it was in the first of the earlier ones in which it is in force, or left out. */
  readonly allowed: (
    snapshot: Snapshot,
    earlier: readonly Snapshot[],
    isInForce: (resource: Resource) => boolean,
  ) => Snapshot;
  /** The names that are at fault, as far as is known: none while halves are being tried. */
  readonly refuse: (type: TypeUrl, resources: readonly Resource[], message: string) => readonly string[];
  readonly accept: (type: TypeUrl, resources: readonly Resource[]) => void;
  /** Of what is in the snapshot and has been refused: names by type, and the client's words. */
  readonly refusals: (snapshot: Snapshot) => readonly Refused[];
  /** The version of the name that has been refused. */
  readonly refused: (type: TypeUrl, name: string) => string | undefined;
  readonly allRefused: () => ReadonlyMap<TypeUrl, ReadonlyMap<string, string>>;
  readonly isEmpty: () => boolean;
}

/**
 * Outlives streams: what was refused is not sent again. A proxy may say which of several resources it refuses; where it does not,
 * halves are tried one after the other, so that one of n is found in about 2 · log2 n responses, and the rest is in force.
 */
export function createQuarantine(): Quarantine {
  const refused = new Map<TypeUrl, Map<string, string>>();
  /** Why, by type and name; of no use for another version. */
  const words = new Map<TypeUrl, Map<string, string>>();
  /** By type; the first group is on trial, the others wait. */
  const trials = new Map<TypeUrl, readonly Suspects[]>();

  const isEmpty = (): boolean => refused.size === 0 && trials.size === 0;

  function isHeldBack({ typeUrl, name, version }: Resource): boolean {
    if (refused.get(typeUrl)?.get(name) === version) return true;
    return (
      trials
        .get(typeUrl)
        ?.slice(1)
        .some((group) => group.get(name) === version) === true
    );
  }

  function setTrials(type: TypeUrl, groups: readonly Suspects[]): void {
    const left = groups.filter((group) => group.size > 0);
    if (left.length === 0) trials.delete(type);
    else trials.set(type, left);
  }

  /** A group that has been replaced meanwhile will not be answered. */
  function prune(type: TypeUrl, snapshot: Snapshot): void {
    const resources = resourcesOf(snapshot, type);
    const isThere = ([name, version]: readonly [string, string]): boolean =>
      resources.get(name)?.version === version;
    setTrials(
      type,
      (trials.get(type) ?? []).map((group) => new Map([...group].filter(isThere))),
    );
  }

  return {
    allowed: (snapshot, earlier, isInForce) => {
      if (isEmpty()) return snapshot;
      for (const type of [...trials.keys()]) prune(type, snapshot);
      const allowed = new Map(snapshot);
      for (const [type, resources] of snapshot) {
        if (![...resources.values()].some(isHeldBack)) continue;
        allowed.set(
          type,
          byName(
            [...resources.values()].flatMap((resource) => {
              if (!isHeldBack(resource)) return [resource];
              const before = earlier.map((each) => resourcesOf(each, type).get(resource.name));
              return before.find((each) => each !== undefined && !isHeldBack(each) && isInForce(each)) ?? [];
            }),
          ),
        );
      }
      return allowed;
    },
    refuse: (type, resources, message) => {
      const [, ...waiting] = trials.get(type) ?? [];
      // An answer to what was sent before the trial says nothing of what is on it.
      if (resources.some(isHeldBack)) return [];
      const named = resources.filter(({ name }) => mentions(message, name));
      const atFault = named.length > 0 ? named : resources.length === 1 ? resources : [];
      if (atFault.length > 0) {
        refused.set(type, new Map([...(refused.get(type) ?? []), ...versionsOf(atFault)]));
        words.set(
          type,
          new Map([...(words.get(type) ?? []), ...atFault.map(({ name }) => [name, message] as const)]),
        );
        // The others of this part are to be tried again without what was at fault, which may be all of it.
        setTrials(type, [versionsOf(resources.filter((each) => !atFault.includes(each))), ...waiting]);
        return atFault.map(({ name }) => name);
      }
      const middle = Math.ceil(resources.length / 2);
      setTrials(type, [
        versionsOf(resources.slice(0, middle)),
        versionsOf(resources.slice(middle)),
        ...waiting,
      ]);
      return [];
    },
    accept: (type, resources) => {
      const known = refused.get(type);
      for (const { name, version } of resources) if (known?.get(name) === version) known.delete(name);
      if (known?.size === 0) refused.delete(type);
      const accepted = new Map(versionsOf(resources));
      setTrials(
        type,
        (trials.get(type) ?? []).map(
          (group) => new Map([...group].filter(([name, version]) => accepted.get(name) !== version)),
        ),
      );
    },
    refusals: (snapshot) =>
      [...refused].flatMap(([type, versions]) => {
        const resources = resourcesOf(snapshot, type);
        const there = [...versions].filter(([name, version]) => resources.get(name)?.version === version);
        const messages = new Set(there.map(([name]) => words.get(type)?.get(name) ?? ""));
        return [...messages].map((message) => ({
          ...{ typeUrl: type, message },
          resources: there.map(([name]) => name).filter((name) => words.get(type)?.get(name) === message),
        }));
      }),
    refused: (type, name) => refused.get(type)?.get(name),
    allRefused: () => refused,
    isEmpty,
  };
}

function versionsOf(resources: readonly Resource[]): Suspects {
  return new Map(resources.map(({ name, version }) => [name, version]));
}

/** Whether the message has the name as a word of its own, not as a part of a longer name. */
function mentions(message: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(^|[^\\w|/@-])${escaped}($|[^\\w|/@-])`).test(message);
}
