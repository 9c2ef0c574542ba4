import binaryen from "assemblyscript/binaryen";
import { childrenOf, type Expression, ids, infoOf, targetsOf, within } from "./expressions.ts";

/** A loop whose number of turns is known before it starts: a local goes by a constant step towards a bound that stands still. */
export interface CountedLoop {
  readonly local: number;
  readonly step: number;
  readonly compare: Compare;
  readonly bound: Expression;
  /** Whether the local is compared when it has been changed already in the same turn. */
  readonly isAfter: boolean;
}

/** What has to hold between the local and the bound for another turn. */
export interface Compare {
  readonly kind: "lt" | "le" | "gt" | "ge" | "ne";
  readonly signed: boolean;
}

interface Fact {
  readonly left: Expression;
  readonly right: Expression | undefined;
  readonly compare: Compare;
  /** The order in which things happen in a turn. */
  readonly from: number;
  readonly to: number;
}

interface Change {
  readonly expression: Expression;
  readonly time: number;
}

const compares: ReadonlyMap<number, Compare> = new Map([
  [binaryen.LtSInt32, { kind: "lt", signed: true }],
  [binaryen.LtUInt32, { kind: "lt", signed: false }],
  [binaryen.LeSInt32, { kind: "le", signed: true }],
  [binaryen.LeUInt32, { kind: "le", signed: false }],
  [binaryen.GtSInt32, { kind: "gt", signed: true }],
  [binaryen.GtUInt32, { kind: "gt", signed: false }],
  [binaryen.GeSInt32, { kind: "ge", signed: true }],
  [binaryen.GeUInt32, { kind: "ge", signed: false }],
  [binaryen.NeInt32, { kind: "ne", signed: false }],
]);
const opposites = { lt: "ge", le: "gt", gt: "le", ge: "lt" } as const;
const mirrored = { lt: "gt", le: "ge", gt: "lt", ge: "le", ne: "ne" } as const;

/** What a bound may be made of: no trap, no memory, nothing that another turn could change. */
const steady: ReadonlySet<number> = new Set([
  binaryen.AddInt32,
  binaryen.SubInt32,
  binaryen.MulInt32,
  binaryen.AndInt32,
  binaryen.OrInt32,
  binaryen.XorInt32,
  binaryen.ShlInt32,
  binaryen.ShrUInt32,
  binaryen.ShrSInt32,
]);

/**
 * How a loop counts, if it does; what is not understood does not count. There has to be one way back to its start, and on the way there, in
 * every turn, one change of a local that nothing else in the loop changes, and a comparison of it.
 */
export function countedLoop(loop: Expression): CountedLoop | undefined {
  const { name, body } = infoOf(loop) as binaryen.LoopInfo;
  const all = [...within(body)];
  const isBack = (expression: Expression): boolean => isBreakTo(expression, name);
  const isSwitch = (each: Expression): boolean => binaryen.getExpressionId(each) === ids.Switch;
  const switches = all.some((each) => isSwitch(each) && targetsOf(each).includes(name));
  if (name === null || switches || all.filter(isBack).length !== 1) return undefined;
  const { facts, changes, arrives } = followTurn(body, isBack);
  if (!arrives) return undefined;
  const changed = all.flatMap((each) => localSet(each)?.index ?? []);
  const isSteady = (expression: Expression): boolean => standsStill(expression, changed);
  for (const fact of facts) {
    const sides = [
      { at: fact.left, bound: fact.right, compare: fact.compare },
      { at: fact.right, bound: fact.left, compare: { ...fact.compare, kind: mirrored[fact.compare.kind] } },
    ];
    for (const { at, bound, compare } of sides) {
      if (at === undefined) continue;
      const local = localOf(at);
      if (local === undefined || changed.filter((index) => index === local).length !== 1) continue;
      const change = changes.find(({ expression }) => localSet(expression)?.index === local);
      const step = change === undefined ? undefined : stepOf(change.expression, local);
      if (change === undefined || step === undefined || !leads(step, compare)) continue;
      // Changed inside of the comparison but not as what is compared: which of the two comes first is not looked at.
      const isOwn = change.expression === at;
      if (!isOwn && change.time >= fact.from && change.time <= fact.to) continue;
      const steadyBound = bound ?? 0;
      if (bound !== undefined && !isSteady(steadyBound)) continue;
      return { local, step, compare, bound: steadyBound, isAfter: isOwn || change.time < fact.from };
    }
  }
  return undefined;
}

/** Whether the value of this is the same before the loop as in each of its turns. */
function standsStill(expression: Expression, changed: readonly number[]): boolean {
  const info = infoOf(expression);
  if (info.type !== binaryen.i32) return false;
  if (info.id === ids.Const) return true;
  if (info.id === ids.LocalGet) return !changed.includes((info as binaryen.LocalGetInfo).index);
  if (info.id !== ids.Binary) return false;
  const { op, left, right } = info as binaryen.BinaryInfo;
  return steady.has(op) && standsStill(left, changed) && standsStill(right, changed);
}

/** What is known to happen in each turn that comes to its end at `isBack`. */
function followTurn(
  body: Expression,
  isBack: (expression: Expression) => boolean,
): { readonly facts: readonly Fact[]; readonly changes: readonly Change[]; readonly arrives: boolean } {
  const facts: Fact[] = [];
  const changes: Change[] = [];
  let time = 0;
  const leadsBack = (expression: Expression): boolean => [...within(expression)].some(isBack);

  /** Note the locals that are changed whatever happens while this is evaluated. */
  function evaluate(expression: Expression): void {
    const info = infoOf(expression);
    const { id } = info;
    // A block with a name may be left early, and of a loop it is not known how often.
    if (id === ids.Loop || (id === ids.Block && (info as binaryen.BlockInfo).name)) return;
    const [condition, ...children] = childrenOf(expression);
    if (condition !== undefined) evaluate(condition.expression);
    if (id === ids.If) return;
    for (const child of children) evaluate(child.expression);
    time++;
    if (localSet(expression) !== undefined) changes.push({ expression, time });
  }

  function hold(condition: Expression, holds: boolean): void {
    const from = time + 1;
    evaluate(condition);
    for (const fact of factsOf(condition, holds)) facts.push({ ...fact, from, to: time });
  }

  /** A statement that is done with before the turn ends. */
  function pass(statement: Expression): void {
    const info = infoOf(statement);
    if (info.id === ids.Break) {
      const { condition } = info as binaryen.BreakInfo;
      // Taken, it leads past the end of the turn: it is in nothing that does not hold the way back as well.
      if (condition !== 0) {
        hold(condition, false);
        return;
      }
    }
    if (info.id === ids.If) {
      const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
      if (isDeadEnd(ifTrue) || (ifFalse !== 0 && isDeadEnd(ifFalse))) {
        hold(condition, !isDeadEnd(ifTrue));
        return;
      }
    }
    if (info.id === ids.Block && !(info as binaryen.BlockInfo).name) {
      for (const child of childrenOf(statement)) pass(child.expression);
      return;
    }
    evaluate(statement);
  }

  function follow(expression: Expression): boolean {
    const info = infoOf(expression);
    if (isBack(expression)) {
      const { condition } = info as binaryen.BreakInfo;
      if (condition !== 0) hold(condition, true);
      return true;
    }
    if (info.id === ids.Block) {
      for (const { expression: child } of childrenOf(expression)) {
        if (leadsBack(child)) return follow(child);
        pass(child);
      }
      return false;
    }
    if (info.id !== ids.If) return false;
    const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
    if (leadsBack(condition)) return false;
    const isTrue = leadsBack(ifTrue);
    hold(condition, isTrue);
    return follow(isTrue ? ifTrue : ifFalse);
  }

  const arrives = follow(body);
  return { facts, changes, arrives };
}

/** What follows from a condition that holds, or does not. Without a right side, the left one is not zero. */
function factsOf(condition: Expression, holds: boolean): readonly Omit<Fact, "from" | "to">[] {
  const info = infoOf(condition);
  if (info.id === ids.Unary) {
    const { op, value } = info as binaryen.UnaryInfo;
    if (op === binaryen.EqZInt32) return factsOf(value, !holds);
  }
  if (info.id === ids.If) {
    const { condition: first, ifTrue, ifFalse } = info as binaryen.IfInfo;
    if (holds && constantOf(ifFalse) === 0) return [...factsOf(first, true), ...factsOf(ifTrue, true)];
    if (!holds && (constantOf(ifTrue) ?? 0) !== 0)
      return [...factsOf(first, false), ...factsOf(ifFalse, false)];
    return [];
  }
  if (info.id === ids.Binary) {
    const { op, left, right } = info as binaryen.BinaryInfo;
    if (op === (holds ? binaryen.AndInt32 : binaryen.OrInt32))
      return [...factsOf(left, holds), ...factsOf(right, holds)];
    const found = compares.get(op);
    if (op === binaryen.EqInt32 && !holds) return [{ left, right, compare: { kind: "ne", signed: false } }];
    if (found !== undefined && holds) return [{ left, right, compare: found }];
    if (found !== undefined && found.kind !== "ne")
      return [{ left, right, compare: { ...found, kind: opposites[found.kind] } }];
    return [];
  }
  return holds ? [{ left: condition, right: undefined, compare: { kind: "ne", signed: false } }] : [];
}

/** A step that comes to the bound: of one where any other number is passed, since it could be missed. */
function leads(step: number, { kind }: Compare): boolean {
  if (kind === "ne") return Math.abs(step) === 1;
  return kind === "lt" || kind === "le" ? step > 0 : step < 0;
}

function stepOf(set: Expression, local: number): number | undefined {
  const value = infoOf(localSet(set)?.value ?? 0);
  if (value.id !== ids.Binary) return undefined;
  const { op, left, right } = value as binaryen.BinaryInfo;
  const constant = constantOf(right);
  const info = infoOf(left);
  const isSame = info.id === ids.LocalGet && (info as binaryen.LocalGetInfo).index === local;
  if (!isSame || constant === undefined || constant === 0 || constant === -(2 ** 31)) return undefined;
  if (op === binaryen.AddInt32) return constant;
  return op === binaryen.SubInt32 ? -constant : undefined;
}

function localOf(expression: Expression): number | undefined {
  const info = infoOf(expression);
  if (info.type !== binaryen.i32) return undefined;
  if (info.id === ids.LocalGet) return (info as binaryen.LocalGetInfo).index;
  return localSet(expression)?.index;
}

/** The number that this is; undefined when it is not one of 32 bits. */
export function constantOf(expression: Expression): number | undefined {
  if (expression === 0) return undefined;
  const info = infoOf(expression);
  if (info.id !== ids.Const || info.type !== binaryen.i32) return undefined;
  const { value } = info as binaryen.ConstInfo;
  return typeof value === "number" ? value | 0 : undefined;
}

function localSet(expression: Expression): binaryen.LocalSetInfo | undefined {
  const isOne = expression !== 0 && binaryen.getExpressionId(expression) === ids.LocalSet;
  return isOne ? (infoOf(expression) as binaryen.LocalSetInfo) : undefined;
}

function isBreakTo(expression: Expression, name: string): boolean {
  if (binaryen.getExpressionId(expression) !== ids.Break) return false;
  return (infoOf(expression) as binaryen.BreakInfo).name === name;
}

function isDeadEnd(expression: Expression): boolean {
  return binaryen.getExpressionType(expression) === binaryen.unreachable;
}
