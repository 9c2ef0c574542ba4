import binaryen from "assemblyscript/binaryen";
import {
  addLocal,
  childrenOf,
  type Expression,
  ids,
  infoOf,
  setBody,
  UnknownExpressionError,
} from "./expressions.ts";
import { weighModule } from "./weigh.ts";

/** How many bytes of stack functions that call themselves may still take. */
const STACK = "budget|stack";
/** What V8 keeps for each call besides values, with room for what this adds: 64 were measured. */
const FRAME = 128;
/** A value, wherever it is kept. */
const VALUE = 8;

/** How far functions may call themselves. */
export interface StackLimit {
  /** In units of 1,024 bytes. */
  readonly stack: number;
  /** What is called when that is spent, and does not return. */
  tooDeep(): Expression;
}

/**
 * Have each call in a circle of functions pay, while it lasts, for the frame that stands still meanwhile: one for each variable, and for each
 * value that waits. So the limit is met before V8's own, whatever the functions are like. What is not in a circle is on the stack once, and pays nothing. Nothing may be inlined
 * after this, which would make frames larger.
 */
export function limitStack(module: binaryen.Module, { stack, tooDeep }: StackLimit): void {
  const { functions, calleesOf } = weighModule(module);
  const left = (): Expression => module.global.get(STACK, binaryen.i32);
  const i32 = (value: number): Expression => module.i32.const(value);
  for (const [name, { body, circle }] of functions) {
    if (circle.size === 0) continue;
    const func = module.getFunction(name);
    const bytes = frameOf(func, body);
    const frame = (): Expression => i32(bytes);
    const locals = new Map<string, number>();
    /** A value, with these done once it is there. `use` tells those apart that may be kept at one time. */
    const before = (use: string, value: Expression, ...then: readonly Expression[]): Expression => {
      const type = binaryen.getExpressionType(value);
      const local = locals.get(`${use} ${type}`) ?? addLocal(func, type);
      locals.set(`${use} ${type}`, local);
      return module.block(
        null,
        [module.local.set(local, value), ...then, module.local.get(local, type)],
        type,
      );
    };
    const limited = (call: Expression): Expression => {
      const type = binaryen.getExpressionType(call);
      if (type === binaryen.unreachable) return call;
      const enter = [
        module.global.set(STACK, module.i32.sub(left(), frame())),
        module.if(module.i32.lt_s(left(), i32(0)), tooDeep()),
      ];
      const leave = module.global.set(STACK, module.i32.add(left(), frame()));
      // What the call is given is computed before: it may call as well.
      const last = childrenOf(call).at(-1);
      last?.replace(before("given", last.expression, ...enter));
      const first = last === undefined ? enter : [];
      if (type === binaryen.none) return module.block(null, [...first, call, leave], type);
      return module.block(null, [...first, before("result", call, leave)], type);
    };
    const rewrite = (expression: Expression): Expression => {
      for (const child of childrenOf(expression)) child.replace(rewrite(child.expression));
      return calleesOf(expression).some((callee) => circle.has(callee)) ? limited(expression) : expression;
    };
    setBody(func, rewrite(body));
  }
  module.addGlobal(STACK, binaryen.i32, true, i32(stack * 1024));
}

/** Whether a function of the module may call itself, by whatever way. */
export function mayRecurse(module: binaryen.Module): boolean {
  try {
    return [...weighModule(module).functions.values()].some(({ circle }) => circle.size > 0);
  } catch (error) {
    // What it has no rules for is said when the budget is added.
    if (error instanceof UnknownExpressionError) return true;
    throw error;
  }
}

/** How many bytes of stack a call takes at most: V8's first compiler keeps each variable and each value that waits, its second one fewer. */
function frameOf(func: binaryen.FunctionRef, body: Expression): number {
  const { params, vars } = binaryen.getFunctionInfo(func);
  const given = binaryen.expandType(params).length;
  // Those of a call stand twice: as the caller gives them, and as the callee keeps them.
  return FRAME + VALUE * (2 * given + vars.length + waitingIn(body));
}

/** How many values wait at most, each to be used together with one that is computed after it. */
function waitingIn(expression: Expression): number {
  const isApart = infoOf(expression).id === ids.Block;
  const each = childrenOf(expression).map(
    (child, place) => (isApart ? 0 : place) + waitingIn(child.expression),
  );
  return Math.max(1, ...each);
}
