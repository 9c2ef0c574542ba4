import { strict as assert } from "node:assert";
import type { ChainCache } from "../codegen/chain-cache.ts";
import { WireError } from "../error/wire-error.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { nextStep } from "../placement/under-way.ts";
import { type Build, compiled } from "./build.ts";

/** What is rolled out next on the way from a build to another one: that itself, or what has to be in force before. It may forget the states of paths that began before the current one. */
export async function nextBuild(
  current: Build,
  wanted: Build,
  { mayForget, cache }: { readonly mayForget: boolean; readonly cache?: ChainCache },
): Promise<Build> {
  let why: Diagnostic | undefined;
  for (const staysInPlace of [false, true]) {
    const step = nextStep(current, wanted, mayForget, { staysInPlace });
    if (step.kind === "wanted") return wanted;
    const { input, mesh, policies, dataplanes } = step.kind === "taught" ? current : wanted;
    const { placement, paths } = step;
    const { build, diagnostics } = await compiled(
      { input, mesh, policies, dataplanes, placement, paths },
      cache,
    );
    if (build !== undefined) return build;
    // A policy that is on another side for what is under way has come between others that have to be one module.
    why = diagnostics[0];
  }
  // One revision has room beside another one, and maybe not beside those of several changes in a minute.
  if (why?.code === "PLC0106")
    throw new WireError(
      "rollout",
      `what is under way since the last changes has states of its own, and there is no room for more: ${why.message}; save it again in a minute`,
    );
  assert.fail(`what compiled before compiles again: ${why?.message}`);
}
