import { WireError } from "../error/wire-error.ts";
import { revisionDiff } from "../history/revision-diff.ts";
import type { HistoryReport, RevisionReport } from "../rollout/history-answers.ts";
import {
  type Answered,
  askControlPlane,
  type ControlPlaneOptions,
  noControlPlane,
} from "./ask-control-plane.ts";
import { diffLines, historyTable, revisionLines } from "./history-text.ts";
import type { ExitCode } from "./main.ts";
import { createOutput, type Output } from "./report.ts";

export interface HistoryOptions extends ControlPlaneOptions {
  readonly json?: boolean;
}

/** `wire history`: the revisions that a control plane keeps. */
export async function history(_: readonly string[], options: HistoryOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const report = await listed(options);
  if (output.json) output.print(JSON.stringify(report));
  else for (const line of historyTable(report)) output.print(line);
  return 0;
}

/** `wire history show N`. */
export async function historyShow(
  [which = ""]: readonly string[],
  options: HistoryOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const report = await revisionOf(which, options, output);
  if (report === undefined) return 1;
  if (output.json) output.print(JSON.stringify(report));
  else for (const line of revisionLines(report, (await listed(options)).inForce)) output.print(line);
  return 0;
}

/** `wire history diff N [M]`: what N changed, or from N to M. */
export async function historyDiff(
  [which = "", other]: readonly string[],
  options: HistoryOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const first = await revisionOf(which, options, output);
  if (first === undefined) return 1;
  const second =
    other === undefined
      ? await theOneBefore(first, options, output)
      : await revisionOf(other, options, output);
  if (second === undefined) return 1;
  const [before, after] = other === undefined ? [second, first] : [first, second];
  const diff = revisionDiff(contentOf(before), contentOf(after));
  if (output.json) output.print(JSON.stringify(diff));
  else for (const line of diffLines(diff)) output.print(line);
  return 0;
}

function contentOf({ number, policies, mesh, off, placement }: RevisionReport) {
  return { number, off, placement, input: { policies, mesh } };
}

async function listed(options: HistoryOptions): Promise<HistoryReport> {
  const { url, status, body } = await askControlPlane("/history", options);
  if (status !== 200 || typeof body !== "object" || body === null || !("revisions" in body))
    throw noControlPlane(url);
  return body as HistoryReport;
}

/** Undefined where there is none of this number: that has been said. */
async function revisionOf(
  which: string,
  options: HistoryOptions,
  output: Output,
): Promise<RevisionReport | undefined> {
  const answer = await askControlPlane(`/history/${which}`, options);
  if (answer.status === 404) {
    refused(answer, output);
    return undefined;
  }
  if (answer.status !== 200) throw noControlPlane(answer.url);
  return answer.body as RevisionReport;
}

async function theOneBefore(
  { number }: RevisionReport,
  options: HistoryOptions,
  output: Output,
): Promise<RevisionReport | undefined> {
  const { revisions } = await listed(options);
  const before = revisions.findLast((each) => each.number < number);
  if (before !== undefined) return revisionOf(`${before.number}`, options, output);
  const error = `nothing is kept from before revision ${number}`;
  if (output.json) output.print(JSON.stringify({ error }));
  output.progress(`wire: ${error}`);
  return undefined;
}

/** Say why a control plane does not do it; throws where it says nothing. */
export function refused({ body, status }: Answered, output: Output): void {
  if (typeof body !== "object" || body === null || !("error" in body))
    throw new WireError("history", `the control plane answers ${status}`);
  if (output.json) output.print(JSON.stringify(body));
  output.progress(`wire: ${body.error}`);
}
