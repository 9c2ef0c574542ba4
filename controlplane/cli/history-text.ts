import type { RevisionDiff } from "../history/revision-diff.ts";
import type { HistoryReport, RevisionReport, RevisionSummary } from "../rollout/history-answers.ts";
import { oneLine } from "../rollout/one-line.ts";
import type { ProxyReceipt, Since } from "../rollout/proxy-receipt.ts";
import type { Waited } from "../rollout/revisions.ts";
import type { RollbackReport } from "../rollout/rollback-report.ts";
import { aligned } from "./aligned.ts";
import { changeLines } from "./change-lines.ts";
import { counted } from "./counted.ts";

/** So that a row fits; the whole is in `wire history show`. */
const outcomeLengthMax = 80;

/** The newest first, the one in force marked. */
export function historyTable({ inForce, revisions }: HistoryReport): readonly string[] {
  if (revisions.length === 0) return ["there is no revision yet"];
  return aligned([
    ["", "revision", "time", "proxies", "outcome", "what"],
    ...revisions
      .toReversed()
      .map((each) => [
        each.number === inForce ? "*" : "",
        `${each.number}`,
        each.time,
        `${each.proxies}`,
        oneLine(outcomeText(each), outcomeLengthMax),
        whatText(each),
      ]),
  ]);
}

export function revisionLines(report: RevisionReport, inForce: number | null): readonly string[] {
  const { number, time, hash, policies, mesh, off, placement, receipts } = report;
  return [
    `revision ${number} of ${time}: ${whatText(report)}`,
    `outcome: ${oneLine(outcomeText(report))}${number === inForce ? ", in force" : ""}`,
    `content: ${hash.slice(0, 12)}`,
    `files: ${[...policies.map(({ path }) => path), mesh.path].join(", ")}`,
    ...(off.length === 0 ? [] : [`switched off: ${off.join(", ")}`]),
    `placement: ${counted(placement.proxies.length, "proxy", "proxies")}, cost ${placement.cost}`,
    ...placement.proxies.map(
      ({ service, dataplane, policies: own }) =>
        `  ${service}: ${dataplane}${own.length === 0 ? "" : `, ${[...new Set(own.map(({ policy }) => policy))].join(", ")}`}`,
    ),
    ...receiptTable(receipts),
  ];
}

export function diffLines(diff: RevisionDiff): readonly string[] {
  const { files, disabled, enabled, placement } = diff;
  const moved = changeLines(placement);
  const lines = [
    ...files.flatMap(({ patch }) => patch.trimEnd().split("\n")),
    ...(disabled.length === 0 ? [] : [`switched off: ${disabled.join(", ")}`]),
    ...(enabled.length === 0 ? [] : [`switched on: ${enabled.join(", ")}`]),
    ...(moved.length === 0 ? [] : ["placement:", ...moved]),
  ];
  return lines.length === 0 ? [`revisions ${diff.from} and ${diff.to} are the same`] : lines;
}

export function rollbackLines({ revision, to, isNew, changes }: RollbackReport): readonly string[] {
  if (!isNew) return [`what revision ${to} was is what revision ${revision} is: nothing is to be done`];
  return [
    `going back to revision ${to}, as revision ${revision}: ${changesText(changes)}`,
    "the files stay as they are: the next save of a policy takes the policies from them again, and of the mesh file the mesh",
  ];
}

/** What became of a revision that was waited for. */
export function waitedText(waited: Waited): string {
  const { revision } = waited;
  switch (waited.kind) {
    case "converged": {
      const serving = waited.proxies.filter(({ connected }) => connected).length;
      return `revision ${revision} is in force: ${counted(serving, "connected proxy serves", "connected proxies serve")} it`;
    }
    case "rejected":
      return `revision ${revision} was not taken, and what was in force before goes on: ${oneLine(waited.reason)}`;
    case "refused":
      return `revision ${revision} is refused: ${waited.proxies.map(({ service, refused }) => `${service}: ${oneLine(refused.join("; "))}`).join("; ")}`;
    case "superseded":
      return `revision ${revision} is not in force: revision ${waited.by} has taken its place`;
    case "forgotten":
      return `revision ${revision} is not kept any more`;
    case "timeout":
      if (revision === null) return "there is no such revision yet";
      return waited.missing.length === 0
        ? `revision ${revision} is not in force yet`
        : `revision ${revision} is not in force yet: waiting for ${waited.missing.join(", ")}`;
    default:
      return waited satisfies never;
  }
}

function receiptTable(receipts: readonly ProxyReceipt[]): readonly string[] {
  if (receipts.length === 0) return [];
  return aligned([
    ["proxy", "connected", "sent", "acknowledged", "serving"],
    ...receipts.map(({ service, connected, given, sent, acknowledged, serving }) => [
      service,
      connected ? "yes" : "no",
      ...[sent, acknowledged, serving].map((each) => sinceText(each, given)),
    ]),
  ]);
}

function sinceText(since: Since | undefined, given: number): string {
  if (since === undefined) return "-";
  return since.revision === given ? since.time : `${since.time} (revision ${since.revision})`;
}

function outcomeText({ outcome }: RevisionSummary): string {
  switch (outcome.kind) {
    case "rolling out": {
      const { wave } = outcome;
      return wave === undefined ? "rolling out" : `rolling out: wave ${wave.wave} of ${wave.of}`;
    }
    case "converged": {
      const away = outcome.without === undefined ? "" : `, without ${outcome.without.join(", ")}`;
      return `converged after ${outcome.ms} ms${away}`;
    }
    case "rejected":
      return `rejected: ${outcome.reason}`;
    case "superseded":
      return `superseded by ${outcome.by}`;
    case "rolled back":
      return `rolled back by ${outcome.by}`;
    default:
      return outcome satisfies never;
  }
}

function whatText({ cause, changes }: RevisionSummary): string {
  const what = changes === undefined ? "" : changesText(changes);
  switch (cause.kind) {
    case "start":
      return "start";
    case "files":
    case "switch":
      return what;
    case "rollback":
      return `roll-back to ${cause.to}${cause.policiesOnly === true ? ", policies only" : ""}`;
    case "taken back":
      return `what went on instead of ${cause.of}`;
    default:
      return cause satisfies never;
  }
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

function changesText({ files, disabled, enabled }: RollbackReport["changes"]): string {
  return [
    ...files.map(({ path, change }) => `${signs[change]} ${path}`),
    ...(disabled.length === 0 ? [] : [`switched off ${disabled.join(", ")}`]),
    ...(enabled.length === 0 ? [] : [`switched on ${enabled.join(", ")}`]),
  ].join(", ");
}
