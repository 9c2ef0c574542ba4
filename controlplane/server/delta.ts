import type { Resource, Resources } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./cut.ts";
import { emptyAssignment } from "./empty-assignment.ts";
import { isTrimmed, unseen } from "./seen.ts";
import {
  aliasesOf,
  collectionOf,
  forget,
  isCollection,
  isDue,
  lookAgain,
  owe,
  type Session,
  standaloneTypes,
  unknown,
  wants,
} from "./session.ts";

/** What a response is to say, in the incremental form. */
export interface Saying {
  readonly resources: readonly Resource[];
  readonly removed: readonly string[];
  readonly unresolved: readonly string[];
}

/**
 * What the client wants from now on. Counts whatever the nonce says (xds.md P3). `warms` says whether the client waits for the resource
 * again, although it has it: what leads to it was sent on this stream.
 */
export function subscribeDelta(
  session: Session,
  ask: Extract<Ask, { form: "delta" }>,
  warms: (name: string) => boolean,
): void {
  const first = !session.asked;
  if (first || ask.subscribe.length > 0 || ask.unsubscribe.length > 0) lookAgain(session);
  session.asked = true;
  if (first) {
    for (const [name, version] of Object.entries(ask.held)) {
      session.sent.set(name, version);
      session.acked.set(name, version);
    }
    // No names at all is the older way to say "*" (P11).
    session.wildcard = ask.subscribe.length === 0 && standaloneTypes.has(session.type);
    session.owesAnswer = session.wildcard && session.sent.size === 0;
  }
  for (const name of ask.subscribe) {
    if (name === "*") {
      session.owesAnswer ||= !session.wildcard && session.sent.size === 0;
      session.wildcard = true;
      continue;
    }
    session.names.add(name);
    session.absent.delete(name);
    // A name asked for is answered, known or not; only a reconnecting client repeats all that it holds (P14).
    if (!(first && (isCollection(name) || session.sent.has(name))) || warms(name)) owe(session, name);
  }
  for (const name of ask.unsubscribe) {
    if (name === "*") {
      session.wildcard = false;
      for (const each of [...session.sent.keys(), ...session.owed])
        if (!wants(session, { name: each })) forget(session, each);
    } else if (session.names.delete(name)) {
      session.absent.delete(name);
      if (wants(session, { name })) owe(session, name);
      else if (!isCollection(name)) forget(session, name);
      else letGo(session, name);
    }
  }
}

/** The members of the collection that the client has not asked for by their names. */
function letGo(session: Session, collection: string): void {
  for (const name of [...session.sent.keys()])
    if (collectionOf(name) === collection && !session.names.has(name)) forget(session, name);
}

/** The resources that the client lacks. */
export function dueDelta(session: Session, resources: Resources): readonly Resource[] {
  const due: Resource[] = [];
  for (const resource of unseen(session.told, resources)) {
    const isOwed = session.owed.has(resource.name);
    if ((isOwed || wants(session, resource)) && isDue(session, resource)) due.push(resource);
  }
  return due;
}

/** Names to say once that they are not there (P12, P15, P16), as many as go into one response; undefined where nothing has to be said. */
export function absentDelta(
  session: Session,
  resources: Resources,
  isCluster: (name: string) => boolean,
): Saying | undefined {
  // A filter in use that is told its configuration is gone answers 500 at once: for these, silence (P17).
  if (session.type === typeUrl.extension) return undefined;
  const names = absentNames(session, resources);
  // A collection without members is no resource that could be gone.
  const [told = []] = cut(
    names.filter((name) => !isCollection(name)),
    ({ length }) => length,
  );
  for (const name of [...told, ...names.filter(isCollection)]) {
    session.absent.add(name);
    session.owed.delete(name);
  }
  // A cluster whose endpoints nobody gave has none, and is waited for until it is told so (P24).
  const empty = session.type === typeUrl.endpoints ? told.filter(isCluster) : [];
  if (empty.length > 0)
    return {
      resources: empty.map(emptyAssignment),
      removed: told.filter((name) => !isCluster(name)),
      unresolved: [],
    };
  if (told.length > 0)
    return session.type === typeUrl.virtualHost
      ? { resources: [], removed: [], unresolved: told }
      : { resources: [], removed: told, unresolved: [] };
  return session.asked && session.owesAnswer ? { resources: [], removed: [], unresolved: [] } : undefined;
}

function absentNames(session: Session, resources: Resources): readonly string[] {
  if (session.names.size === 0 && session.owed.size === 0) return [];
  const byAlias = aliasesOf(resources);
  const isUnknown = (name: string): boolean =>
    !resources.has(name) && !byAlias.has(name) && !session.absent.has(name);
  return [
    ...new Set([
      ...[...session.names].filter(
        (name) => isUnknown(name) && (session.sent.get(name) ?? unknown) === unknown,
      ),
      ...[...session.owed].filter(isUnknown),
    ]),
  ];
}

/** What the client holds and should not. Said of what stands by itself: the others go when their parent lets them go (P17). */
export function leftOver(session: Session, resources: Resources): readonly string[] {
  if (!standaloneTypes.has(session.type) || isTrimmed(session.trimmed, resources)) return [];
  const names = [...session.sent.keys()].filter((name) => !resources.has(name));
  if (names.length === 0) session.trimmed = resources;
  return names;
}
