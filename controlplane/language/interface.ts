import type { ActionCost, ProxyCost } from "./cost.ts";
import type { Span } from "./source.ts";

/** Types of values. A `string` is bytes at run time; a `duration` is nanoseconds. */
export type ValueType = "string" | "bytes" | "int" | "float" | "bool" | "duration";

/** What must be a literal, because it shapes the code or the configuration: `const KIND name`. */
export type ConstantKind =
  | "header"
  | "service"
  | "version"
  | "regex"
  | "status"
  | "level"
  | "outcome"
  /** Of a metric or a tag. */
  | "name"
  | "text"
  /** When Envoy tries again: names between commas. */
  | "conditions"
  /** In bytes. */
  | "limit"
  /** Names between dots. */
  | "json";

export interface Parameter {
  /** Absent in old files, which name types only. */
  readonly name?: string;
  readonly type: ValueType | ConstantKind;
  readonly isConstant: boolean;
  /** What is taken when it is left out; `none`: nothing is passed. Absent: it must be given. */
  readonly default?: string | number | boolean | "none";
  readonly span: Span;
}

/** An action as an interface declares it. */
export interface Signature {
  readonly name: string;
  /** Without the receiver. */
  readonly parameters: readonly Parameter[];
  readonly result?: { readonly type: ValueType; readonly isOptional: boolean };
  /** Where it can be done; absent: on either side. */
  readonly side?: "egress" | "ingress";
  /** Of one execution on this data plane; absent where nothing is said. */
  readonly cost?: ActionCost;
  /** The text of its `///` lines. */
  readonly documentation: string;
  readonly span: Span;
}

/** Something that actions are done to: an act, a kind of state, or a type of value. */
export interface Receiver {
  readonly kind: "act" | "state" | "type";
  readonly name: string;
  /** The more general one, whose actions it has too. */
  readonly extends?: string;
  /** Its own, without those that it inherits. */
  readonly actions: ReadonlyMap<string, Signature>;
  readonly documentation: string;
  readonly span: Span;
}

/** One data plane of a `.cui` file. */
export interface Interface {
  /** Absent in old files. */
  readonly dataplane?: string;
  /** Of one proxy; absent where nothing is said. */
  readonly cost?: ProxyCost;
  /** Where it says its name or its cost; absent where it says neither. */
  readonly place?: Span;
  /** Of what the imports of a policy bring: the paths of the interfaces. */
  readonly from?: readonly string[];
  readonly imports: readonly string[];
  readonly receivers: ReadonlyMap<string, Receiver>;
}
