import { isDeepStrictEqual } from "node:util";
import { type Cause, type Files, sourcesHash } from "../history/revision.ts";
import type { Source } from "../language/source.ts";
import type { Build, Input } from "../pipeline/build.ts";

/** What became of a change; what is `postponed` is tried again when proxies that it concerns are back. */
export type Attempt = "taken" | "refused" | "postponed";

/** What the files say, or what was gone back to from them, until it is in force or not taken. */
export interface Wanted {
  readonly policies: readonly Source[];
  /** Hashes of the files as they were read last. */
  readonly files: Files;
  /** Policies or mesh have been saved. Both in their turn. */
  policiesSaved(sources: readonly Source[]): Promise<void>;
  meshSaved(mesh: Source): Promise<void>;
  /** What was postponed can be taken now. */
  tryAgain(): Promise<void>;
  /** Roll out what was built of it at the start. */
  begin(build: Build, cause?: Cause): Promise<Attempt>;
  /** This counts until the files change, or until it is not taken. */
  goBack(to: Input, became: Promise<Attempt>): Promise<void>;
}

export interface WantedOptions {
  readonly initial: Input;
  readonly files: Files;
  inForce(): Input | undefined;
  /** Undefined where it has errors, which are told of. */
  build(input: Input): Promise<Build | undefined>;
  rollOut(build: Build, files: Files, cause?: Cause): Promise<Attempt>;
  /** One after the other, so that what was read or asked for last is what is applied last. */
  inTurn<T>(act: () => Promise<T>): Promise<T>;
}

export function createWanted({ initial, inForce, build, rollOut, inTurn, ...rest }: WantedOptions): Wanted {
  let { policies, mesh } = initial;
  let { files } = rest;
  /** Those that were postponed. */
  let postponed: readonly Source[] | undefined;

  /** Whether this is in force but for the mesh. */
  function isElsewhere(input: Input, now: Input | undefined): now is Input {
    return now !== undefined && !isDeepStrictEqual(now.mesh, input.mesh);
  }

  function hasOtherPolicies(input: Input, now: Input): boolean {
    return !isDeepStrictEqual(now.policies, input.policies);
  }

  /** What is not taken is not tried again with a change of the mesh, which would not be taken with it. */
  async function attempt({ build: made, files: its, cause }: Attempted): Promise<Attempt> {
    const became = await rollOut(made, its, cause);
    if (became === "taken") return became;
    const { input } = made;
    const now = inForce();
    if (policies === input.policies)
      if (became === "postponed") postponed = policies;
      else policies = now?.policies ?? policies;
    // Where services are is as it is, whatever becomes of the policies that came with it.
    if (mesh === input.mesh && isElsewhere(input, now) && hasOtherPolicies(input, now)) void inTurn(again);
    return became;
  }

  /** In its turn. */
  async function again(): Promise<void> {
    const now = inForce();
    const input: Input = { policies, mesh };
    // Nobody knows for how long the proxies are away that the policies wait for.
    const isHeldUp = policies === postponed && isElsewhere(input, now) && hasOtherPolicies(input, now);
    const made = await build(isHeldUp ? { policies: now.policies, mesh } : input);
    if (made === undefined) return;
    if (!isHeldUp) {
      void attempt({ build: made, files });
      return;
    }
    const its = { ...files, policies: sourcesHash(now.policies) };
    void attempt({ build: made, files: its }).then((became) => {
      if (became === "taken" && policies === postponed) void inTurn(again);
    });
  }

  return {
    get policies() {
      return policies;
    },
    get files() {
      return files;
    },
    policiesSaved(sources) {
      policies = sources;
      files = { ...files, policies: sourcesHash(sources) };
      return inTurn(again);
    },
    meshSaved(next) {
      mesh = next;
      files = { ...files, mesh: sourcesHash([next]) };
      return inTurn(again);
    },
    tryAgain: () => inTurn(again),
    begin: (made, cause) => attempt({ build: made, files, ...(cause === undefined ? {} : { cause }) }),
    async goBack(to, turn) {
      const before = { policies, mesh };
      ({ policies, mesh } = to);
      const became = await turn;
      if (became === "postponed" && policies === to.policies) postponed = policies;
      if (became !== "refused") return;
      if (policies === to.policies) policies = before.policies;
      if (mesh === to.mesh) mesh = before.mesh;
    },
  };
}

interface Attempted {
  readonly build: Build;
  readonly files: Files;
  readonly cause?: Cause;
}
