import type { Interface, ValueType } from "./interface.ts";
import type { Act, Literal, PolicyParameter, State } from "./policy.ts";
import type { Reporter } from "./reporter.ts";

/** What the statements of a policy can name. */
export interface Scope {
  readonly reporter: Reporter;
  readonly offered: Interface;
  /** Undefined when the clause is missing or wrong: then nothing is said about what the act offers. */
  readonly act: Act | undefined;
  /** What the policy calls the thing that it handles. */
  readonly self: string | undefined;
  readonly states: ReadonlyMap<string, State>;
  readonly parameters: ReadonlyMap<string, PolicyParameter>;
  /** Names of states and parameters whose clause is wrong: it was said there. */
  readonly broken: Set<string>;
  /** By name, what `let` has given in this block and those around it. */
  readonly locals: ReadonlyMap<string, Local>;
  /** Collects the actions that are used. */
  readonly used: Set<string>;
}

export interface Local {
  readonly type: ValueType;
  readonly isOptional: boolean;
  /** Where it is the same for every request. */
  readonly constant?: Literal["value"];
}
