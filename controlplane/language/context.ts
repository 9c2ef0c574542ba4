import type { Span } from "./source.ts";

/**
 * A context: the regular expression over services that says which requests a policy is for (design §3).
 * It matches when some non-empty suffix of a request's path is in its language; `anchored`, when the whole path is.
 */
export interface Context {
  readonly anchored: boolean;
  readonly expression: Expression;
}

export type Expression =
  | { readonly kind: "service"; readonly name: string; readonly version?: string; readonly span: Span }
  /** `.`, any one service; a complement `[^a, b]` has `except`. */
  | { readonly kind: "any"; readonly except: readonly Name[]; readonly span: Span }
  /** `[a, b]` */
  | { readonly kind: "set"; readonly names: readonly Name[]; readonly span: Span }
  | { readonly kind: "sequence"; readonly items: readonly Expression[]; readonly span: Span }
  | { readonly kind: "choice"; readonly options: readonly Expression[]; readonly span: Span }
  /** `x*` is 0 to infinity, `x+` 1 to infinity, `x?` 0 to 1. */
  | {
      readonly kind: "repeat";
      readonly item: Expression;
      readonly min: 0 | 1;
      readonly max: 1 | "infinity";
      readonly span: Span;
    };

export interface Name {
  readonly name: string;
  readonly version?: string;
  readonly span: Span;
}
