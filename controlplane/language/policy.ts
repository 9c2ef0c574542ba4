import type { BinaryOperator } from "./ast.ts";
import type { Context } from "./context.ts";
import type { ValueType } from "./interface.ts";
import type { Source, Span } from "./source.ts";

export type Side = "egress" | "ingress" | "either";
export type Mode = "enforce" | "audit" | "off";
export type OnLost = "deny" | "skip";
/** Abstract communication types. `Connection` ⊂ `Request` ⊂ `RPCRequest`, and `Response` ⊂ `RPCResponse`. */
export type Act = "Connection" | "Request" | "RPCRequest" | "Response" | "RPCResponse";

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
  /** Names of the actions used, e.g. `SetHeader` or `Counter.Reset`. */
  readonly actions: readonly string[];
  /** In the order in which they are declared, which is that of the configuration. */
  readonly parameters: readonly PolicyParameter[];
}

export interface CopperPolicy extends PolicyCommon {
  readonly kind: "copper";
  /** One for each headed section, and one `either` section for what stands under no heading. */
  readonly sections: readonly Section[];
  readonly states: readonly State[];
}

export interface Section {
  readonly side: Side;
  readonly body: readonly Statement[];
}

/** A policy written as AssemblyScript filter code; `source` is the code itself. */
export interface FilterPolicy extends PolicyCommon {
  readonly kind: "filter";
  readonly side: Side;
  /** Whether it has callbacks for responses, which it may change. Default false. */
  readonly responds?: boolean;
  /** Whether it may change bodies. Default false. */
  readonly changesBodies?: boolean;
  /** How often its `onTick` is called, in milliseconds. */
  readonly tickPeriod?: number;
  /** Whether something of it outlives a request: state, a metric, a line in a log. Default false. */
  readonly keepsState?: boolean;
  /** Header names that it declares to read and write; absent: it commutes with nothing. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  /** Headers that its code is known to write, listed or not, as proxies keep their names. Default none. */
  readonly written?: readonly string[];
  /** That it adds to lines of the access log, sorted. Default none. */
  readonly tags?: readonly string[];
}

export type Statement =
  | { readonly kind: "do"; readonly call: Call; readonly span: Span }
  | { readonly kind: "let"; readonly name: string; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: readonly Statement[];
      readonly else: readonly Statement[];
      readonly span: Span;
    }
  /** The policy is done with this request. What stands under another heading is not concerned. */
  | { readonly kind: "return"; readonly span: Span };

/** A value, with the type that the checker found. Only a `string` or `bytes` may be absent (`isOptional`). */
export type Expression =
  | Literal
  | {
      readonly kind: "parameter" | "local";
      readonly name: string;
      readonly type: ValueType;
      readonly isOptional: boolean;
      readonly span: Span;
    }
  | Call
  | {
      readonly kind: "unary";
      readonly operator: "!" | "-";
      readonly operand: Expression;
      readonly type: ValueType;
      readonly isOptional: false;
      readonly span: Span;
    }
  /** Both sides have one type (`convert` sees to it), but for `duration * int` and `duration / int`. */
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly type: ValueType;
      /** Only `??` of two optional values. */
      readonly isOptional: boolean;
      readonly span: Span;
    }
  /** `int` to `float`, or an optional value to a plain one, which is "" when it is absent. */
  | {
      readonly kind: "convert";
      readonly operand: Expression;
      readonly type: ValueType;
      readonly isOptional: false;
      readonly span: Span;
    };

/** `int` and `duration` (in nanoseconds) are bigints; a `string` stands for its UTF-8 bytes. */
export interface Literal {
  readonly kind: "literal";
  readonly type: ValueType;
  readonly value: string | bigint | number | boolean;
  readonly isOptional: false;
  readonly span: Span;
}

/** An action. Defaults of the interface are filled in; a parameter with the default `none` that is not given is missing at the end. */
export interface Call {
  readonly kind: "call";
  /** An action of the act by its name, `SetHeader`; of a state or a value with the type before it, `Counter.Reset`, `string.Matches`. */
  readonly action: string;
  /** What a state's action is done to: the name of a state of this policy. */
  readonly state?: string;
  /** Without the receiver; of an action of a type, the value comes first. */
  readonly arguments: readonly Expression[];
  /** Undefined when it yields nothing. */
  readonly type: ValueType | undefined;
  readonly isOptional: boolean;
  readonly span: Span;
}

/** A value that outlives a request. */
export interface State {
  readonly name: string;
  /** A state type of the interface, such as `Counter`. */
  readonly type: string;
  /** One value for each worker, or one for all of a proxy's (default). */
  readonly scope: "worker" | "proxy";
  readonly span: Span;
}

/** A value that can change without a new module: it travels as plugin configuration. */
export interface PolicyParameter {
  readonly name: string;
  readonly type: ValueType;
  /** What a parameter file says instead is in its place; the span stays where the policy has it. */
  readonly default: Literal;
  /** Of an `int` that has fewer than 64 in filter code. */
  readonly bits?: 32;
  readonly span: Span;
}
