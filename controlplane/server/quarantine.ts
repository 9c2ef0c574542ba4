import { byName, type Resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { Version } from "./session.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { wordsOf } from "./words-of.ts";

/** Versions by name. */
type Suspects = ReadonlyMap<string, string>;

/** Who refuses: a stream. What another one thinks of the same version says nothing of what this one does. */
export type Refuser = object;

export interface Refused {
  readonly typeUrl: TypeUrl;
  readonly resources: readonly string[];
  readonly message: string;
}

/** What was in force, and all that was there with it, where it may lead to. */
export interface Good {
  readonly resource: Resource;
  readonly among: Snapshot;
}

/** What a group of proxies has refused, and what is being tried in parts to find the one at fault. */
export interface Quarantine {
  /**
   * The snapshot with what is held back as it was when it was good, and the clusters that were there then, or left out: `good` says what it was, first
   * of what is likeliest.
   */
  readonly allowed: (
    snapshot: Snapshot,
    good: (resource: Version) => readonly Good[],
    isAwaited: (by: Refuser | undefined, resource: Resource) => boolean,
  ) => Snapshot;
  /** The names that are at fault, as far as is known: none while parts are being tried. */
  readonly refuse: (
    by: Refuser,
    type: TypeUrl,
    resources: readonly Version[],
    message: string,
    how?: "in parts" | "by name",
  ) => readonly string[];
  readonly accept: (by: Refuser, type: TypeUrl, resources: readonly Version[]) => void;
  /**
   * Another may go on with what it was trying: `has` says what those that stay have taken long ago. And what it refused may be given to others
   * again where that `wasInForce` before it came: then something else was at fault, such as memory that there was none of. So it was where
   * it found no address to listen at, as it says itself.
   */
  readonly leave: (
    by: Refuser,
    was: {
      readonly has: (type: TypeUrl, name: string, version: string) => boolean;
      readonly wasInForce: (type: TypeUrl, name: string, version: string) => boolean;
    },
  ) => void;
  /** Of what is in the snapshot and has been refused: names by type, and the client's words. */
  readonly refusals: (snapshot: Snapshot) => readonly Refused[];
  readonly isRefused: (resource: Version) => boolean;
  readonly isEmpty: () => boolean;
}

interface Refusal {
  readonly name: string;
  readonly version: string;
  readonly message: string;
  /** Absent when its stream is over. */
  by: Refuser | undefined;
  /** What was in force instead: for those of the group that have had none. */
  good: Good | undefined;
}

interface Trial {
  by: Refuser | undefined;
  readonly suspects: Suspects;
}

/** What others lead to. */
export const targets: readonly TypeUrl[] = [typeUrl.cluster, typeUrl.endpoints];

/** The operating system's words for what may be otherwise the next time, whatever is sent. */
const passing = /address (already )?in use|cannot assign requested address/i;

/** Of one type, and what nobody wants any more goes first. */
const refusedMax = 1_000;

/**
 * Outlives streams: what was refused is not sent again. Where several were refused together they are tried in parts: first what the
 * client's words do not name, or one half after the other, so that one of n is found in about 2 · log2 n responses, and the rest is in force.
 */
export function createQuarantine(isWanted: (resource: Version) => boolean): Quarantine {
  /** By type, and by name and version: one may be refused in several. */
  const refused = new Map<TypeUrl, Map<string, Refusal>>();
  /** By type; the first is being tried, the others wait. */
  const trials = new Map<TypeUrl, readonly Trial[]>();

  const isEmpty = (): boolean => refused.size === 0 && trials.size === 0;

  function refusalOf(resource: Version): Refusal | undefined {
    return refused.get(resource.typeUrl)?.get(keyOf(resource));
  }

  function isHeldBack(resource: Version): boolean {
    if (refusalOf(resource) !== undefined) return true;
    const [, ...waiting] = trials.get(resource.typeUrl) ?? [];
    return waiting.some(({ suspects }) => suspects.get(resource.name) === resource.version);
  }

  /** What is there instead of what is held back, unless it is suspected as well. */
  function standIn(resource: Version, good: (resource: Version) => readonly Good[]): Good | undefined {
    return [...good(resource), refusalOf(resource)?.good].find(
      (each) => each !== undefined && refusalOf(each.resource) === undefined,
    );
  }

  function setTrials(type: TypeUrl, all: readonly Trial[]): void {
    const left = all.filter(({ suspects }) => suspects.size > 0);
    if (left.length === 0) trials.delete(type);
    else trials.set(type, left);
  }

  /** Keep of each trial what is still to be tried. */
  function narrow(type: TypeUrl, isOn: (name: string, version: string, by: Trial["by"]) => boolean): void {
    setTrials(
      type,
      (trials.get(type) ?? []).map(({ by, suspects }) => ({
        by,
        suspects: new Map([...suspects].filter(([name, version]) => isOn(name, version, by))),
      })),
    );
  }

  function note(resource: Version, by: Refuser, message: string): void {
    const { typeUrl, name, version } = resource;
    const known = refused.get(typeUrl) ?? new Map<string, Refusal>();
    refused.set(typeUrl, known.set(keyOf(resource), { name, version, message, by, good: undefined }));
    for (const [key, other] of known) {
      if (known.size <= refusedMax) break;
      if (!isWanted({ typeUrl, ...other })) known.delete(key);
    }
  }

  return {
    allowed: (snapshot, good, isAwaited) => {
      if (isEmpty()) return snapshot;
      for (const type of [...trials.keys()]) {
        const resources = resourcesOf(snapshot, type);
        // What has been replaced meanwhile, or let go of, will not be answered.
        narrow(type, (name, version, by) => {
          const resource = resources.get(name);
          if (resource === undefined || !isAwaited(by, resource)) return false;
          return (
            resource.version === version ||
            (isHeldBack(resource) && standIn(resource, good)?.resource.version === version)
          );
        });
      }
      const allowed = new Map(snapshot);
      const among = new Set<Snapshot>();
      for (const [type, resources] of snapshot) {
        if (![...resources.values()].some(isHeldBack)) continue;
        allowed.set(
          type,
          byName(
            [...resources.values()].flatMap((resource) => {
              if (!isHeldBack(resource)) return [resource];
              const refusal = refusalOf(resource);
              const before = standIn(resource, good);
              if (before === undefined || isHeldBack(before.resource)) return [];
              if (refusal !== undefined) refusal.good = before;
              if (!targets.includes(type)) among.add(before.among);
              return before.resource;
            }),
          ),
        );
      }
      for (const others of among)
        for (const type of targets) {
          const there = resourcesOf(allowed, type);
          const more = [...resourcesOf(others, type).values()].filter(
            (each) => !there.has(each.name) && !isHeldBack(each),
          );
          if (more.length > 0) allowed.set(type, byName([...there.values(), ...more]));
        }
      return allowed;
    },
    refuse: (by, type, resources, message, how = "in parts") => {
      if (how === "by name") {
        for (const each of resources) if (refusalOf(each) === undefined) note(each, by, message);
        return resources.map(({ name }) => name);
      }
      // That something is to go is no resource that could be at fault.
      if (resources.length === 0) return [];
      const [, ...waiting] = trials.get(type) ?? [];
      // An answer to what was sent before the trial says nothing of what is on it.
      if (resources.some(isHeldBack)) return [];
      const [only] = resources;
      if (resources.length === 1 && only !== undefined) {
        note(only, by, message);
        setTrials(type, waiting);
        return [only.name];
      }
      // Words may name one that is not at fault, so they say no more than where to look last.
      const words = wordsOf(message);
      const named = resources.filter(({ name }) => words.has(name));
      const rest = resources.filter(({ name }) => !words.has(name));
      const middle = Math.ceil(resources.length / 2);
      const parts =
        named.length > 0 && rest.length > 0
          ? [rest, named]
          : [resources.slice(0, middle), resources.slice(middle)];
      setTrials(type, [...parts.map((part) => ({ by, suspects: versionsOf(part) })), ...waiting]);
      return [];
    },
    accept: (by, type, resources) => {
      const known = refused.get(type);
      for (const resource of resources) if (refusalOf(resource)?.by === by) known?.delete(keyOf(resource));
      if (known?.size === 0) refused.delete(type);
      if (!trials.has(type)) return;
      const accepted = versionsOf(resources);
      narrow(
        type,
        (name, version, suspectedBy) =>
          accepted.get(name) !== version || (suspectedBy !== undefined && suspectedBy !== by),
      );
    },
    leave: (by, { has, wasInForce }) => {
      for (const [type, refusals] of refused) {
        for (const [key, refusal] of refusals) {
          if (refusal.by !== by) continue;
          refusal.by = undefined;
          if (passing.test(refusal.message) || wasInForce(type, refusal.name, refusal.version))
            refusals.delete(key);
        }
        if (refusals.size === 0) refused.delete(type);
      }
      for (const [type, all] of [...trials]) {
        for (const trial of all) if (trial.by === by) trial.by = undefined;
        narrow(type, (name, version, suspectedBy) => suspectedBy !== undefined || !has(type, name, version));
      }
    },
    refusals: (snapshot) =>
      [...refused].flatMap(([type, refusals]) => {
        const resources = resourcesOf(snapshot, type);
        const there = [...refusals.values()].filter(
          ({ name, version }) => resources.get(name)?.version === version,
        );
        const messages = new Set(there.map(({ message }) => message));
        return [...messages].map((message) => ({
          ...{ typeUrl: type, message },
          resources: there.filter((refusal) => refusal.message === message).map(({ name }) => name),
        }));
      }),
    isRefused: (resource) => refusalOf(resource) !== undefined,
    isEmpty,
  };
}

function keyOf({ name, version }: Version): string {
  return `${version} ${name}`;
}

function versionsOf(resources: readonly Version[]): Suspects {
  return new Map(resources.map(({ name, version }) => [name, version]));
}
