import { actionOf } from "../language/lookup.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, Expression, Section, Side, Statement } from "../language/policy.ts";
import { standardInterface } from "../language/standard.ts";
import { callsIn } from "../language/statements-in.ts";
import { closed } from "./constant-value.ts";
import { type Touched, touchedBy } from "./footprint.ts";

/** A call in a section of a policy, with what has to hold so that it is made. */
export interface Guarded {
  readonly policy: CopperPolicy;
  readonly side: Side;
  readonly call: Call;
  readonly touched: Touched;
  /** Conditions, those that must not hold with a `!`; "" for what has been left undone by a policy that may have ended before. */
  readonly guards: readonly string[];
  /** Names that are known there, and what they were given. */
  readonly locals: ReadonlyMap<string, Expression>;
}

const known = new WeakMap<CopperPolicy, readonly Guarded[]>();

/** All calls of a policy in the order in which they are written. */
export function guardedCalls(policy: CopperPolicy): readonly Guarded[] {
  const found = known.get(policy) ?? callsOf(policy);
  known.set(policy, found);
  return found;
}

function callsOf(policy: CopperPolicy): readonly Guarded[] {
  const phase = phaseOf(policy);
  return policy.sections.flatMap((section) => {
    const side = boundSide(policy, section);
    return inBody(section.body, [], new Map()).map(
      (made): Guarded => ({ ...made, policy, side, touched: touchedBy(made.call, phase) }),
    );
  });
}

/** Whether both calls are never made for one request, because they stand under opposite conditions; in doubt not. */
export function exclude(a: Guarded, b: Guarded): boolean {
  return a.guards.some((guard) => guard !== "" && b.guards.includes(opposite(guard)));
}

/** Whether the one is made whenever the other is; in doubt not. */
export function isImpliedBy(a: Guarded, b: Guarded): boolean {
  return a.guards.every((guard) => guard !== "" && b.guards.includes(guard));
}

/** Some actions are for one side only: a route is chosen by the caller's proxy. */
export function boundSide(policy: CopperPolicy, { side, body }: Section): Side {
  if (side !== "either") return side;
  const bound = callsIn(body).flatMap(
    ({ action }) => actionOf(standardInterface, policy.act, action)?.side ?? [],
  );
  return bound[0] ?? side;
}

function inBody(
  body: readonly Statement[],
  outer: readonly string[],
  around: ReadonlyMap<string, Expression>,
): readonly Pick<Guarded, "call" | "guards" | "locals">[] {
  let guards = outer;
  const locals = new Map(around);
  return body.flatMap((statement) => {
    const own = callsIn([shallow(statement)]).map((call) => ({ call, guards, locals: new Map(locals) }));
    if (statement.kind === "let") locals.set(statement.name, closed(statement.value, locals));
    if (statement.kind !== "if") return own;
    const condition = textOf(statement.condition);
    const inner = [
      ...inBody(statement.then, [...guards, condition], locals),
      ...inBody(statement.else, [...guards, condition === "" ? "" : opposite(condition)], locals),
    ];
    if (mayEnd([statement])) guards = [...guards, ""];
    return [...own, ...inner];
  });
}

/** The statement without those inside of it. */
function shallow(statement: Statement): Statement {
  return statement.kind === "if" ? { ...statement, then: [], else: [] } : statement;
}

function mayEnd(body: readonly Statement[]): boolean {
  return body.some((statement) =>
    statement.kind === "if"
      ? mayEnd(statement.then) || mayEnd(statement.else)
      : statement.kind === "return" || (statement.kind === "do" && statement.call.action === "Deny"),
  );
}

/** A condition that says the same of a request in every policy, or "". */
function textOf(condition: Expression): string {
  if (condition.kind === "unary" && condition.operator === "!") {
    const inner = textOf(condition.operand);
    return inner === "" ? "" : opposite(inner);
  }
  let isCommon = true;
  const text = JSON.stringify(condition, (key, value: unknown) => {
    // States, parameters and names are a policy's own.
    if (key === "state" || (key === "kind" && (value === "parameter" || value === "local"))) isCommon = false;
    if (key === "span") return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });
  return isCommon ? text : "";
}

function opposite(guard: string): string {
  return guard.startsWith("!") ? guard.slice(1) : `!${guard}`;
}
