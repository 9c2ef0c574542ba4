import binaryen from "assemblyscript/binaryen";
import { constantOf } from "./counted-loop.ts";
import { type Child, childrenOf, type Expression, ids, infoOf, within } from "./expressions.ts";
import { COPY, costOf, entering, handedOver, hostCallCost, type Rate } from "./handed-over.ts";
import { metered } from "./meter-host.ts";

/** What is known of a function of a module. */
export interface Weighed {
  readonly body: Expression;
  /** What one call costs at most besides its loops and what else pays for itself. */
  readonly weight: number;
  /** Those that may call one another in a circle with it, and itself among them; empty when it cannot call itself by whatever way. */
  readonly circle: ReadonlySet<string>;
  /** It pays for each call of it: it may call itself, or weighs too much to be paid for by those that call it. */
  readonly isMetered: boolean;
  /** Whether a call of it may change what is left of the budget. */
  readonly pays: boolean;
}

/** The size of what is copied, filled, or given to the host, and what it costs to go over that. */
export interface Size extends Child {
  readonly rate: Rate;
}

/** Functions by their names in the module, those that are called before those that call them, with what an expression costs at most besides the loops in it. */
export interface Weights {
  readonly functions: ReadonlyMap<string, Weighed>;
  weigh(expression: Expression): number;
  /** Whether this, which only happens on a condition, pays where it happens. */
  paysForItself(arm: Expression): boolean;
  /** Whether something is paid in this besides what it weighs. */
  hasCharge(expression: Expression): boolean;
  /** Whom this may call, of its own: what stands in it is not looked at. */
  calleesOf(expression: Expression): readonly string[];
  /** Whether this call may change what is left of the budget. */
  pays(call: Expression): boolean;
  /** The sizes of what is copied, filled, or given to the host, where they are not known before. */
  sizesIn(expression: Expression): readonly Size[];
  /** What that costs where they are known. */
  knownSizes(expression: Expression): number;
  /** What one call costs of a function that is the host's; undefined of others. */
  hostCost(callee: string): number | undefined;
}

/** The engine moves or renews the memory. It is paid for where memory grows: whatever allocates may grow it, and hardly ever does. */
export const MEMORY_GROW = 2000;
const DIVISION = 8;
const divisions: ReadonlySet<number> = new Set([
  ...[binaryen.DivSInt32, binaryen.DivUInt32, binaryen.RemSInt32, binaryen.RemUInt32],
  ...[binaryen.DivSInt64, binaryen.DivUInt64, binaryen.RemSInt64, binaryen.RemUInt64],
]);
/** A function that weighs more pays for itself: without it, functions that call others twice would double from one to the next. */
const HEAVY = 4096;
/** So does what weighs more and only happens on a condition: what allocates has a rare part, by far the heavier one. */
const HEAVY_ARM = 64;

const leaving: ReadonlySet<number> = new Set([ids.Break, ids.Switch, ids.Return]);

interface Node {
  readonly name: string;
  readonly body: Expression;
  readonly callees: ReadonlySet<string>;
}

/** Weigh all functions of a module; a function that calls itself, by whatever way, weighs what one call of it does. */
export function weighModule(module: binaryen.Module): Weights {
  const infos = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const types = new Map(infos.map(({ name, params, results }) => [name, `${params} ${results}`]));
  const imported = new Map(infos.flatMap(({ name, base }) => (base ? [[name, base]] : [])));
  const inTables = new Set(
    Array.from({ length: module.getNumElementSegments() }, (_, index) =>
      binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(index)),
    ).flatMap(({ data }) => data),
  );
  /** Whom this may call. */
  const calleesOf = (expression: Expression): readonly string[] => {
    const info = infoOf(expression);
    if (info.id === ids.Call) return [(info as binaryen.CallInfo).target];
    if (info.id !== ids.CallIndirect) return [];
    const { params, results } = info as unknown as { readonly params: number; readonly results: number };
    return [...inTables].filter((name) => types.get(name) === `${params} ${results}`);
  };
  /** The host function that this calls, if it does. */
  const hostFunctionOf = (expression: Expression): string | undefined =>
    binaryen.getExpressionId(expression) === ids.Call
      ? imported.get((infoOf(expression) as binaryen.CallInfo).target)
      : undefined;
  const allSizes = (expression: Expression): readonly Size[] => {
    const { id } = infoOf(expression);
    const isCopy = id === ids.MemoryCopy || id === ids.MemoryFill;
    if (!isCopy && id !== ids.Call) return [];
    const children = childrenOf(expression);
    const sizes = isCopy
      ? [{ place: children.length - 1, rate: COPY }]
      : (handedOver.get(hostFunctionOf(expression) ?? "") ?? []);
    return sizes.flatMap(({ place, rate }) => {
      const child = children[place];
      return child === undefined ? [] : [{ ...child, rate }];
    });
  };
  const sizesIn = (expression: Expression): readonly Size[] =>
    allSizes(expression).filter((size) => constantOf(size.expression) === undefined);
  const costOfKnown = (sizes: readonly Size[]): number =>
    sizes.reduce((sum, { expression: size, rate }) => sum + costOf((constantOf(size) ?? 0) >>> 0, rate), 0);
  const knownSizes = (expression: Expression): number => costOfKnown(allSizes(expression));
  const paidSizes = (expression: Expression): number =>
    costOfKnown(allSizes(expression).filter(({ rate }) => rate.isMetered !== true));
  const hostCost = (callee: string): number | undefined => {
    const base = imported.get(callee);
    return base === undefined ? undefined : hostCallCost(base);
  };
  const hostPays = (callee: string): boolean => {
    const base = imported.get(callee) ?? "";
    return entering.has(base) || metered.has(base);
  };
  const nodes = new Map<string, Node>();
  for (const { name, body } of infos) {
    if (imported.has(name)) continue;
    nodes.set(name, { name, body, callees: new Set([...within(body)].flatMap(calleesOf)) });
  }
  const functions = new Map<string, Weighed>();
  const weigh = (expression: Expression): number => {
    const { id } = infoOf(expression);
    if (id === ids.Loop) return 0;
    if (id === ids.If) {
      const { condition, ifTrue, ifFalse } = infoOf(expression) as binaryen.IfInfo;
      return 1 + weigh(condition) + Math.max(weighArm(ifTrue), ifFalse === 0 ? 0 : weighArm(ifFalse));
    }
    let weight = id === ids.Block || id === ids.Nop ? 0 : 1;
    if (id === ids.Binary && divisions.has((infoOf(expression) as binaryen.BinaryInfo).op)) weight = DIVISION;
    const costs = calleesOf(expression).map((callee) => {
      const cost = hostCost(callee);
      if (cost !== undefined) return cost;
      const known = functions.get(callee);
      return known === undefined || known.isMetered ? 1 : known.weight;
    });
    weight += Math.max(0, ...costs) + paidSizes(expression);
    for (const child of childrenOf(expression)) weight += weigh(child.expression);
    return Math.ceil(weight);
  };
  const weighArm = (arm: Expression): number => {
    const weight = traps(arm) ? 0 : weigh(arm);
    return weight > HEAVY_ARM ? 0 : weight;
  };
  const paysForItself = (arm: Expression): boolean => !traps(arm) && weigh(arm) > HEAVY_ARM;
  const pays = (call: Expression): boolean =>
    calleesOf(call).some((callee) => functions.get(callee)?.pays === true || hostPays(callee));
  const hasCharge = (expression: Expression): boolean =>
    [...within(expression)].some((each) => {
      const { id } = infoOf(each);
      if (id === ids.Loop || id === ids.MemoryGrow || sizesIn(each).length > 0 || pays(each)) return true;
      return (
        id === ids.If &&
        childrenOf(each)
          .slice(1)
          .some((arm) => paysForItself(arm.expression))
      );
    });
  // Those that are called come before those that call them.
  for (const together of components(nodes)) {
    const names = new Set(together.map(({ name }) => name));
    const isRecursive = together.some(({ callees }) => [...callees].some((callee) => names.has(callee)));
    const weighed = together.map(({ name, body }): readonly [string, Weighed] => {
      const weight = weigh(body);
      const isMetered = isRecursive || weight > HEAVY;
      const circle = isRecursive ? names : new Set<string>();
      return [name, { body, weight, circle, isMetered, pays: isMetered || hasCharge(body) }];
    });
    for (const [name, found] of weighed) functions.set(name, found);
  }
  return {
    functions,
    weigh,
    paysForItself,
    hasCharge,
    calleesOf,
    pays,
    sizesIn,
    knownSizes,
    hostCost,
  };
}

/** Whether this ends in a trap whatever happens: that is once in a callback at most, and weighs nothing. */
function traps(expression: Expression): boolean {
  if (infoOf(expression).id === ids.Unreachable) return true;
  if (infoOf(expression).id !== ids.Block) return false;
  const last = childrenOf(expression).at(-1);
  if (last === undefined || infoOf(last.expression).id !== ids.Unreachable) return false;
  return ![...within(expression)].some((each) => leaving.has(infoOf(each).id));
}

/** Functions that may call one another in a circle, together; by Tarjan's algorithm. */
function components(nodes: ReadonlyMap<string, Node>): readonly (readonly Node[])[] {
  const found: Node[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: Node[] = [];
  const onStack = new Set<string>();
  const visit = (node: Node): void => {
    const here = order.size;
    order.set(node.name, here);
    low.set(node.name, here);
    stack.push(node);
    onStack.add(node.name);
    const lower = (to: number | undefined): void =>
      void low.set(node.name, Math.min(low.get(node.name) ?? here, to ?? here));
    for (const name of node.callees) {
      const callee = nodes.get(name);
      if (callee === undefined) continue;
      if (!order.has(name)) {
        visit(callee);
        lower(low.get(name));
      } else if (onStack.has(name)) lower(order.get(name));
    }
    if (low.get(node.name) !== here) return;
    const together = stack.splice(stack.indexOf(node));
    for (const { name } of together) onStack.delete(name);
    found.push(together);
  };
  for (const node of nodes.values()) if (!order.has(node.name)) visit(node);
  return found;
}
