import { isDeepStrictEqual } from "node:util";
import type { ChainCache } from "../codegen/build-chains.ts";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";
import { type Build, build } from "../pipeline/build.ts";
import type { Rollout } from "../rollout/control-plane.ts";
import { checkWritable, readState, type State } from "../rollout/state-file.ts";
import { noPolicies } from "./no-policies.ts";
import { readSources } from "./read-sources.ts";
import { diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";

/** What a control plane begins with. */
export type StartingPoint =
  /** Neither the policies nor the state give anything to run; it has been said why. */
  | { readonly kind: "nothing" }
  | {
      readonly kind: "something";
      /** The policies as they were read; none when they cannot be. */
      readonly policies: readonly Source[];
      /** To be gone on with first. */
      readonly unfinished?: Rollout;
      /** To be rolled out then; absent when it is in force already, or has errors. */
      readonly build?: Build;
    };

/** Said wherever an input is not taken. */
export const goesOn = "what was in force goes on";

/** Read policies and state. With a state to go on with, trouble with the policies is reported and no more. */
export async function startingPoint(options: {
  readonly output: Output;
  readonly paths: readonly string[];
  readonly mesh: Source;
  readonly state: string | undefined;
  readonly cache: ChainCache;
}): Promise<StartingPoint> {
  const { output, paths, mesh, cache } = options;
  const kept = options.state === undefined ? undefined : await keptState(output, options.state, mesh);
  const unfinished = kept === undefined ? undefined : await rebuild(kept, cache);
  const goOn = unfinished === undefined ? {} : { unfinished };

  const policies = await readPolicies(paths, unfinished !== undefined, output);
  if (policies.length === 0) {
    if (unfinished !== undefined) return { kind: "something", policies, ...goOn };
    noPolicies(output, paths);
    return { kind: "nothing" };
  }
  const previous = kept?.to.placement;
  const first = await build({ policies, mesh }, { cache, ...(previous === undefined ? {} : { previous }) });
  reportDiagnostics(output, first.diagnostics);
  if (first.build === undefined) {
    if (unfinished !== undefined) {
      output.progress(`wire: the policies have errors: ${goesOn}`);
      return { kind: "something", policies, ...goOn };
    }
    if (output.json) output.print(diagnosticsJson(first.diagnostics));
    return { kind: "nothing" };
  }
  const isInForce = isDeepStrictEqual(first.build.input, unfinished?.to.input);
  return { kind: "something", policies, ...goOn, ...(isInForce ? {} : { build: first.build }) };
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

async function keptState(output: Output, path: string, mesh: Source): Promise<State | undefined> {
  await checkWritable(path);
  const kept = await readState(path);
  if (kept === undefined || kept.to.input.mesh.text === mesh.text) return kept;
  output.progress("the mesh is another one than before: starting afresh");
  return undefined;
}

/** The builds of a rollout that was kept. Undefined when one cannot be built any more, as after an upgrade: then all starts afresh. */
async function rebuild(state: State, cache: ChainCache): Promise<Rollout | undefined> {
  const { build: to } = await build(state.to.input, { placement: state.to.placement, cache });
  if (to === undefined) return undefined;
  const from =
    state.from === undefined
      ? undefined
      : (await build(state.from.input, { placement: state.from.placement, cache })).build;
  const { followers } = state;
  return {
    ...(from === undefined ? {} : { from }),
    to,
    stage: from === undefined ? 0 : state.stage,
    followers,
  };
}
