import { isDeepStrictEqual } from "node:util";
import type { ChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import type { History } from "../history/history.ts";
import { filesOf } from "../history/revision.ts";
import { declaredDataplanes } from "../language/check-imports.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { dataplaneNames } from "../language/offer.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { isSamePlace } from "../mesh/is-same-place.ts";
import { type Build, build, type Input } from "../pipeline/build.ts";
import type { Rollout } from "../rollout/rollout.ts";
import {
  checkWritable,
  type Kept,
  type KeptPaths,
  pathsKept,
  readState,
  type State,
} from "../rollout/state-file.ts";
import { laidAsKept } from "../xds/laid-chain.ts";
import { noPolicies } from "./no-policies.ts";
import { readSources } from "./read-sources.ts";
import { diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";
import { building, sayIfLong } from "./say-if-long.ts";

/** What a control plane begins with. */
export type StartingPoint =
  /** Neither the policies nor the state give anything to run; it has been said why. */
  | { readonly kind: "nothing" }
  | {
      readonly kind: "something";
      /** Names of the policies that are switched off, also where all else starts afresh. */
      readonly off: readonly string[];
      /** The one in force where there is a state to go on with, else the one in the file. */
      readonly mesh: Source;
      /** The policies as they were read, or what was gone back to from these; none when they cannot be read. */
      readonly policies: readonly Source[];
      /** As they were read. A mesh that is not taken is the one in force. */
      readonly read: Input;
      /** To be gone on with first. */
      readonly unfinished?: Rollout;
      /** To be rolled out then; absent when it is in force already, or has errors. */
      readonly build?: Build;
    };

/** Said wherever an input is not taken. */
export const goesOn = "what was in force goes on";

/** Read policies, mesh and state. With a state to go on with, trouble with the others is reported and no more. */
export async function startingPoint(options: {
  readonly output: Output;
  readonly paths: readonly string[];
  readMesh(): Promise<Source>;
  readonly state: string | undefined;
  readonly history: History;
  readonly cache: ChainCache;
  /** How the policies are built. */
  readonly build: typeof build;
}): Promise<StartingPoint> {
  const { output, paths, cache } = options;
  const kept = options.state === undefined ? undefined : await keptState(options.state);
  const unfinished = kept === undefined ? undefined : await rebuild(kept, cache);
  if (kept !== undefined && unfinished === undefined)
    output.progress(`wire: what ${options.state} holds cannot be built any more: starting afresh`);
  const off = kept?.off ?? [];
  const goOn = unfinished === undefined ? { off } : { off, unfinished };

  const readMesh =
    unfinished === undefined ? await options.readMesh() : await meshToGoOnWith(unfinished.to, options);
  const read: Input = {
    mesh: readMesh,
    policies: await readPolicies(paths, unfinished !== undefined, output),
  };
  const { policies, mesh } = unfinished === undefined ? read : goneBackTo(read, options);
  if (policies.length === 0) {
    if (unfinished !== undefined) return { kind: "something", mesh, policies, read, ...goOn };
    noPolicies(output, paths);
    return { kind: "nothing" };
  }
  const wanted = unfinished?.goal ?? unfinished?.to;
  const previous = wanted?.placement;
  const first = await sayIfLong(
    output,
    options.build({ policies, mesh }, { cache, ...(previous === undefined ? {} : { previous }) }),
    building,
  );
  reportDiagnostics(output, first.diagnostics);
  if (first.build === undefined) {
    if (unfinished !== undefined) {
      output.progress(`wire: the policies have errors: ${goesOn}`);
      return { kind: "something", mesh, policies, read, ...goOn };
    }
    if (output.json) output.print(diagnosticsJson(first.diagnostics));
    return { kind: "nothing" };
  }
  // With another key the states are others.
  const isInForce =
    isDeepStrictEqual(first.build.input, wanted?.input) && first.build.paths.own === wanted?.paths.own;
  return { kind: "something", mesh, policies, read, ...goOn, ...(isInForce ? {} : { build: first.build }) };
}

/** Files that somebody has gone back from are not taken again before they change: what goes on in their place. */
function goneBackTo(
  read: Input,
  { output, history }: { readonly output: Output; readonly history: History },
): Input {
  const newest = history.findLast(({ outcome }) => outcome.kind !== "rejected");
  if (newest === undefined) return read;
  const { policies, mesh } = filesOf(read);
  const input: Input = {
    policies: policies === newest.files.policies ? newest.input.policies : read.policies,
    mesh: mesh === newest.files.mesh ? newest.input.mesh : read.mesh,
  };
  if (isDeepStrictEqual(input, read)) return read;
  output.progress(
    `revision ${newest.number} goes on, which is not what the files say: the next save of them is taken again`,
  );
  return input;
}

async function readPolicies(
  paths: readonly string[],
  lenient: boolean,
  output: Output,
): Promise<readonly Source[]> {
  try {
    return await readSources(paths);
  } catch (error) {
    if (!lenient || !(error instanceof WireError)) throw error;
    output.progress(`wire: ${error.message}: ${goesOn}`);
    return [];
  }
}

async function keptState(path: string): Promise<State | undefined> {
  await checkWritable(path);
  return readState(path);
}

/** Proxies and services stand where the mesh in force says: one of other endpoints or rates is taken, any other is told of. */
async function meshToGoOnWith(
  { mesh: inForce, input: { mesh, policies } }: Build,
  {
    output,
    readMesh,
    state,
  }: { readonly output: Output; readMesh(): Promise<Source>; readonly state: string | undefined },
): Promise<Source> {
  try {
    const read = await readMesh();
    if (read.text === mesh.text) return mesh;
    const next = fromYaml(read, dataplaneNames(declaredDataplanes(policies)));
    if (next.mesh !== undefined && !hasErrors(next.diagnostics) && isSamePlace(inForce, next.mesh))
      return read;
    output.progress(
      `wire: ${read.path} is another mesh than the one in force, which goes on; to take it, end the proxies and remove ${state}`,
    );
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    output.progress(`wire: ${error.message}: ${goesOn}`);
  }
  return mesh;
}

/** The builds of a rollout that was kept. Undefined when one cannot be built any more, as after an upgrade: then all starts afresh. */
async function rebuild(state: State, cache: ChainCache): Promise<Rollout | undefined> {
  const to = await builtAgain(state.to, cache);
  if (to === undefined) return undefined;
  const from = state.from === undefined ? undefined : await builtAgain(state.from, cache);
  const goal = state.goal === undefined ? undefined : await builtAgain(state.goal, cache);
  const { followers, off, left, stage, wave, isReturn } = state;
  const kept = { followers, off, left, former: new Map(Object.entries(state.former)) };
  if (from === undefined) return { to, stage: 0, ...kept };
  return {
    ...{ from, to, stage, ...kept },
    ...(goal === undefined ? {} : { goal }),
    ...(wave === undefined ? {} : { wave }),
    ...(isReturn === undefined ? {} : { isReturn }),
  };
}

const noKeptPaths: KeptPaths = { known: [] };

async function builtAgain(
  { input, placement, paths = noKeptPaths, layout }: Kept,
  cache: ChainCache,
): Promise<Build | undefined> {
  const { build: made } = await build(input, { placement, paths: pathsKept(paths), cache });
  return made && { ...made, chains: laidAsKept(made.chains, layout) };
}
