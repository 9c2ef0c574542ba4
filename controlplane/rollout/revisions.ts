import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { WireError } from "../error/wire-error.ts";
import {
  converged,
  type History,
  heading,
  inForce,
  type Made,
  ofContent,
  recorded,
  rejected,
  superseded,
  takenUp,
} from "../history/history.ts";
import {
  type Cause,
  type Content,
  contentHash,
  type Files,
  filesOf,
  inputHash,
  type Revision,
} from "../history/revision.ts";
import type { Build } from "../pipeline/build.ts";
import type { Mark } from "../server/receipts.ts";
import type { XdsServer } from "../server/xds-server.ts";
import type { ControlPlane, SwitchedOff } from "./control-plane.ts";
import type { Turn } from "./latest-wins.ts";
import { type ProxyReceipt, receiptOf } from "./proxy-receipt.ts";
import type { Rollout } from "./rollout.ts";

/** A revision that is being rolled out. */
export interface Begun {
  readonly number: number;
  /** What becomes of it; rejects where the proxies do not take it. */
  readonly turn: Promise<Turn>;
}

/** What became of a revision that was waited for. */
export type Waited =
  /** All connected proxies serve it. */
  | { readonly kind: "converged"; readonly revision: number; readonly proxies: readonly ProxyReceipt[] }
  /** The proxies did not take it, and what was in force before went on. */
  | { readonly kind: "rejected"; readonly revision: number; readonly reason: string }
  /** These refuse it, and there is nothing to go back to. */
  | { readonly kind: "refused"; readonly revision: number; readonly proxies: readonly ProxyReceipt[] }
  /** Another one came before it was in force, or is in force in its place. */
  | { readonly kind: "superseded"; readonly revision: number; readonly by: number }
  /** It is older than all that are kept. */
  | { readonly kind: "forgotten"; readonly revision: number }
  /** Time is up: it is not there yet, or these proxies do not serve it yet. */
  | { readonly kind: "timeout"; readonly revision: number | null; readonly missing: readonly string[] };

/** Makes revisions of what is rolled out, and knows what becomes of them. */
export interface Revisions {
  readonly history: History;
  /** What to tell the xDS server of what it is shown. */
  mark(shown: Content, isFinal: boolean): Mark | undefined;
  /** A proxy has acknowledged something. */
  acknowledged(): void;
  /** Roll out what the files say. */
  apply(build: Build, files: Files, cause?: Cause): Begun;
  /** Go on with what another process began. */
  resume(rollout: Rollout): Begun;
  /** Switch exactly these policies off. As `ControlPlane.switchOff`, which has to be called by nobody else. */
  switchOff(names: readonly string[]): Promise<SwitchedOff>;
  /** Roll out what revision `to` was, with these policies switched off. */
  rollBack(
    build: Build,
    how: {
      readonly to: number;
      readonly policiesOnly: boolean;
      readonly off: readonly string[];
      readonly files: Files;
    },
  ): Begun;
  /** Resolves when all connected proxies serve the revision, by default the newest, or it will not come to that, or time is up. One that is not there yet is waited for. */
  waitForConvergence(revision: number | undefined, timeoutMs: number): Promise<Waited>;
  receipts(): readonly ProxyReceipt[];
  /** Resolves when the history is written down as it is now. */
  written(): Promise<void>;
}

export interface RevisionsOptions {
  readonly controlPlane: Pick<ControlPlane, "current" | "off" | "apply" | "resume" | "switchOff">;
  readonly ads: Pick<XdsServer, "receipts" | "waitForConvergence">;
  /** As it was kept. */
  readonly history: History;
  /** What is gone on with, where something is. */
  readonly unfinished?: Content;
  /** Keep it; never rejects, since all goes on where that fails. */
  write(history: History): Promise<void>;
  nowMs(): number;
}

/** How often one who waits looks where nothing tells of a change. */
const pollMs = 100;

export function createRevisions(options: RevisionsOptions): Revisions {
  const { controlPlane, ads, nowMs } = options;
  const cutOff = rollBackCutOff(options);
  let history = takenUp(options.history, cutOff?.shown ?? options.unfinished, nowMs());
  let written: Promise<void> = Promise.resolve();
  const waking = new Set<() => void>();
  /** Rollouts and switches that are under way: they look themselves whether something is in force. */
  let underWay = 0;
  /** The policies that are off before a roll-back, and that are to be off when it is over; it was asked for as the `since`th. */
  let aim:
    | { readonly before: readonly string[]; readonly off: readonly string[]; readonly since: number }
    | undefined = cutOff && {
    before: inForce(options.history)?.off ?? [],
    off: cutOff.revision.off,
    // What is gone on with comes first, whether it is the roll-back or what was there before.
    since: cutOff.isShown ? 1 : 2,
  };
  /** How often something was to be rolled out. */
  let asked = 0;

  function update(next: History): void {
    if (next === history) return;
    history = next;
    written = options.write(history);
    for (const wake of [...waking]) wake();
  }

  function record(made: Omit<Made, "atMs">): number {
    const { current, off } = controlPlane;
    const isInForce =
      current !== undefined && contentHash({ input: current.input, off }) === contentHash(made);
    update(recorded(history, { ...made, atMs: nowMs() }, isInForce));
    const newest = history.at(-1);
    assert(newest !== undefined, "what was recorded is there");
    return newest.number;
  }

  /** What the control plane has in force, as a revision. */
  function present(): Revision | undefined {
    const { current, off } = controlPlane;
    return current && ofContent(history, { input: current.input, off });
  }

  /** Of what is in force without a rollout having said so: whether all have acknowledged it. */
  function look(): void {
    const there = underWay > 0 ? undefined : present();
    if (there?.outcome.kind !== "rolling out") return;
    const revision = String(there.number);
    const isMissing = ads
      .receipts()
      .some(
        ({ connected, given, acknowledged }) =>
          connected && given !== undefined && (given !== revision || acknowledged?.revision !== revision),
      );
    if (!isMissing) converge(there.number);
  }

  function converge(number: number): void {
    const away = ads
      .receipts()
      .filter(
        ({ connected, given, acknowledged }) =>
          !connected && given !== undefined && acknowledged?.revision !== String(number),
      );
    update(
      converged(
        history,
        number,
        nowMs(),
        away.map(({ node }) => node),
      ),
    );
  }

  async function failed(number: number, error: unknown): Promise<void> {
    const { current, off } = controlPlane;
    const revision = history.find((each) => each.number === number);
    if (revision === undefined) return;
    // The callers had been told already: it is in force, and whoever is missing is waited for.
    if (current !== undefined && inputHash(current.input) === inputHash(revision.input)) return;
    const reason = error instanceof WireError ? error.reason : String(error);
    const before = inForce(history);
    update(rejected(history, number, nowMs(), reason));
    if (current === undefined || present() !== undefined) return;
    const { input, placement } = current;
    record({
      input,
      off,
      placement,
      cause: { kind: "taken back", of: number },
      files: before?.files ?? filesOf(input),
    });
    // The proxies have it already, and are told under which number.
    await switchOff(off);
  }

  /** "late": it is in force, but not with all switches everywhere. */
  async function follow(number: number, turn: Promise<Turn | "late">): Promise<Turn> {
    underWay++;
    try {
      const outcome = await turn;
      const newest = history.at(-1)?.number ?? number;
      const there = present();
      // All have acknowledged it, whatever has come since.
      if (outcome === "done" && there !== undefined) converge(there.number);
      if (outcome === "replaced" && newest !== number) update(superseded(history, number, nowMs(), newest));
      return outcome === "late" ? "done" : outcome;
    } catch (error) {
      await failed(number, error);
      throw error;
    } finally {
      underWay--;
      look();
    }
  }

  async function switchOff(names: readonly string[]): Promise<SwitchedOff> {
    underWay++;
    const became = await controlPlane.switchOff(names).finally(() => underWay--);
    look();
    return became;
  }

  /** On the way nothing acts that is switched off before or after. */
  async function goBack(build: Build, off: readonly string[], mine: number): Promise<Turn | "late"> {
    await switchTo([...(aim?.before ?? controlPlane.off), ...off]);
    // A save is rolled out by now, with the switches that it was to have in the end.
    if (mine !== asked) return "replaced";
    // It has been in force, and whoever goes back to it waits for no canary.
    return inForceBy(() => controlPlane.apply(build, { isReturn: true }), mine);
  }

  /** Once it is in force so are the switches that a roll-back was to have, be it this one or one that it has replaced. It was asked for as `mine`. */
  async function inForceBy(rollOut: () => Promise<Turn>, mine: number): Promise<Turn | "late"> {
    try {
      const turn = await rollOut();
      if (turn === "replaced" || aim === undefined) return turn;
      if (mine < aim.since) {
        // What was cut off before anybody was shown it, and cannot be built any more.
        if (mine === asked) await leaveOff();
        return turn;
      }
      if (mine !== asked) {
        // It goes on where what comes after it is not taken, and with these.
        aim = { ...aim, before: aim.off };
        return turn;
      }
      const { off } = aim;
      aim = undefined;
      return (await switchTo(off)).late.length > 0 ? "late" : turn;
    } catch (error) {
      if (mine === asked) await leaveOff();
      throw error;
    }
  }

  /** There is nothing that goes back any more. */
  async function leaveOff(): Promise<void> {
    const before = aim?.before;
    aim = undefined;
    if (before !== undefined) await switchTo(before);
  }

  async function switchTo(names: readonly string[]): Promise<SwitchedOff> {
    const off = [...new Set(names)].sort();
    return isDeepStrictEqual(off, controlPlane.off) ? { late: [] } : switchOff(off);
  }

  /** Resolves at a change of the history, or soon. */
  async function woken(leftMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waking.add(resolve);
    await Promise.race([promise, sleep(Math.min(pollMs, leftMs), undefined, { ref: false })]);
    waking.delete(resolve);
  }

  const receipts = (): readonly ProxyReceipt[] =>
    ads.receipts().flatMap((receipt) => (receipt.given === undefined ? [] : [receiptOf(receipt, nowMs())]));

  /** Undefined while that is open. */
  async function standing(revision: Revision, leftMs: number): Promise<Waited | undefined> {
    const { number, outcome } = revision;
    switch (outcome.kind) {
      case "rejected":
        return { kind: "rejected", revision: number, reason: outcome.reason };
      case "superseded":
      case "rolled back":
        return { kind: "superseded", revision: number, by: outcome.by };
      case "rolling out": {
        const refusing = receipts().filter(({ given, refused }) => given === number && refused.length > 0);
        return inForce(history) === undefined && refusing.length > 0
          ? { kind: "refused", revision: number, proxies: refusing }
          : undefined;
      }
      case "converged": {
        const there = inForce(history)?.number ?? number;
        if (there !== number) return { kind: "superseded", revision: number, by: there };
        // Where no proxy is to run, nobody has to acknowledge anything.
        if (receipts().length > 0) {
          const became = await ads.waitForConvergence(String(number), leftMs);
          if (became.kind !== "converged") return undefined;
        }
        const proxies = receipts();
        const isServed = proxies.every(
          ({ connected, serving }) => !connected || serving?.revision === number,
        );
        return isServed ? { kind: "converged", revision: number, proxies } : undefined;
      }
      default:
        return outcome satisfies never;
    }
  }

  return {
    get history() {
      return history;
    },
    mark: (shown, isFinal) => {
      const own = ofContent(history, shown);
      const number = (own ?? heading(history))?.number;
      if (number === undefined) return undefined;
      return { revision: String(number), ...(isFinal && own !== undefined ? {} : { partial: true }) };
    },
    acknowledged: look,
    apply: (build, files, cause = { kind: "files" }) => {
      const { input, placement } = build;
      const number = record({ input, placement, off: aim?.off ?? controlPlane.off, cause, files });
      const mine = ++asked;
      const applied = written.then(() => inForceBy(() => controlPlane.apply(build), mine));
      return { number, turn: follow(number, applied) };
    },
    resume: (rollout) => {
      const { to, goal = to, off } = rollout;
      const { input, placement } = goal;
      const cause = { kind: "start" } as const;
      const known = cutOff === undefined ? ofContent(history, { input, off }) : cutOff.shown;
      const number = known?.number ?? record({ input, placement, off, cause, files: filesOf(input) });
      const mine = ++asked;
      const resumed = inForceBy(() => controlPlane.resume(rollout), mine);
      return { number, turn: follow(number, resumed) };
    },
    switchOff: (names) => {
      const off = [...new Set(names)].sort();
      const head = heading(history);
      if (head !== undefined) {
        const { input, placement, files } = head;
        record({ input, placement, files, off, cause: { kind: "switch" } });
      }
      if (aim !== undefined) aim = { ...aim, before: off, off };
      return switchOff(off);
    },
    rollBack: (build, { to, policiesOnly, off, files }) => {
      const { input, placement } = build;
      const cause = { kind: "rollback", to, ...(policiesOnly ? { policiesOnly } : {}) } as const;
      const number = record({ input, placement, off, files, cause });
      // Also for a save that comes before this is written down.
      const mine = ++asked;
      aim = { before: aim?.before ?? controlPlane.off, off, since: mine };
      const gone = written.then(() => goBack(build, off, mine));
      return { number, turn: follow(number, gone) };
    },
    waitForConvergence: async (wanted, timeoutMs) => {
      const endMs = nowMs() + timeoutMs;
      let number = wanted;
      for (;;) {
        const newest = history.at(-1)?.number;
        number ??= newest;
        const revision = history.find((each) => each.number === number);
        if (revision === undefined && number !== undefined && number <= (newest ?? 0))
          return { kind: "forgotten", revision: number };
        const leftMs = endMs - nowMs();
        const stands = revision && (await standing(revision, Math.max(leftMs, 0)));
        if (stands !== undefined) return stands;
        if (endMs - nowMs() <= 0) {
          // A rollout waits also for those that have not come.
          const isOpen = revision?.outcome.kind === "rolling out";
          const missing = receipts().filter(
            ({ connected, serving }) => (connected || isOpen) && serving?.revision !== number,
          );
          return {
            kind: "timeout",
            revision: revision?.number ?? null,
            missing: revision === undefined ? [] : missing.map(({ service }) => service),
          };
        }
        await woken(endMs - nowMs());
      }
    },
    receipts,
    written: () => written,
  };
}

/** The roll-back that another process had begun, and what it was in the midst of showing: that, what came after it, or before it what was there. */
function rollBackCutOff({
  history,
  unfinished,
}: RevisionsOptions):
  | { readonly revision: Revision; readonly shown: Revision | undefined; readonly isShown: boolean }
  | undefined {
  const revision = history.findLast(
    ({ outcome, cause }) =>
      outcome.kind === "rolling out" && (cause.kind === "rollback" || cause.kind === "switch"),
  );
  if (unfinished === undefined || revision?.cause.kind !== "rollback") return undefined;
  // Whatever is off: on the way that is more than before and after.
  const hash = inputHash(unfinished.input);
  const shown = history.findLast(
    ({ input, outcome }) => outcome.kind !== "rejected" && inputHash(input) === hash,
  );
  return { revision, shown, isShown: shown !== undefined && shown.number >= revision.number };
}
