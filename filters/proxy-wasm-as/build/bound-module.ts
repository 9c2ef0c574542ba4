import binaryen from "assemblyscript/binaryen";
import { type CountedLoop, constantOf, countedLoop } from "./counted-loop.ts";
import {
  addLocal,
  childrenOf,
  copyWith,
  type Expression,
  ids,
  infoOf,
  labelOf,
  setBody,
  targetsOf,
  within,
} from "./expressions.ts";
import { limitStack } from "./limit-stack.ts";
import { meterHost } from "./meter-host.ts";
import { MEMORY_GROW, type Size, type Weights, weighModule } from "./weigh.ts";

/** How a module is bounded. */
export interface BoundOptions {
  /** How many instructions a callback may take, about. */
  readonly budget: number;
  /** The callbacks to give a budget each, in the order in which `exceeded` is told of them: the first is 1. */
  readonly callbacks: readonly string[];
  /** The export that says which callback it was, taking its number, 0 for none, and does not return; the bounded module has no such export. */
  readonly exceeded: string;
  /** How far functions that call themselves may go, in units of 1,024 bytes of stack. */
  readonly stack: number;
  /** As `exceeded`, when that is spent; not needed where no function calls itself. */
  readonly tooDeep: string;
}

/** What is left of the budget, and the number of the callback at work. */
const LEFT = "budget|left";
const CALLBACK = "budget|callback";
const OVER = "budget|over";
/** More than any budget, and less than would overflow when a loop's turns are multiplied by what one weighs. */
const ENDLESS = 2 ** 40;
/** What a turn weighs at most for its check to matter. */
const LIGHT = 64;
/** The exports that the host has allocate what it gives. */
const allocators = ["malloc", "proxy_on_memory_allocate"] as const;

/**
 * Give each callback of a module a budget of instructions, paid for where a program can go on and on: by each turn of a loop and each call
 * of a recursive function. A light loop that counts pays for all of its turns before the first. What comes to the end of the budget calls
 * `exceeded`. Recursion also has a limit of its own, of the stack, which V8 would end without saying whose it was. A module without anything of that kind stays as it is. Throws on instructions that it has no rules for.
 */
export function boundModule(bytes: Uint8Array, options: BoundOptions): Uint8Array {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(
      binaryen.Features.MutableGlobals |
        binaryen.Features.BulkMemory |
        binaryen.Features.BulkMemoryOpt |
        binaryen.Features.SignExt |
        binaryen.Features.NontrappingFPToInt,
    );
    const exceeded = exportedFunctions(module).get(options.exceeded);
    if (exceeded === undefined) throw new Error(`there is no export \`${options.exceeded}\``);
    module.removeExport(options.exceeded);
    const tooDeep = exportedFunctions(module).get(options.tooDeep);
    wrapInTables(module);
    const weights = weighModule(module);
    if ([...weights.functions.values()].some(({ pays }) => pays)) {
      module.addGlobal(LEFT, binaryen.i64, true, i64(module, options.budget));
      module.addGlobal(CALLBACK, binaryen.i32, true, module.i32.const(0));
      // Where the budget is spent nothing is paid any more. What both say asc may have made one function of.
      const saying = reachable(weights, tooDeep === undefined ? [exceeded] : [exceeded, tooDeep]);
      for (const [name, { pays }] of weights.functions)
        if (pays && !saying.has(name)) new Bounder(module, weights, name, exceeded).bound();
      const charge = (amount: Expression): readonly Expression[] => chargeGlobal(module, exceeded, amount);
      giveBudgets(module, { weights, options, first: meterHost({ module, charge }) });
      chargeAllocations(module, charge);
    }
    // Much of what was added reads again what is at hand.
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(2);
    module.optimize();
    if (tooDeep !== undefined) {
      // Frames are known now, and what says so is used or goes.
      limitStack(module, {
        stack: options.stack,
        tooDeep: () => module.call(tooDeep, [module.global.get(CALLBACK, binaryen.i32)], binaryen.none),
      });
      module.removeExport(options.tooDeep);
      module.runPasses(["simplify-locals", "coalesce-locals", "vacuum", "remove-unused-module-elements"]);
    }
    if (!module.validate()) throw new Error("the bounded module is not valid");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** These functions, and all that they call. */
function reachable({ functions, calleesOf }: Weights, from: readonly string[]): ReadonlySet<string> {
  const found = new Set(from);
  for (const name of found) {
    const { body } = functions.get(name) ?? {};
    for (const each of body === undefined ? [] : within(body))
      for (const callee of calleesOf(each)) found.add(callee);
  }
  return found;
}

/** A function of the host's that is called through a table is called by one of the module's, which can pay for what it is given. */
function wrapInTables(module: binaryen.Module): void {
  const imported = new Set<string>();
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const { name, base } = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
    if (base) imported.add(name);
  }
  const wrapped = (name: string): string => `budget|table|${name}`;
  const segments = Array.from({ length: module.getNumElementSegments() }, (_, index) =>
    binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(index)),
  );
  const used = new Set(segments.flatMap(({ data }) => data.filter((name) => imported.has(name))));
  for (const name of used) {
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(name));
    const operands = binaryen.expandType(params).map((type, place) => module.local.get(place, type));
    module.addFunction(wrapped(name), params, results, [], module.call(name, operands, results));
  }
  for (const { name, table, offset, data } of segments) {
    if (!data.some((each) => used.has(each))) continue;
    const functions = data.map((each) => (used.has(each) ? wrapped(each) : each));
    module.removeElementSegment(name);
    // Binaryen gives the expression, whatever its declarations say.
    module.addActiveElementSegment(table, name, functions, offset);
  }
}

function exportedFunctions(module: binaryen.Module): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: module.getNumExports() }, (_, index) =>
      binaryen.getExportInfo(module.getExportByIndex(index)),
    ).flatMap(({ kind, name, value }) => (kind === binaryen.ExternalFunction ? [[name, value]] : [])),
  );
}

/** Each callback begins with the whole budget, but for those that the host calls from inside of another one. */
function giveBudgets(
  module: binaryen.Module,
  {
    weights,
    options,
    first,
  }: { readonly weights: Weights; readonly options: BoundOptions; readonly first: readonly Expression[] },
): void {
  const exported = exportedFunctions(module);
  for (const [index, name] of options.callbacks.entries()) {
    const target = exported.get(name);
    if (target === undefined || weights.functions.get(target)?.pays !== true) continue;
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(target));
    const operands = binaryen.expandType(params).map((type, place) => module.local.get(place, type));
    const call = module.call(target, operands, results);
    const set = (number: number): Expression => module.global.set(CALLBACK, module.i32.const(number));
    const result = operands.length;
    const isNothing = results === binaryen.none;
    const run = [
      set(index + 1),
      module.global.set(LEFT, i64(module, options.budget)),
      ...first.map((each) => module.copyExpression(each)),
      ...(isNothing
        ? [call, set(0)]
        : [module.local.set(result, call), set(0), module.local.get(result, results)]),
    ];
    const nested = module.call(
      target,
      operands.map((_, place) => module.local.get(place, binaryen.expandType(params)[place] ?? 0)),
      results,
    );
    const body = module.if(
      module.global.get(CALLBACK, binaryen.i32),
      nested,
      module.block(null, run, results),
    );
    const entry = `budget|${name}`;
    module.addFunction(entry, params, results, isNothing ? [] : [results], body);
    module.removeExport(name);
    module.addFunctionExport(entry, name);
  }
}

/** What the host has the module allocate it goes over as well: it costs an instruction for each byte, whatever becomes of it. */
function chargeAllocations(
  module: binaryen.Module,
  charge: (amount: Expression) => readonly Expression[],
): void {
  const exported = exportedFunctions(module);
  for (const name of allocators) {
    const target = exported.get(name);
    if (target === undefined) continue;
    const size = (): Expression => module.local.get(0, binaryen.i32);
    const body = module.block(
      null,
      [...charge(module.i64.extend_u(size())), module.call(target, [size()], binaryen.i32)],
      binaryen.i32,
    );
    const entry = `budget|${name}`;
    module.addFunction(entry, binaryen.i32, binaryen.i32, [], body);
    module.removeExport(name);
    module.addFunctionExport(entry, name);
  }
}

/** Pay where no local holds what is left. */
function chargeGlobal(module: binaryen.Module, exceeded: string, amount: Expression): readonly Expression[] {
  const left = (): Expression => module.global.get(LEFT, binaryen.i64);
  return [
    module.global.set(LEFT, module.i64.sub(left(), amount)),
    module.if(
      module.i64.lt_s(left(), i64(module, 0)),
      module.call(exceeded, [module.global.get(CALLBACK, binaryen.i32)], binaryen.none),
    ),
  ];
}

/** A loop that has paid for turns which it may not take. */
interface Paid {
  readonly counted: CountedLoop;
  readonly weight: number;
}

type Scope = { readonly label: string } | { readonly paid: Paid };

/** Adds to one function what it pays. While it runs, a local holds what is left. */
class Bounder {
  readonly #module: binaryen.Module;
  readonly #weights: Weights;
  readonly #function: binaryen.FunctionRef;
  readonly #results: binaryen.Type;
  readonly #exceeded: string;
  readonly #left: number;
  readonly #scopes: Scope[] = [];

  constructor(module: binaryen.Module, weights: Weights, name: string, exceeded: string) {
    this.#module = module;
    this.#weights = weights;
    this.#function = module.getFunction(name);
    this.#results = binaryen.getFunctionInfo(this.#function).results;
    this.#exceeded = exceeded;
    this.#left = this.#newLocal(binaryen.i64);
  }

  bound(): void {
    const module = this.#module;
    const { name, body } = binaryen.getFunctionInfo(this.#function);
    const weighed = this.#weights.functions.get(name);
    const inside = this.#rewrite(body);
    const isEndless = binaryen.getExpressionType(inside) === binaryen.unreachable;
    const ends = isEndless
      ? [inside]
      : this.#results === binaryen.none
        ? [inside, this.#store(), module.return()]
        : [module.return(this.#before(inside, this.#store()))];
    const start = [
      this.#load(),
      ...(weighed?.isMetered ? this.#charge(i64(module, weighed.weight)) : []),
      ...ends,
    ];
    const over = [
      module.call(this.#exceeded, [module.global.get(CALLBACK, binaryen.i32)], binaryen.none),
      module.unreachable(),
    ];
    const whole = module.block(null, [module.block(OVER, start, binaryen.none), ...over]);
    setBody(this.#function, whole);
  }

  /** The same with what it pays; what it was made of is part of it. */
  #rewrite(expression: Expression): Expression {
    const { id } = infoOf(expression);
    if (id === ids.Loop) return this.#rewriteLoop(expression);
    const info = infoOf(expression);
    const label = id === ids.Block ? (info as binaryen.BlockInfo).name : null;
    if (label) this.#scopes.push({ label });
    for (const [place, child] of childrenOf(expression).entries()) {
      const isArm = id === ids.If && place > 0;
      const type = binaryen.getExpressionType(child.expression);
      const paid =
        isArm && this.#weights.paysForItself(child.expression)
          ? this.#charge(i64(this.#module, this.#weights.weigh(child.expression)))
          : [];
      const inside = this.#rewrite(child.expression);
      child.replace(paid.length === 0 ? inside : this.#module.block(null, [...paid, inside], type));
    }
    if (label) this.#scopes.pop();
    if (id === ids.Break) return this.#rewriteBreak(expression);
    if (id === ids.Return) return this.#rewriteReturn(expression);
    if (id === ids.Call || id === ids.CallIndirect) return this.#rewriteCall(expression);
    return this.#rewriteSizes(expression);
  }

  /** A light loop that counts is there twice: once without checks, for when what is left is enough for all of its turns. */
  #rewriteLoop(loop: Expression): Expression {
    const module = this.#module;
    const weight = this.#weights.weigh(bodyOf(loop));
    const counted = this.#mayPayAhead(loop, weight) ? countedLoop(loop) : undefined;
    if (counted === undefined) return this.#checkTurns(loop, weight);
    const checked = this.#checkTurns(copyWith(module, loop, "|checked"), weight);
    const price = this.#newLocal(binaryen.i64);
    const all = (): Expression => module.local.get(price, binaryen.i64);
    const paid = { counted, weight };
    const turns = this.#turns(counted);
    this.#scopes.push({ paid });
    this.#rewriteTurn(loop);
    this.#scopes.pop();
    const ahead = [
      module.local.set(this.#left, module.i64.sub(this.#get(), all())),
      ...this.#after(loop, this.#refund(paid)),
    ];
    const type = binaryen.getExpressionType(loop);
    return module.block(
      null,
      [
        module.local.set(price, module.i64.mul(turns, i64(module, weight))),
        module.if(module.i64.le_s(all(), this.#get()), module.block(null, ahead, type), checked),
      ],
      type,
    );
  }

  /** Whether a check in each turn would matter, nothing else is paid in the loop, and whatever leaves it can give back what was not taken. */
  #mayPayAhead(loop: Expression, weight: number): boolean {
    if (weight > LIGHT || this.#weights.hasCharge(bodyOf(loop))) return false;
    const all = [...within(loop)];
    const own = new Set(all.flatMap((each) => labelOf(each) ?? []));
    return all.every((each) => {
      const { id } = infoOf(each);
      const isPlain = id === ids.Break && (infoOf(each) as binaryen.BreakInfo).value === 0;
      return isPlain || targetsOf(each).every((name) => own.has(name));
    });
  }

  #checkTurns(loop: Expression, weight: number): Expression {
    const inside = this.#rewriteTurn(loop);
    const each = this.#charge(i64(this.#module, weight));
    const type = binaryen.getExpressionType(inside);
    childrenOf(loop)[0]?.replace(this.#module.block(null, [...each, inside], type));
    return loop;
  }

  /** What stands in the loop, once it pays what it does besides the turn. */
  #rewriteTurn(loop: Expression): Expression {
    const { name, body } = infoOf(loop) as binaryen.LoopInfo;
    if (name) this.#scopes.push({ label: name });
    const inside = this.#rewrite(body);
    if (name) this.#scopes.pop();
    childrenOf(loop)[0]?.replace(inside);
    return inside;
  }

  /** A way out of loops that had paid for more turns. */
  #rewriteBreak(expression: Expression): Expression {
    const module = this.#module;
    const { name, condition } = infoOf(expression) as binaryen.BreakInfo;
    const at = this.#scopes.findLastIndex((scope) => "label" in scope && scope.label === name);
    const refunds = this.#refunds(at + 1);
    if (refunds.length === 0) return expression;
    if (condition === 0) return module.block(null, [...refunds, expression], binaryen.unreachable);
    return module.if(condition, module.block(null, [...refunds, module.br(name)], binaryen.unreachable));
  }

  #rewriteReturn(expression: Expression): Expression {
    const leave = [...this.#refunds(0), this.#store()];
    const [value] = childrenOf(expression);
    if (value === undefined) return this.#module.block(null, [...leave, expression], binaryen.unreachable);
    if (binaryen.getExpressionType(value.expression) === binaryen.unreachable) return expression;
    value.replace(this.#before(value.expression, ...leave));
    return expression;
  }

  #rewriteCall(call: Expression): Expression {
    const module = this.#module;
    const type = binaryen.getExpressionType(call);
    if (type === binaryen.unreachable) return call;
    const charges = this.#chargeSizes(this.#weights.sizesIn(call));
    const pays = this.#weights.pays(call);
    const before = pays ? [...charges, this.#store()] : charges;
    if (before.length === 0) return call;
    // The host may take long with it, which is paid before.
    const last = childrenOf(call).at(-1);
    last?.replace(this.#before(last.expression, ...before));
    if (!pays) return call;
    const first = last === undefined ? before : [];
    if (type === binaryen.none) return module.block(null, [...first, call, this.#load()], type);
    return module.block(null, [...first, this.#before(call, this.#load())], type);
  }

  /** What copies or fills pays when it has done so, and so does what lets memory grow. */
  #rewriteSizes(expression: Expression): Expression {
    const module = this.#module;
    if (infoOf(expression).id === ids.MemoryGrow)
      return this.#before(expression, ...this.#charge(i64(module, MEMORY_GROW)));
    const sizes = this.#weights.sizesIn(expression);
    const type = binaryen.getExpressionType(expression);
    if (sizes.length === 0 || type === binaryen.unreachable) return expression;
    const charges = this.#chargeSizes(sizes);
    if (type === binaryen.none) return module.block(null, [expression, ...charges], type);
    return this.#before(expression, ...charges);
  }

  /** Keep these sizes, to pay for them once they are there. */
  #chargeSizes(all: readonly Size[]): readonly Expression[] {
    const module = this.#module;
    const sizes = all.filter(({ rate }) => rate.isMetered !== true);
    const costs = sizes.map(({ expression, replace, rate: { up, shift, times } }) => {
      const local = this.#newLocal(binaryen.i32);
      replace(module.local.tee(local, expression, binaryen.i32));
      const bytes = module.i64.extend_u(module.local.get(local, binaryen.i32));
      const from = up === 0 ? bytes : module.i64.add(bytes, i64(module, up));
      const units = module.i64.shr_u(from, i64(module, shift));
      return times === 1 ? units : module.i64.mul(units, i64(module, times));
    });
    const [first, ...rest] = costs;
    return first === undefined
      ? []
      : this.#charge(rest.reduce((sum, each) => module.i64.add(sum, each), first));
  }

  /** How many turns a loop takes at most, its last one with it. */
  #turns({ local, step, compare, bound, isAfter }: CountedLoop): Expression {
    const module = this.#module;
    const at = module.local.get(local, binaryen.i32);
    const first = isAfter ? module.i32.add(at, module.i32.const(step)) : at;
    const known = constantOf(bound);
    const limit = (): Expression => (bound === 0 ? module.i32.const(0) : module.copyExpression(bound));
    const one = (): Expression => i64(module, 1);
    if (compare.kind === "ne") {
      const ahead = step > 0 ? module.i32.sub(limit(), first) : module.i32.sub(first, limit());
      return module.i64.add(module.i64.extend_u(ahead), one());
    }
    const by = Math.abs(step);
    const away = this.#distance({ step, compare }, limit(), first);
    const local64 = this.#newLocal(binaryen.i64);
    // Past the bound already there is one turn; else as many steps as it takes, the last of them perhaps past the bound.
    const steps = module.i64.div_s(
      module.i64.add(module.local.get(local64, binaryen.i64), i64(module, by - 1)),
      i64(module, by),
    );
    const turns = module.block(
      null,
      [
        module.local.set(local64, away),
        module.i64.add(
          module.select(
            module.i64.gt_s(module.local.get(local64, binaryen.i64), i64(module, 0)),
            steps,
            i64(module, 0),
          ),
          one(),
        ),
      ],
      binaryen.i64,
    );
    const wraps = this.#wraps({ step, compare }, limit, known);
    if (wraps === undefined) return turns;
    return module.select(wraps, i64(module, ENDLESS), turns);
  }

  /** How far it is to the first value that is not among those that go on. */
  #distance(
    { step, compare }: Pick<CountedLoop, "step" | "compare">,
    bound: Expression,
    from: Expression,
  ): Expression {
    const module = this.#module;
    const wide = (value: Expression): Expression =>
      compare.signed ? module.i64.extend_s(value) : module.i64.extend_u(value);
    const between =
      step > 0 ? module.i64.sub(wide(bound), wide(from)) : module.i64.sub(wide(from), wide(bound));
    const isIncluded = compare.kind === "le" || compare.kind === "ge";
    return isIncluded ? module.i64.add(between, i64(module, 1)) : between;
  }

  /** Whether the local may step over the bound by overflowing, and never come to an end; undefined when it cannot. */
  #wraps(
    { step, compare }: Pick<CountedLoop, "step" | "compare">,
    bound: () => Expression,
    known: number | undefined,
  ): Expression | undefined {
    const module = this.#module;
    const isIncluded = compare.kind === "le" || compare.kind === "ge";
    // Values that far from the bound have to be there.
    const room = Math.abs(step) - 1 + (isIncluded ? 1 : 0);
    if (room === 0) return undefined;
    const [least, most] = compare.signed ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    const last = step > 0 ? most - room : least + room;
    if (known !== undefined) {
      const value = compare.signed ? known : known >>> 0;
      return (step > 0 ? value > last : value < last) ? module.i32.const(1) : undefined;
    }
    const limit = module.i32.const(last | 0);
    if (step > 0) return compare.signed ? module.i32.gt_s(bound(), limit) : module.i32.gt_u(bound(), limit);
    return compare.signed ? module.i32.lt_s(bound(), limit) : module.i32.lt_u(bound(), limit);
  }

  /** What gives back what loops have paid for, of those inside of this place among the scopes: never more than was paid. */
  #refunds(from: number): readonly Expression[] {
    return this.#scopes.slice(from).flatMap((scope) => ("paid" in scope ? [this.#refund(scope.paid)] : []));
  }

  #refund({ counted, weight }: Paid): Expression {
    const module = this.#module;
    const { local, step, compare, bound } = counted;
    const limit = bound === 0 ? module.i32.const(0) : module.copyExpression(bound);
    const at = module.local.get(local, binaryen.i32);
    const away =
      compare.kind === "ne"
        ? module.i64.extend_u(step > 0 ? module.i32.sub(limit, at) : module.i32.sub(at, limit))
        : this.#distance(counted, limit, at);
    const turns = this.#newLocal(binaryen.i64);
    const get = (): Expression => module.local.get(turns, binaryen.i64);
    // One less than there are: the local may have been changed in this turn, or not yet.
    const left = module.i64.sub(module.i64.div_s(away, i64(module, Math.abs(step))), i64(module, 1));
    const rest = module.select(module.i64.gt_s(get(), i64(module, 0)), get(), i64(module, 0));
    return module.block(null, [
      module.local.set(turns, left),
      module.local.set(this.#left, module.i64.add(this.#get(), module.i64.mul(rest, i64(module, weight)))),
    ]);
  }

  /** Pay, and go over where nothing is left. */
  #charge(amount: Expression): readonly Expression[] {
    const module = this.#module;
    return [
      module.local.set(this.#left, module.i64.sub(this.#get(), amount)),
      module.br(OVER, module.i64.lt_s(this.#get(), i64(module, 0))),
    ];
  }

  /** This, and then that, if it comes to an end: the value is that of the first. */
  #after(first: Expression, then: Expression): readonly Expression[] {
    const isValue = binaryen.getExpressionType(first) !== binaryen.none;
    return isValue ? [this.#before(first, then)] : [first, then];
  }

  /** A value, with these done once it is there. */
  #before(value: Expression, ...then: readonly Expression[]): Expression {
    const type = binaryen.getExpressionType(value);
    if (type === binaryen.unreachable) return value;
    const local = this.#newLocal(type);
    return this.#module.block(
      null,
      [this.#module.local.set(local, value), ...then, this.#module.local.get(local, type)],
      type,
    );
  }

  #get(): Expression {
    return this.#module.local.get(this.#left, binaryen.i64);
  }

  #load(): Expression {
    return this.#module.local.set(this.#left, this.#module.global.get(LEFT, binaryen.i64));
  }

  #store(): Expression {
    return this.#module.global.set(LEFT, this.#get());
  }

  #newLocal(type: binaryen.Type): number {
    return addLocal(this.#function, type);
  }
}

function bodyOf(loop: Expression): Expression {
  return (infoOf(loop) as binaryen.LoopInfo).body;
}

function i64(module: binaryen.Module, value: number): Expression {
  return module.i64.const(BigInt(value));
}
