import { createHash } from "node:crypto";
import { byName, type Resource, type Resources } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import { emptyAssignment } from "./empty-assignment.ts";
import { aliasesOf, isCollection, isDue, lookAgain, owe, rootTypes, type Session, wants } from "./session.ts";

type SotwAsk = Extract<Ask, { form: "sotw" }>;

/** What a response is to say, in the state of the world. */
export interface SaidWorld {
  readonly resources: readonly Resource[];
  /** Names that there is no resource for, told of once (xds.md P15). */
  readonly missing: readonly string[];
  /** Names that the client knows to be absent when it has this: those, and clusters that are told to have no endpoints. */
  readonly absent: readonly string[];
  /** Names that it lets go of when it takes this. */
  readonly gone: readonly string[];
}

/** Whether the message answers what the client was sent last, or comes before anything was sent; others are not answered (P3). */
export function isCurrent(session: Session, ask: Ask): boolean {
  return !session.asked || ask.nonce === "" || ask.nonce === session.lastNonce;
}

/** What the client wants from now on. `resources` is what it should hold, where that is known already. */
export function subscribeSotw(session: Session, ask: SotwAsk, resources: Resources | undefined): void {
  const first = !session.asked;
  lookAgain(session);
  const { names, wildcard, legacy } = askedFor(session, ask);
  session.asked = true;
  session.legacy = legacy;
  if (session.letGo.size > 0) {
    if (session.letGo.has("*")) session.wildcard = false;
    dropNames(session, session.letGo);
    forgetUnwanted(session, resources);
    session.letGo.clear();
  }
  // Another server, or this one before a restart, has sent just this: nothing needs to be said (P10).
  if (
    first &&
    wildcard &&
    names.size === 0 &&
    resources !== undefined &&
    ask.version === versionOf(session, resources, true)
  )
    for (const { name, version } of resources.values()) {
      session.sent.set(name, version);
      session.acked.set(name, version);
      session.world = resources;
    }
  else if (first) {
    session.owesAnswer = wildcard;
    session.isStrange = rootTypes.has(session.type) && ask.version !== "";
  }
  for (const name of names) if (!session.names.has(name)) owe(session, name);
  dropNames(session, namesBeside(session, names));
  for (const name of names) session.names.add(name);
  if (!session.wildcard && wildcard && !first) session.owesAnswer = true;
  session.wildcard = wildcard;
  forgetUnwanted(session, resources);
}

/**
 * Take in a message that the client wrote before it looked at what it was sent last. It asks for nothing (P3), but what it lets go of the client has
 * no longer, whether or not it asks for that again when it has looked.
 */
export function letGoSotw(session: Session, ask: SotwAsk): void {
  const { names, wildcard, legacy } = askedFor(session, ask);
  session.legacy = legacy;
  if (session.wildcard && !wildcard) session.letGo.add("*");
  for (const name of namesBeside(session, names)) session.letGo.add(name);
}

/** A client that has never named one wants all; once it has, an empty list is none at all (P8). */
function askedFor(
  session: Session,
  ask: SotwAsk,
): { readonly names: ReadonlySet<string>; readonly wildcard: boolean; readonly legacy: boolean } {
  const names = new Set(ask.names);
  const all = names.delete("*");
  const isNone = names.size === 0 && !all;
  const legacy = rootTypes.has(session.type) && isNone && (!session.asked || session.legacy);
  return { names, wildcard: all || legacy, legacy };
}

function namesBeside(session: Session, names: ReadonlySet<string>): readonly string[] {
  return [...session.names].filter((name) => !names.has(name));
}

function dropNames(session: Session, names: Iterable<string>): void {
  for (const name of names)
    for (const asked of [session.names, session.absent, session.owed]) asked.delete(name);
}

/** What the client has let go of is not known any more: asked for again, it is sent again (P9). */
function forgetUnwanted(session: Session, resources: Resources | undefined): void {
  for (const known of [session.sent, session.acked, session.kept])
    for (const name of known.keys())
      if (!wants(session, resources?.get(name) ?? { name })) known.delete(name);
}

/**
 * What may be sent of what the client is to have, and with it what it has of the rest, or is about to: where what is not said is gone, nothing is
 * left out only because it is held back, nor with `whole` what is to go, as long as something may lead there. Of a client of which it is not
 * known what it has, that is the rest itself, which it may refuse.
 */
export function worldOf(
  session: Session,
  {
    sendable,
    wanted,
    whole,
  }: { readonly sendable: Resources; readonly wanted: Resources; readonly whole: boolean },
): Resources {
  if (!rootTypes.has(session.type)) return sendable;
  const onWay = [...session.flying.values()]
    .flatMap(({ world }) => [...(world?.resources.values() ?? [])])
    .filter(({ name, version }) => session.sent.get(name) === version);
  const had = new Map([...(session.world?.values() ?? []), ...onWay].map((each) => [each.name, each]));
  const kept = [...had.values()].filter(
    ({ name }) => !sendable.has(name) && session.sent.has(name) && (whole || wanted.has(name)),
  );
  const strange = session.isStrange
    ? [...wanted.values()].filter(({ name }) => !sendable.has(name) && !had.has(name))
    : [];
  return kept.length + strange.length === 0 ? sendable : byName([...sendable.values(), ...kept, ...strange]);
}

/** What has to be sent of what may be; undefined where the client has all of it. Nothing is missing that is to be there in the end. */
export function dueSotw(
  session: Session,
  { resources, wanted }: { readonly resources: Resources; readonly wanted: Resources },
  isCluster: (name: string) => boolean,
): SaidWorld | undefined {
  const all = [...resources.values()].filter((resource) => wants(session, resource));
  const due = all.filter((resource) => isDue(session, resource));
  // What is to go, and is not yet to be let go of, is there still.
  const missing = missingNames(session, wanted).filter((name) => !resources.has(name));
  const isRoot = rootTypes.has(session.type);
  const gone = isRoot ? [...session.sent.keys()].filter((name) => !resources.has(name)) : [];
  if (due.length === 0 && missing.length === 0 && gone.length === 0 && !session.owesAnswer) return undefined;
  if (session.type !== typeUrl.endpoints)
    return { resources: isRoot ? all : due, missing, absent: missing, gone };
  // A cluster whose endpoints nobody gave has none, and is waited for until it is told so (P24).
  return {
    resources: [...due, ...missing.filter(isCluster).map(emptyAssignment)],
    missing: missing.filter((name) => !isCluster(name)),
    absent: missing,
    gone,
  };
}

function missingNames(session: Session, resources: Resources): readonly string[] {
  // A filter in use must not hear that its configuration is gone (P17).
  if (session.type === typeUrl.extension) return [];
  // A cluster that warms again needs to hear once more that it has no endpoints (P22).
  const unknown = [...session.names].filter(
    (name) => !resources.has(name) && (!session.absent.has(name) || session.owed.has(name)),
  );
  if (unknown.length === 0) return unknown;
  // A collection without members is no resource that could be missing.
  const byAlias = aliasesOf(resources);
  return unknown.filter((name) => !isCollection(name) && !byAlias.has(name));
}

const versions = new WeakMap<Resources, string>();

/** A hash of what the client should hold: equal from all replicas and after restarts (P10). */
export function versionOf(session: Session, resources: Resources, all: boolean = session.wildcard): string {
  if (!all) return hash([...resources.values()].filter((resource) => wants(session, resource)));
  const version = versions.get(resources) ?? hash(resources.values());
  versions.set(resources, version);
  return version;
}

function hash(resources: Iterable<Resource>): string {
  const hashed = createHash("sha256");
  for (const { name, version } of resources) hashed.update(`${name}\n${version}\n`);
  return hashed.digest("hex").slice(0, 16);
}
