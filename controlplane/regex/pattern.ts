import type { CodePointSet } from "./code-points.ts";

/** What matches between two bytes. `notWordBoundary` is `\B`; words are of ASCII letters, digits and `_`. */
export type Assertion =
  | "textStart"
  | "textEnd"
  | "lineStart"
  | "lineEnd"
  | "wordBoundary"
  | "notWordBoundary";

/**
 * A parsed regular expression, with flags resolved into what they mean and groups gone: whether a whole text
 * matches depends neither on captures nor on which repetitions are greedy.
 */
export type Pattern =
  /** One code point of a set. */
  | { readonly kind: "class"; readonly set: CodePointSet }
  /** Any one byte, `\C`. */
  | { readonly kind: "byte" }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  | { readonly kind: "choice"; readonly branches: readonly Pattern[] }
  /** `max` is Infinity where there is none. */
  | { readonly kind: "repeat"; readonly of: Pattern; readonly min: number; readonly max: number };

/** Why a pattern is none, or none for us. Offset and length are UTF-16 positions in the pattern. */
export interface RegexError {
  readonly kind: "error";
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  readonly help?: string;
}
