import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { Source } from "../language/source.ts";
import { compare, type Difference } from "../placement/compare.ts";
import type { Revision } from "./revision.ts";

export interface FileChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** In the unified format, with three lines of context. */
  readonly patch: string;
}

/** What is otherwise in one revision than in another. */
export interface RevisionDiff {
  readonly from: number;
  readonly to: number;
  /** Policies, interfaces, values of parameters and the mesh, by their paths. */
  readonly files: readonly FileChange[];
  /** Policies that are switched off in `to` and were not in `from`, and the other way round. */
  readonly disabled: readonly string[];
  readonly enabled: readonly string[];
  readonly placement: Pick<Difference, "cost" | "proxies" | "policies">;
}

type Compared = Pick<Revision, "number" | "input" | "off" | "placement">;

/** Texts that differ in more lines than this are shown as one removed and one added: the shortest way would take seconds to find. */
const editsMax = 1_000;

export function revisionDiff(before: Compared, after: Compared): RevisionDiff {
  const { cost, proxies, policies } = compare(before.placement, after.placement);
  return {
    from: before.number,
    to: after.number,
    files: fileChanges(before, after),
    ...switched(before, after),
    placement: { cost, proxies, policies },
  };
}

/** Paths with what became of them, in the order of the paths. */
export function changedPaths(
  before: Pick<Revision, "input">,
  after: Pick<Revision, "input">,
): readonly Omit<FileChange, "patch">[] {
  return changes(before, after).map(({ path, change }) => ({ path, change }));
}

export function switched(
  before: Pick<Revision, "off">,
  after: Pick<Revision, "off">,
): Pick<RevisionDiff, "disabled" | "enabled"> {
  return {
    disabled: after.off.filter((name) => !before.off.includes(name)),
    enabled: before.off.filter((name) => !after.off.includes(name)),
  };
}

function fileChanges(before: Compared, after: Compared): readonly FileChange[] {
  return changes(before, after).map(({ path, change, was, is }) => ({
    path,
    change,
    patch: patchOf(path, was, is),
  }));
}

interface Change extends Omit<FileChange, "patch"> {
  readonly was: string | undefined;
  readonly is: string | undefined;
}

function changes(before: Pick<Revision, "input">, after: Pick<Revision, "input">): readonly Change[] {
  const [had, has] = [textsOf(before), textsOf(after)];
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((path) => {
    const [was, is] = [had.get(path), has.get(path)];
    if (was === is) return [];
    const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [{ path, change, was, is }] as const;
  });
}

function textsOf({ input }: Pick<Revision, "input">): ReadonlyMap<string, string> {
  const sources: readonly Source[] = [...input.policies, input.mesh];
  return new Map(sources.map(({ path, text }) => [path, text]));
}

function patchOf(path: string, was: string | undefined, is: string | undefined): string {
  const names = [was === undefined ? "/dev/null" : path, is === undefined ? "/dev/null" : path] as const;
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  const short = createTwoFilesPatch(...names, was ?? "", is ?? "", undefined, undefined, {
    ...options,
    maxEditLength: editsMax,
  });
  return short ?? wholePatch(names, was ?? "", is ?? "");
}

function wholePatch([before, after]: readonly [string, string], was: string, is: string): string {
  const lines = (text: string, sign: "-" | "+"): readonly string[] =>
    text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => `${sign}${line}`);
  const [removed, added] = [lines(was, "-"), lines(is, "+")];
  return [
    `--- ${before}`,
    `+++ ${after}`,
    `@@ -1,${removed.length} +1,${added.length} @@`,
    ...removed,
    ...added,
    "",
  ].join("\n");
}
