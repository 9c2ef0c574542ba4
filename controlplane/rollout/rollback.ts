import { heading } from "../history/history.ts";
import { type Content, contentHash, type Files } from "../history/revision.ts";
import { changedPaths, switched } from "../history/revision-diff.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { isSamePlace } from "../mesh/is-same-place.ts";
import type { Build, BuildOptions, BuildResult, Input } from "../pipeline/build.ts";
import { noSuch } from "./history-answers.ts";
import type { Command } from "./http-api.ts";
import type { Begun, Revisions } from "./revisions.ts";
import type { RollbackReport } from "./rollback-report.ts";

export interface RollbackOptions {
  readonly revisions: Pick<Revisions, "history" | "rollBack">;
  /** What is being rolled out, or was last. */
  newest(): Build | undefined;
  build(input: Input, options: BuildOptions): Promise<BuildResult>;
  /** Hashes of the files as they were read last. */
  files(): Files;
  /** Told of what is being rolled out now, in the place of what the files say. */
  begun(to: number, begun: Begun, content: Content): void;
  /** Changes are taken one after the other. */
  inTurn<T>(act: () => Promise<T>): Promise<T>;
}

/**
 * `POST /rollback` with `{"revision": N, "policiesOnly"?: true}`: what revision N was is rolled out as a new one. Answers when that has begun; with
 * `policiesOnly` the mesh and the switches stay as they are.
 */
export function rollbackCommand(options: RollbackOptions): Command {
  return async (body) => {
    const wanted = wantedIn(body);
    if (wanted === undefined)
      return { status: 400, value: { error: 'what is to be gone back to is {"revision": NUMBER}' } };
    return options.inTurn(() => rollBack(wanted, options));
  };
}

interface Wanted {
  readonly revision: number;
  readonly policiesOnly: boolean;
}

async function rollBack(
  { revision: to, policiesOnly }: Wanted,
  options: RollbackOptions,
): ReturnType<Command> {
  const { revisions } = options;
  const { history } = revisions;
  const target = history.find(({ number }) => number === to);
  if (target === undefined) return { status: 404, value: { error: noSuch(to, history) } };
  const head = heading(history);
  if (head === undefined) return refused("nothing is in force yet");
  const { kind } = target.outcome;
  if (kind !== "converged" && kind !== "rolled back")
    return refused(`revision ${to} was never in force: ${kind}`);

  const content: Content = policiesOnly
    ? { input: { policies: target.input.policies, mesh: head.input.mesh }, off: head.off }
    : target;
  const changes = { files: changedPaths(head, content), ...switched(head, content) };
  if (contentHash(content) === head.hash) {
    const report: RollbackReport = { revision: head.number, to, isNew: false, changes };
    return { status: 200, value: report };
  }
  const last = options.newest();
  // What was placed stays as it was: it has been in force like that.
  const how = policiesOnly ? (last === undefined ? {} : { last }) : { placement: target.placement };
  const { build, diagnostics } = await options.build(content.input, how);
  if (build === undefined) return refused(`revision ${to} cannot be built now: ${firstOf(diagnostics)}`);
  if (last !== undefined && !isSamePlace(last.mesh, build.mesh))
    return refused(
      `revision ${to} is of a mesh in which services and proxies are elsewhere; its policies alone can be gone back to`,
    );
  const { off } = content;
  const begun = revisions.rollBack(build, { to, policiesOnly, off, files: options.files() });
  options.begun(to, begun, content);
  const report: RollbackReport = { revision: begun.number, to, isNew: true, changes };
  return { status: 200, value: report };
}

function refused(error: string): Awaited<ReturnType<Command>> {
  return { status: 409, value: { error } };
}

function firstOf(diagnostics: readonly Diagnostic[]): string {
  const first = diagnostics.find(({ severity }) => severity === "error");
  return first === undefined ? "it has errors" : `${first.code}: ${first.message}`;
}

function wantedIn(body: unknown): Wanted | undefined {
  if (typeof body !== "object" || body === null || !("revision" in body)) return undefined;
  const { revision } = body;
  const policiesOnly = "policiesOnly" in body ? body.policiesOnly : false;
  if (!Number.isSafeInteger(revision) || typeof policiesOnly !== "boolean") return undefined;
  return { revision: revision as number, policiesOnly };
}
