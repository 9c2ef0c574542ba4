import binaryen from "assemblyscript/binaryen";
import { type Expression, ids, infoOf, setTarget, within } from "./expressions.ts";
import { COMPRESS_PER_BYTE, costOf, FOREIGN, FOREIGN_CALL, perHeader } from "./handed-over.ts";

/** How many headers callbacks have added: the one at work, and the one that has added most. */
const ADDED = "budget|added";
const MOST = "budget|most";
/** So many in a callback are nothing that later ones pay for: what they find in the same map is as fast as ever. */
const MANY = 256;
const ADD = "proxy_add_header_map_value";
const SET_ALL = "proxy_set_header_map_pairs";
/** What a header is at least in a map: two sizes, and a zero behind each text. */
const PAIR_BYTES = 10;

/** The host functions that a call of may take longer than its arguments say by their sizes, and that are therefore called by way of what pays for them. */
export const metered: ReadonlySet<string> = new Set([ADD, SET_ALL, FOREIGN_CALL, ...perHeader.keys()]);

/** How what stands between a module and its host pays. */
export interface Meter {
  readonly module: binaryen.Module;
  /** What pays this, and goes over where nothing is left. */
  charge(amount: Expression): readonly Expression[];
}

/**
 * Put between a module and some functions of its host what pays for them: a look at headers goes through all of one name, of which the module may
 * have added thousands, and a foreign function takes as long as its name says. What a callback has to begin with.
 */
export function meterHost({ module, charge }: Meter): readonly Expression[] {
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const imported = functions.flatMap(({ name, base, params, results }) =>
    base !== null && metered.has(base) ? [{ name, base, params, results }] : [],
  );
  const has = (names: Iterable<string>): boolean =>
    [...names].some((name) => imported.some(({ base }) => base === name));
  const counts = has([ADD, SET_ALL]) && has(perHeader.keys());
  const names = new Map(imported.map(({ name, base }) => [name, `budget|${base}`]));
  for (const { body, base } of functions) {
    if (base || body === 0) continue;
    for (const each of within(body)) {
      if (infoOf(each).id !== ids.Call) continue;
      const target = names.get((infoOf(each) as binaryen.CallInfo).target);
      if (target !== undefined) setTarget(each, target);
    }
  }
  const i64 = (value: number): Expression => module.i64.const(BigInt(value));
  const added = (): Expression => module.global.get(ADDED, binaryen.i64);
  const most = (): Expression => module.global.get(MOST, binaryen.i64);
  if (counts) {
    module.addGlobal(ADDED, binaryen.i64, true, i64(0));
    module.addGlobal(MOST, binaryen.i64, true, i64(MANY));
  }
  for (const { name, base, params, results } of imported) {
    const operand = (place: number): Expression => module.local.get(place, binaryen.i32);
    const rate = perHeader.get(base);
    const before: Expression[] = [];
    if (base === FOREIGN_CALL) before.push(...charge(foreignCost(module)));
    if (counts && base === ADD) before.push(module.global.set(ADDED, module.i64.add(added(), i64(1))));
    if (counts && base === SET_ALL) {
      const pairs = (): Expression =>
        module.i64.extend_u(module.i32.div_u(operand(2), module.i32.const(PAIR_BYTES)));
      before.push(module.if(module.i64.lt_s(added(), pairs()), module.global.set(ADDED, pairs())));
    }
    if (counts && rate !== undefined) {
      const headers = module.i64.add(added(), module.i64.sub(most(), i64(MANY)));
      before.push(...charge(module.i64.mul(headers, i64(rate))));
    }
    const operands = binaryen.expandType(params).map((type, place) => module.local.get(place, type));
    const body = module.block(null, [...before, module.call(name, operands, results)], results);
    module.addFunction(`budget|${base}`, params, results, [], body);
  }
  if (!counts) return [];
  return [
    module.if(module.i64.gt_s(added(), most()), module.global.set(MOST, added())),
    module.global.set(ADDED, i64(0)),
  ];
}

/** What a foreign function takes for its argument: its name, of so many bytes, and the argument, are the operands. */
function foreignCost(module: binaryen.Module): Expression {
  const operand = (place: number): Expression => module.local.get(place, binaryen.i32);
  const size = (): Expression => module.i64.extend_u(operand(3));
  const i64 = (value: number): Expression => module.i64.const(BigInt(value));
  const { up, shift } = FOREIGN;
  const any = module.i64.mul(
    module.i64.shr_u(module.i64.add(size(), i64(up)), i64(shift)),
    i64(costOf(1, FOREIGN)),
  );
  const name = module.i64.const(Buffer.from("compress").readBigUInt64LE());
  // No other one of Envoy's has a name of that length.
  const isCompress = module.if(
    module.i32.eq(operand(1), module.i32.const(8)),
    module.i64.eq(module.i64.load(0, 1, operand(0)), name),
    module.i32.const(0),
  );
  return module.if(isCompress, module.i64.mul(size(), i64(COMPRESS_PER_BYTE)), any);
}
