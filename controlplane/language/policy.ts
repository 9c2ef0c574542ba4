import type { Context } from "./context.ts";
import type { Source, Span } from "./source.ts";

export type Side = "egress" | "ingress" | "either";
export type Mode = "enforce" | "audit" | "off";
export type OnLost = "deny" | "skip";
/** Abstract communication types, most general first. `Connection` ⊂ `Request` ⊂ `RPCRequest`. */
export type Act = "Connection" | "Request" | "RPCRequest";

/** A checked policy: what every later stage works with, whichever form it was written in. */
export type Policy = CopperPolicy | FilterPolicy;

interface PolicyCommon {
  readonly name: string;
  readonly source: Source;
  /** Where the name stands: the place of messages about the policy as a whole. */
  readonly span: Span;
  readonly act: Act;
  readonly context: Context;
  readonly contextSpan: Span;
  /** Higher first; then by name. */
  readonly priority: number;
  readonly mode: Mode;
  readonly onLost: OnLost;
  /** Names of the actions used, e.g. `SetHeader`. */
  readonly actions: readonly string[];
}

export interface CopperPolicy extends PolicyCommon {
  readonly kind: "copper";
  /** One for each headed section, and one `either` section for what stands under no heading. */
  readonly sections: readonly Section[];
}

export interface Section {
  readonly side: Side;
  readonly body: readonly Statement[];
}

/** A policy written as AssemblyScript filter code; `source` is the code itself. */
export interface FilterPolicy extends PolicyCommon {
  readonly kind: "filter";
  readonly side: Side;
  /** Header names that it declares to read and write; absent: it commutes with nothing. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
}

export type Statement =
  | {
      readonly kind: "setHeader";
      readonly name: Literal;
      readonly value: StringExpression;
      readonly span: Span;
    }
  | { readonly kind: "deny"; readonly status: number; readonly body: string; readonly span: Span }
  /** `*` in either place is any service. */
  | { readonly kind: "allow"; readonly caller: string; readonly callee: string; readonly span: Span }
  | {
      readonly kind: "routeToVersion";
      readonly service: string;
      readonly version: string;
      readonly span: Span;
    }
  | {
      readonly kind: "if";
      readonly condition: Condition;
      readonly then: readonly Statement[];
      readonly else: readonly Statement[];
      readonly span: Span;
    };

interface Literal {
  readonly kind: "literal";
  readonly value: string;
  readonly span: Span;
}

export type StringExpression =
  | Literal
  /**
   * Where a string is wanted, the first value, or an empty string when the header is absent. `==` looks at all values: it holds when
   * any of them equals, so that a second copy hides nothing, and an absent header equals nothing, not even "". `!=` is its negation.
   * A value with commas is one value.
   */
  | { readonly kind: "getHeader"; readonly name: string; readonly span: Span };

export type Condition =
  | {
      readonly kind: "equal";
      readonly negated: boolean;
      readonly left: StringExpression;
      readonly right: StringExpression;
    }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "constant"; readonly value: boolean };
