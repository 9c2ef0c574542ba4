import type { Resource, Resources } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import type { Form } from "./methods.ts";
import { isSeen, type Seen, seen, unseen } from "./seen.ts";
import { wordsOf } from "./words-of.ts";

/** What one stream has asked for, been sent and acknowledged of one type. */
export interface Session {
  readonly type: TypeUrl;
  readonly form: Form;
  /** Whether the client forgets what does not keep for good (P25). */
  readonly takesTtl: boolean;
  /** False until the client has asked for this type. */
  asked: boolean;
  wildcard: boolean;
  /** Whether the wildcard is one because the client has never named anything (P8). */
  legacy: boolean;
  readonly names: Set<string>;
  /** In the state of the world: names, or `*`, that it let go of before it looked at what it was sent last (P9). */
  readonly letGo: Set<string>;
  /** Versions by name: what the client has been sent or says it holds; `unknown` after it refused one. */
  readonly sent: Map<string, string>;
  readonly acked: Map<string, string>;
  /** Names to answer even when nothing changed (xds.md P9, P12, P14, P16, P22). */
  readonly owed: Set<string>;
  owesAnswer: boolean;
  /** Names that were sent on this stream before the client first asked for what they lead to (P14). */
  readonly freshly: Set<string>;
  /** Names that the client knows to be absent. */
  readonly absent: Set<string>;
  /** The resources of which nothing is due, and those that are all acknowledged: what is as it was there need not be looked at again. */
  told: Seen | undefined;
  /** Whether the resources that it was told of were all that there were to be, so that what else it asked for is known to be absent. */
  toldAll: boolean;
  known: Seen | undefined;
  /** Those besides which the client has no others. */
  trimmed: Resources | undefined;
  /** Responses without an answer yet, by nonce. */
  readonly flying: Map<string, Flight>;
  /** In the state of the world only the answer to the last response counts (P3). */
  lastNonce: string;
  /** In the state of the world, of types that it is complete for: what the client has taken, undefined before it has taken any. */
  world: Resources | undefined;
  /** Whether it came with a world of which nothing is known here, until it takes one: what it is not told of it might lose. */
  isStrange: boolean;
  /** The version of the world that it has refused, while that is so or where it had all of it: it is not sent again. */
  refusedWorld: string | undefined;
  /** Names that it would not let go of, and its own words. */
  readonly kept: Map<string, string>;
  /** When the client last heard of what does not keep for good, in milliseconds (P25). */
  readonly heardMs: Map<string, number>;
  readonly ttlsMs: Map<string, number>;
}

/** No version: the client may hold the resource, in some version or as a part of one, or not. */
export const unknown = "";

const none: ReadonlySet<string> = new Set();

/** What is remembered of a resource on its way: not its bytes, which may be large, and replaced long before a client answers. */
export type Version = Pick<Resource, "name" | "typeUrl" | "version">;

/** What is to be, and its version. */
export interface World {
  readonly resources: Resources;
  readonly version: string;
}

export interface Flight {
  readonly resources: readonly Version[];
  /** In the state of the world all that there is to be, of types that it is complete for. */
  readonly world?: World;
  readonly sinceMs: number;
  /** What the client is to let go of with it, in the versions that it had acknowledged. */
  readonly gone: ReadonlyMap<string, string>;
  /** Names that were removed after it was sent: the client has them no longer, whatever it thinks of this. */
  readonly withdrawn: ReadonlySet<string>;
}

/** What the client thinks of a response. */
export type Verdict =
  | { readonly kind: "accepted"; readonly resources: readonly Version[] }
  /** One of them is at fault, or some. */
  | {
      readonly kind: "refused";
      readonly resources: readonly Version[];
      /** Names that it was to let go of, and has not. */
      readonly kept: readonly string[];
      readonly message: string;
      /** How the ones at fault are to be found: `by name` these are they, since of a part of them the client would lose the rest. */
      readonly how: "in parts" | "by name";
    };

/** Types whose state of the world is complete: what is not in it is gone (P7). Of these, a client may want whatever there is (P8). */
export const rootTypes: ReadonlySet<TypeUrl> = new Set([
  typeUrl.cluster,
  typeUrl.listener,
  typeUrl.scopedRoutes,
]);

/**
 * Types that nothing else names. In the incremental form a client that names none of them has all, and what goes of them is told of: an Envoy whose
 * routes have virtual hosts of their own asks for none of these by name, and does not use the routes before it is given some (P19).
 */
export const standaloneTypes: ReadonlySet<TypeUrl> = new Set([...rootTypes, typeUrl.virtualHost]);

export function createSession(type: TypeUrl, form: Form, takesTtl: boolean): Session {
  return {
    ...{
      type,
      form,
      takesTtl,
      asked: false,
      wildcard: false,
      legacy: false,
      owesAnswer: false,
      toldAll: false,
      lastNonce: "",
    },
    ...{
      told: undefined,
      known: undefined,
      trimmed: undefined,
      world: undefined,
      refusedWorld: undefined,
      isStrange: false,
    },
    ...{
      names: new Set(),
      letGo: new Set(),
      sent: new Map(),
      acked: new Map(),
      owed: new Set(),
      absent: new Set(),
    },
    ...{ kept: new Map(), flying: new Map(), freshly: new Set(), heardMs: new Map(), ttlsMs: new Map() },
  };
}

/** Whether the client is to have this resource: it asked for it by a name, an alias, a collection of names, or for all. */
export function wants(
  session: Session,
  { name, aliases: others }: Pick<Resource, "name" | "aliases">,
): boolean {
  if (session.wildcard || session.names.has(name)) return true;
  if (others?.some((alias) => session.names.has(alias)) === true) return true;
  return inCollection(session, name);
}

/** `a/*` is all whose names begin with `a/`, and have no further `/` (P20). */
function inCollection(session: Session, name: string): boolean {
  const collection = collectionOf(name);
  return collection !== undefined && session.names.has(collection);
}

export function collectionOf(name: string): string | undefined {
  const slash = name.lastIndexOf("/");
  return slash < 0 ? undefined : `${name.slice(0, slash)}/*`;
}

export function isCollection(name: string): boolean {
  return name.endsWith("/*");
}

/** The client asks for a name: it is answered, and so is each member of a collection that it had before, sent or not (P9, P14). */
export function owe(session: Session, name: string): void {
  if (!isCollection(name)) session.owed.add(name);
  else for (const member of session.sent.keys()) if (collectionOf(member) === name) session.owed.add(member);
}

const aliases = new WeakMap<Resources, ReadonlySet<string>>();

/** The names that resources are also asked for by (P19). */
export function aliasesOf(resources: Resources): ReadonlySet<string> {
  const known = aliases.get(resources);
  if (known !== undefined) return known;
  const all = new Set([...resources.values()].flatMap((resource) => resource.aliases ?? []));
  aliases.set(resources, all);
  return all;
}

/** Whether the client has acknowledged each resource that it wants, or with `all` each one that there is. */
export function knows(session: Session, resources: Resources, all: boolean): boolean {
  if (isSeen(session.known, resources)) return true;
  for (const resource of unseen(session.known, resources)) {
    if (session.acked.get(resource.name) === resource.version) continue;
    if (all || wants(session, resource)) return false;
  }
  session.known = seen(resources);
  return true;
}

/** What was known of the client may not hold any more. */
export function lookAgain(session: Session): void {
  session.told = undefined;
  session.known = undefined;
  session.trimmed = undefined;
}

/** The first half of a message: what the client thinks of what it was sent. Undefined where it says nothing of it. */
export function hearVerdict(session: Session, ask: Ask): Verdict | undefined {
  const flight = session.flying.get(ask.nonce);
  if (flight === undefined) return undefined;
  session.flying.delete(ask.nonce);
  if (session.form === "sotw") takeEarlier(session, ask.nonce);
  else if (standaloneTypes.has(session.type)) recall(session, flight);
  return ask.error === undefined ? accept(session, flight) : refuse(session, flight, ask.error);
}

/** A client may answer only the last of several responses of the state of the world, and has taken the others then. */
function takeEarlier(session: Session, nonce: string): void {
  for (const [earlier, { resources, world }] of session.flying) {
    if (Number(earlier) > Number(nonce)) continue;
    session.flying.delete(earlier);
    if (world !== undefined) session.world = world.resources;
    for (const { name, version } of resources)
      if (session.sent.get(name) === version) note(session, name, version);
  }
}

/** What the client let go of while it was on its way, and asks for again, it may have: if it is gone meanwhile, it has to be told so (P17). */
function recall(session: Session, { resources, withdrawn }: Flight): void {
  for (const { name } of resources) {
    if (session.sent.has(name) || withdrawn.has(name) || !wants(session, { name })) continue;
    lookAgain(session);
    session.sent.set(name, unknown);
  }
}

function accept(session: Session, { resources, world, withdrawn }: Flight): Verdict {
  if (world !== undefined) {
    session.world = world.resources;
    session.isStrange = false;
    session.refusedWorld = undefined;
    for (const name of session.acked.keys())
      if (!world.resources.has(name)) {
        session.acked.delete(name);
        session.known?.touched.add(name);
      }
  }
  // Unsubscribed or removed since: there is nothing to remember.
  for (const { name, version } of resources)
    if (session.sent.has(name) && !withdrawn.has(name)) note(session, name, version);
  return { kind: "accepted", resources };
}

function note(session: Session, name: string, version: string): void {
  session.acked.set(name, version);
  session.known?.touched.add(name);
}

function refuse(session: Session, { resources, world, gone }: Flight, message: string): Verdict {
  lookAgain(session);
  const kept = keep(session, gone, message);
  // What the client had in this very version before cannot be what it refuses, unless that is all that there was.
  const changed = resources.filter(({ name, version }) => session.acked.get(name) !== version);
  // The client may hold the old one, or a part of the new: unknown, so whatever comes next is sent (P18).
  // A newer one may be on its way already; that one has its own answer.
  for (const { name, version } of resources)
    if (session.sent.get(name) === version) session.sent.set(name, unknown);
  if (world !== undefined && changed.length === 0) {
    // It has all of it, so that nothing in it is at fault, and to say it once more would be no help.
    session.refusedWorld = world.version;
    return { kind: "refused", resources: [], kept, message, how: "by name" };
  }
  const suspects = changed.length > 0 ? changed : resources;
  if (session.isStrange) {
    const words = wordsOf(message);
    const named = suspects.filter(({ name }) => words.has(name));
    if (named.length > 0) {
      session.refusedWorld = world?.version;
      return { kind: "refused", resources: named, kept, message, how: "by name" };
    }
    // There is no other way to find out.
    session.isStrange = false;
  }
  return { kind: "refused", resources: suspects, kept, message, how: "in parts" };
}

/** What it was to let go of it still has, unless it has been sent it again or has let go of it by itself. */
function keep(session: Session, gone: ReadonlyMap<string, string>, message: string): readonly string[] {
  const kept = [...gone].filter(([name]) => !session.sent.has(name) && wants(session, { name }));
  for (const [name, version] of kept) {
    session.sent.set(name, unknown);
    session.acked.set(name, version);
    session.kept.set(name, message);
  }
  return kept.map(([name]) => name);
}

/** Note that a response is on its way. */
export function dispatch(
  session: Session,
  nonce: string,
  said: {
    readonly resources: readonly Resource[];
    readonly removed: readonly string[];
    readonly gone: readonly string[];
    readonly world?: World;
  },
  nowMs: number,
): void {
  const gone = new Map<string, string>();
  for (const name of said.gone) {
    const version = session.acked.get(name);
    if (version !== undefined) gone.set(name, version);
    session.kept.delete(name);
    session.sent.delete(name);
    // It may come back before anything else is looked at.
    session.told?.touched.add(name);
  }
  session.flying.set(nonce, {
    ...{ resources: said.resources.map(versionOf), gone, withdrawn: none, sinceMs: nowMs },
    ...(said.world === undefined ? {} : { world: said.world }),
  });
  session.lastNonce = nonce;
  session.owesAnswer = false;
  session.trimmed = undefined;
  for (const { name, version, ttlMs, aliases: others = [] } of said.resources) {
    session.sent.set(name, version);
    session.told?.touched.add(name);
    session.owed.delete(name);
    for (const alias of others) session.owed.delete(alias);
    session.absent.delete(name);
    if (ttlMs === undefined) session.ttlsMs.delete(name);
    else {
      session.ttlsMs.set(name, ttlMs);
      session.heardMs.set(name, nowMs);
    }
  }
  if (said.removed.length > 0) withdraw(session, nonce, new Set(said.removed));
}

function versionOf({ name, typeUrl, version }: Resource): Version {
  return { name, typeUrl, version };
}

/** What is removed says nothing any more of responses that are still on their way: the client has it no longer when it answers them. */
function withdraw(session: Session, nonce: string, removed: ReadonlySet<string>): void {
  for (const [earlier, flight] of session.flying)
    if (earlier !== nonce)
      session.flying.set(earlier, {
        ...flight,
        withdrawn: new Set([...flight.withdrawn, ...removed]),
      });
  for (const name of removed) forget(session, name);
}

/** Nothing is known of the name from here on. */
export function forget(session: Session, name: string): void {
  lookAgain(session);
  for (const known of [
    ...[session.sent, session.acked, session.owed, session.kept],
    ...[session.heardMs, session.ttlsMs],
  ])
    known.delete(name);
}

/** Whether the client has to be told of the resource. */
export function isDue(session: Session, resource: Resource): boolean {
  const { name, version, ttlMs, aliases: others } = resource;
  return (
    session.sent.get(name) !== version ||
    (session.takesTtl && session.ttlsMs.get(name) !== ttlMs) ||
    session.owed.has(name) ||
    others?.some((alias) => session.owed.has(alias)) === true
  );
}
