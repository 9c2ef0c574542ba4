import { createHash } from "node:crypto";
import type { Source } from "../language/source.ts";
import type { Input } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";

/** All that decides what proxies run: with it a revision can be built again. */
export interface Content {
  /** Policies with their interfaces and the values of parameters, and the mesh. */
  readonly input: Input;
  /** Names of the policies that are switched off, sorted. */
  readonly off: readonly string[];
}

/** What made a revision. */
export type Cause =
  /** A start of the control plane, from files or from its state. */
  | { readonly kind: "start" }
  /** A save of policies, parameters or the mesh. */
  | { readonly kind: "files" }
  /** Policies were switched off or on. */
  | { readonly kind: "switch" }
  /** `wire rollback`; of the policies alone where mesh and switches stayed as they were. */
  | { readonly kind: "rollback"; readonly to: number; readonly policiesOnly?: boolean }
  /** The revision `of` was not taken, and what goes on instead is in this form none of those before. */
  | { readonly kind: "taken back"; readonly of: number };

/** What became of a revision. Times are milliseconds since 1970. */
export type Outcome =
  /** Not in force everywhere yet. */
  | { readonly kind: "rolling out" }
  /** All proxies have acknowledged it, `without` those that were away; `ms` after it was made, or tried again. */
  | {
      readonly kind: "converged";
      readonly atMs: number;
      readonly ms: number;
      /** Services whose proxies were not connected then, and take it when they come back; absent: none. */
      readonly without?: readonly string[];
    }
  /** The proxies did not take it: what was in force before went on. */
  | { readonly kind: "rejected"; readonly atMs: number; readonly reason: string }
  /** A newer one came before it was in force. */
  | { readonly kind: "superseded"; readonly atMs: number; readonly by: number }
  /** It was in force, until `by` took back what it had brought. */
  | { readonly kind: "rolled back"; readonly atMs: number; readonly by: number };

/** Hashes of the files as they were read last, whatever of them is in the revision. */
export interface Files {
  readonly policies: string;
  readonly mesh: string;
}

export interface Revision extends Content {
  /** From 1 on; none is used twice. */
  readonly number: number;
  /** When it was made, or tried again, in milliseconds since 1970. */
  readonly atMs: number;
  /** Of the content. */
  readonly hash: string;
  readonly cause: Cause;
  readonly files: Files;
  /** Where its policies are enforced. */
  readonly placement: Placement;
  readonly outcome: Outcome;
}

const inputHashes = new WeakMap<Input, string>();

/** Equal for equal contents, whoever makes them and whenever. */
export function contentHash({ input, off }: Content): string {
  return hashOf([inputHash(input), ...off]);
}

export function inputHash(input: Input): string {
  const hash = inputHashes.get(input) ?? hashOf([sourcesHash(input.policies), sourcesHash([input.mesh])]);
  inputHashes.set(input, hash);
  return hash;
}

/** Of texts with their names. */
export function sourcesHash(sources: readonly Source[]): string {
  return hashOf(sources.flatMap(({ path, text }) => [path, text]));
}

export function filesOf({ policies, mesh }: Input): Files {
  return { policies: sourcesHash(policies), mesh: sourcesHash([mesh]) };
}

function hashOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}
