import { type History, heading, inForce } from "../history/history.ts";
import type { Cause, Outcome, Revision } from "../history/revision.ts";
import { changedPaths, type FileChange, switched } from "../history/revision-diff.ts";
import type { Source } from "../language/source.ts";
import type { Placement } from "../placement/placement.ts";
import type { Answer } from "./http-api.ts";
import type { ProxyReceipt } from "./proxy-receipt.ts";
import type { Revisions } from "./revisions.ts";
import type { WaveProgress } from "./rollout.ts";

/** With the time as RFC 3339 has it, in UTC. */
type Timed<T> = T extends { readonly atMs: number } ? Omit<T, "atMs"> & { readonly time: string } : T;

/** Of a revision that is being rolled out, how far that is. */
type Told = Timed<Outcome> & { readonly wave?: WaveProgress };

/** A revision without its texts. */
export interface RevisionSummary {
  readonly number: number;
  readonly time: string;
  readonly hash: string;
  readonly cause: Cause;
  readonly outcome: Told;
  /** Policies that are switched off in it. */
  readonly off: readonly string[];
  /** How many services have a proxy. */
  readonly proxies: number;
  /** What is otherwise than in the last one before that was not rejected; absent where none is kept. */
  readonly changes?: {
    readonly files: readonly Omit<FileChange, "patch">[];
    readonly disabled: readonly string[];
    readonly enabled: readonly string[];
  };
}

/** `GET /history`: in the order of their numbers. */
export interface HistoryReport {
  readonly inForce: number | null;
  readonly revisions: readonly RevisionSummary[];
}

/** `GET /history/N`. */
export interface RevisionReport extends RevisionSummary {
  readonly policies: readonly Source[];
  readonly mesh: Source;
  readonly placement: Placement;
  /** Of the proxies that are to run it, or are on their way to it. */
  readonly receipts: readonly ProxyReceipt[];
}

const timeoutUsualS = 60;
/** Clients give up on an answer that does not begin for minutes. */
const timeoutMaxS = 120;

/** `GET /history`, `/history/N` and `/history/N/convergence?timeout=SECONDS`; N may be `newest`. */
export function historyAnswer(
  revisions: Revisions,
  waveNow: () => WaveProgress | undefined = () => undefined,
): Answer {
  return async ([which, what, ...more], query) => {
    const { history } = revisions;
    const newest = heading(history)?.number;
    const waveOf = ({ number, outcome }: Revision): WaveProgress | undefined =>
      number === newest && outcome.kind === "rolling out" ? waveNow() : undefined;
    if (which === undefined) return { status: 200, value: historyReport(history, waveOf) };
    const number = which === "newest" ? undefined : wholeNumber(which);
    if (number === null || more.length > 0 || (what !== undefined && what !== "convergence"))
      return { status: 404, value: { error: "there are /history, /history/N and /history/N/convergence" } };
    if (what === "convergence") {
      const seconds = Number(query.get("timeout") ?? timeoutUsualS);
      if (!(seconds >= 0 && seconds <= timeoutMaxS))
        return { status: 400, value: { error: `timeout is a number of seconds from 0 to ${timeoutMaxS}` } };
      return { status: 200, value: await revisions.waitForConvergence(number, seconds * 1_000) };
    }
    const index =
      number === undefined ? history.length - 1 : history.findIndex((each) => each.number === number);
    const revision = history[index];
    if (revision === undefined) return { status: 404, value: { error: noSuch(number, history) } };
    const receipts = revisions.receipts().filter(({ given }) => given === revision.number);
    return {
      status: 200,
      value: revisionReport(revision, before(history, index), receipts, waveOf(revision)),
    };
  };
}

/** What was rejected was never there. */
function before(history: History, index: number): Revision | undefined {
  return history.slice(0, index).findLast(({ outcome }) => outcome.kind !== "rejected");
}

/** What is said where there is none of this number. */
export function noSuch(number: number | undefined, history: History): string {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined) return "there is no revision yet";
  return `there is no revision ${number}: there are ${first.number} to ${last.number}`;
}

function historyReport(
  history: History,
  waveOf: (revision: Revision) => WaveProgress | undefined,
): HistoryReport {
  return {
    inForce: inForce(history)?.number ?? null,
    revisions: history.map((each, index) => summary(each, before(history, index), waveOf(each))),
  };
}

function summary(
  revision: Revision,
  before: Revision | undefined,
  wave: WaveProgress | undefined,
): RevisionSummary {
  const { number, atMs, hash, cause, outcome, off, placement } = revision;
  return {
    ...{
      number,
      time: new Date(atMs).toISOString(),
      hash,
      cause,
      outcome: { ...timed(outcome), ...(wave === undefined ? {} : { wave }) },
      off,
    },
    proxies: placement.proxies.length,
    ...(before === undefined
      ? {}
      : { changes: { files: changedPaths(before, revision), ...switched(before, revision) } }),
  };
}

function revisionReport(
  revision: Revision,
  before: Revision | undefined,
  receipts: readonly ProxyReceipt[],
  wave: WaveProgress | undefined,
): RevisionReport {
  const { input, placement } = revision;
  return {
    ...summary(revision, before, wave),
    policies: input.policies,
    mesh: input.mesh,
    placement,
    receipts,
  };
}

function timed(outcome: Outcome): Timed<Outcome> {
  if (outcome.kind === "rolling out") return outcome;
  const { atMs, ...rest } = outcome;
  return { ...rest, time: new Date(atMs).toISOString() } as Timed<Outcome>;
}

/** Null where it is none that a revision could have. */
function wholeNumber(text: string): number | null {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
