import binaryen from "assemblyscript/binaryen";

/** An expression of Binaryen's, which it gives as a number. */
export type Expression = number;

/** A place in an expression where another one stands. */
export interface Child {
  readonly expression: Expression;
  replace(by: Expression): void;
}

/** An expression that the build has no rules for. */
export class UnknownExpressionError extends Error {}

type Accessor = (expression: Expression, ...rest: readonly (Expression | number | string)[]) => Expression;
type Accessors = Readonly<Record<string, Accessor>>;

// What Binaryen has and its declarations leave out: functions that read and write the fields of each kind.
const kinds = binaryen as unknown as Readonly<Record<string, number & Accessors>>;

/** The fields that hold other expressions, in the order in which they are evaluated. */
const fields: Readonly<Record<string, readonly string[]>> = {
  Nop: [],
  If: ["Condition", "IfTrue", "IfFalse"],
  Loop: ["Body"],
  Break: ["Value", "Condition"],
  Switch: ["Value", "Condition"],
  LocalGet: [],
  LocalSet: ["Value"],
  GlobalGet: [],
  GlobalSet: ["Value"],
  Load: ["Ptr"],
  Store: ["Ptr", "Value"],
  MemoryCopy: ["Dest", "Source", "Size"],
  MemoryFill: ["Dest", "Value", "Size"],
  Const: [],
  Unary: ["Value"],
  Binary: ["Left", "Right"],
  Select: ["IfTrue", "IfFalse", "Condition"],
  Drop: ["Value"],
  Return: ["Value"],
  MemorySize: [],
  MemoryGrow: ["Delta"],
  Unreachable: [],
};

const byId: ReadonlyMap<number, readonly [string, readonly string[]]> = new Map(
  Object.entries(fields).map(([kind, names]) => [Number(kinds[`${kind}Id`]), [kind, names]]),
);

const looked = [
  "Block",
  "Break",
  "Call",
  "CallIndirect",
  "Const",
  "Binary",
  "If",
  "LocalGet",
  "LocalSet",
  "Loop",
  "MemoryCopy",
  "MemoryFill",
  "MemoryGrow",
  "Nop",
  "Return",
  "Switch",
  "Unary",
  "Unreachable",
] as const;

/** The numbers of the kinds that the build looks at. They differ from those in Binaryen's declarations. */
export const ids: Readonly<Record<(typeof looked)[number], number>> = Object.fromEntries(
  looked.map((kind) => [kind, Number(kinds[`${kind}Id`])]),
) as Record<(typeof looked)[number], number>;

/** What an expression is; Binaryen has nothing to tell of those without fields. */
export function infoOf(expression: Expression): binaryen.ExpressionInfo {
  const id = binaryen.getExpressionId(expression);
  if (id === ids.Nop || id === ids.Unreachable) return { id, type: binaryen.getExpressionType(expression) };
  return binaryen.getExpressionInfo(expression);
}

/** Give a function another body. */
export function setBody(func: number, body: Expression): void {
  accessor("Function", "setBody")(func, body);
}

/** Have a call be one of another function. */
export function setTarget(call: Expression, name: string): void {
  accessor("Call", "setTarget")(call, name);
}

/** Give a function one more local of this type; its number. */
export function addLocal(func: number, type: number): number {
  const add = kinds["_BinaryenFunctionAddVar"] as unknown as (func: number, type: number) => number;
  return add(func, type);
}

/** The expressions directly in this one, in the order of evaluation. */
export function childrenOf(expression: Expression): readonly Child[] {
  const id = binaryen.getExpressionId(expression);
  if (id === ids.Block) return listed("Block", "Child", expression);
  if (id === ids.Call) return listed("Call", "OperandAt", expression);
  if (id === ids.CallIndirect) {
    return [
      ...listed("CallIndirect", "OperandAt", expression),
      ...named("CallIndirect", ["Target"], expression),
    ];
  }
  const known = byId.get(id);
  if (known === undefined) throw new UnknownExpressionError(`an instruction of Binaryen's kind ${id}`);
  return named(known[0], known[1], expression);
}

/** Every expression in this one and itself, each before what stands in it. */
export function* within(expression: Expression): Generator<Expression> {
  yield expression;
  for (const child of childrenOf(expression)) yield* within(child.expression);
}

/** Where a break or a switch may lead. */
export function targetsOf(expression: Expression): readonly string[] {
  const { id } = infoOf(expression);
  if (id === ids.Break) return [(infoOf(expression) as binaryen.BreakInfo).name];
  if (id !== ids.Switch) return [];
  const { names, defaultName } = infoOf(expression) as binaryen.SwitchInfo;
  return defaultName === null ? names : [...names, defaultName];
}

/** The name that others lead to this by, if it has one. */
export function labelOf(expression: Expression): string | undefined {
  const { id } = infoOf(expression);
  if (id !== ids.Block && id !== ids.Loop) return undefined;
  return (infoOf(expression) as binaryen.BlockInfo | binaryen.LoopInfo).name ?? undefined;
}

/** A copy whose labels have this behind their names: in a function each label is there once. */
export function copyWith(module: binaryen.Module, original: Expression, suffix: string): Expression {
  const copy = module.copyExpression(original);
  const own = new Set([...within(copy)].flatMap((each) => labelOf(each) ?? []));
  const rename = (name: string): string => (own.has(name) ? `${name}${suffix}` : name);
  for (const each of [...within(copy)]) {
    const { id } = infoOf(each);
    const label = labelOf(each);
    if (label !== undefined) accessor(id === ids.Loop ? "Loop" : "Block", "setName")(each, rename(label));
    if (id === ids.Break)
      for (const name of targetsOf(each)) accessor("Break", "setName")(each, rename(name));
    if (id !== ids.Switch) continue;
    const { names, defaultName } = infoOf(each) as binaryen.SwitchInfo;
    for (const [index, name] of names.entries()) accessor("Switch", "setNameAt")(each, index, rename(name));
    if (defaultName !== null) accessor("Switch", "setDefaultName")(each, rename(defaultName));
  }
  return copy;
}

function named(kind: string, names: readonly string[], expression: Expression): readonly Child[] {
  return names.flatMap((name) => {
    const child = accessor(kind, `get${name}`)(expression);
    const replace = (by: Expression): void => void accessor(kind, `set${name}`)(expression, by);
    return child === 0 ? [] : [{ expression: child, replace }];
  });
}

function listed(
  kind: "Block" | "Call" | "CallIndirect",
  item: string,
  expression: Expression,
): readonly Child[] {
  const count = accessor(kind, kind === "Block" ? "getNumChildren" : "getNumOperands")(expression);
  const get = accessor(kind, kind === "Block" ? "getChildAt" : `get${item}`);
  const set = accessor(kind, kind === "Block" ? "setChildAt" : `set${item}`);
  return Array.from({ length: count }, (_, index) => ({
    expression: get(expression, index),
    replace: (by) => void set(expression, index, by),
  }));
}

function accessor(kind: string, name: string): Accessor {
  const found = kinds[kind]?.[name];
  if (found === undefined) throw new UnknownExpressionError(`Binaryen without ${kind}.${name}`);
  return found;
}
