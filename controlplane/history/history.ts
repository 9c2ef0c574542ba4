import { strict as assert } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { Source } from "../language/source.ts";
import { type Content, contentHash, inputHash, type Outcome, type Revision } from "./revision.ts";

/** Revisions in the order of their numbers. The last one is never dropped, so that numbers go on from it. */
export type History = readonly Revision[];

/** Older ones are dropped, save what is in force and what is being rolled out. */
export const revisionsMax = 100;

export type Made = Omit<Revision, "number" | "hash" | "outcome">;

/**
 * The history with a revision that is to be rolled out from now on. What is equal to the newest is that one, tried again if it did not last;
 * with `inForce` it is there already, and nothing is to be done.
 */
export function recorded(history: History, made: Made, inForce: boolean): History {
  const hash = contentHash(made);
  const newest = history.at(-1);
  const outcome: Outcome = { kind: "rolling out" };
  if (newest === undefined) return [{ ...made, number: 1, hash, outcome }];
  if (newest.hash !== hash)
    return bounded([...history, { ...sharing(made, newest), number: newest.number + 1, hash, outcome }]);
  if (inForce && newest.outcome.kind === "converged") return history;
  return [...history.slice(0, -1), { ...newest, atMs: made.atMs, files: made.files, outcome }];
}

/** The history that another process kept, of which this one takes up `content`, or nothing: whatever else was on its way is so no more. */
export function takenUp(history: History, content: Content | undefined, atMs: number): History {
  const kept = content === undefined ? undefined : ofContent(history, content);
  const reason = "the control plane ended before it was in force";
  return history.map((each) =>
    each.outcome.kind === "rolling out" && each !== kept
      ? { ...each, outcome: { kind: "rejected", atMs, reason } }
      : each,
  );
}

/**
 * It is in force everywhere but where proxies are away, `without`: what was still being rolled out before is superseded, and of what a roll-back took back, the revisions that
 * were in force say so.
 */
export function converged(
  history: History,
  number: number,
  atMs: number,
  without: readonly string[] = [],
): History {
  const revision = found(history, number);
  if (revision.outcome.kind !== "rolling out") return history;
  const { cause } = revision;
  return bounded(
    history.map((each) => {
      if (each.number === number)
        return {
          ...each,
          outcome: {
            ...{ kind: "converged", atMs, ms: atMs - each.atMs },
            ...(without.length === 0 ? {} : { without }),
          },
        };
      if (each.number > number) return each;
      if (each.outcome.kind === "rolling out")
        return { ...each, outcome: { kind: "superseded", atMs, by: number } };
      if (cause.kind === "rollback" && each.number > cause.to && each.outcome.kind === "converged")
        return { ...each, outcome: { kind: "rolled back", atMs, by: number } };
      return each;
    }),
  );
}

/** The proxies did not take it, nor what was made of the same input meanwhile. */
export function rejected(history: History, number: number, atMs: number, reason: string): History {
  return ended(history, found(history, number), { kind: "rejected", atMs, reason });
}

/** A newer one, `by`, has taken its place, and of what was made of the same input meanwhile. */
export function superseded(history: History, number: number, atMs: number, by: number): History {
  return ended(history, found(history, number), { kind: "superseded", atMs, by });
}

function ended(history: History, { number, input }: Revision, outcome: Outcome): History {
  const isMeant = (each: Revision): boolean =>
    each.number >= number && inputHash(each.input) === inputHash(input);
  return history.map((each) =>
    isMeant(each) && each.outcome.kind === "rolling out" ? { ...each, outcome } : each,
  );
}

/** The last one that all proxies which were there have taken. */
export function inForce(history: History): Revision | undefined {
  return history.findLast(({ outcome }) => outcome.kind === "converged");
}

/** The last change, where it was not taken: the newest revision, or the one that this goes on in the place of. */
export function lastRejected(
  history: History,
): { readonly revision: number; readonly reason: string } | undefined {
  const newest = history.at(-1);
  const number = newest?.cause.kind === "taken back" ? newest.cause.of : newest?.number;
  const last = history.find((revision) => revision.number === number);
  return last?.outcome.kind === "rejected"
    ? { revision: last.number, reason: last.outcome.reason }
    : undefined;
}

/** Where the mesh is heading: the newest that is being rolled out, or what is in force. */
export function heading(history: History): Revision | undefined {
  return history.findLast(({ outcome }) => outcome.kind === "rolling out") ?? inForce(history);
}

/** The newest with this content that has not been rejected. */
export function ofContent(history: History, content: Content): Revision | undefined {
  const hash = contentHash(content);
  return history.findLast((each) => each.hash === hash && each.outcome.kind !== "rejected");
}

/** With what is as it was before being the same in memory too, since most of it is in each of a hundred revisions. */
function sharing(made: Made, { input: { policies, mesh }, placement }: Revision): Made {
  const known = new Map([...policies, mesh].map((source) => [source.path, source]));
  const shared = (source: Source): Source => {
    const before = known.get(source.path);
    return before?.text === source.text ? before : source;
  };
  return {
    ...made,
    input: { policies: made.input.policies.map(shared), mesh: shared(made.input.mesh) },
    placement: isDeepStrictEqual(made.placement, placement) ? placement : made.placement,
  };
}

function found(history: History, number: number): Revision {
  const revision = history.find((each) => each.number === number);
  assert(revision !== undefined, "a revision that something becomes of is in the history");
  return revision;
}

function bounded(history: History): History {
  const surplus = history.length - revisionsMax;
  if (surplus <= 0) return history;
  const kept = inForce(history);
  let dropped = 0;
  return history.filter((each) => {
    if (dropped >= surplus || each === kept || each.outcome.kind === "rolling out") return true;
    dropped++;
    return false;
  });
}
