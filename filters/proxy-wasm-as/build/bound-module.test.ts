import binaryen from "assemblyscript/binaryen";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundModule } from "./bound-module.ts";
import { within } from "./expressions.ts";
import { weighModule } from "./weigh.ts";

const BUDGET = 200_000;

/** A program of nested loops and calls over a few locals, as text of WebAssembly. */
type Part =
  | { readonly kind: "add"; readonly local: number; readonly by: number }
  | { readonly kind: "set"; readonly local: number; readonly to: number }
  | {
      readonly kind: "leave";
      readonly local: number;
      readonly compare: string;
      readonly to: number;
      readonly out: number;
      readonly isSwitch: boolean;
    }
  | { readonly kind: "call"; readonly to: number }
  | {
      readonly kind: "loop";
      readonly form: "for" | "do" | "and" | "eqz" | "return";
      readonly local: number;
      readonly step: number;
      readonly first: number | null;
      readonly compare: string;
      readonly bound: number | "local";
      readonly body: readonly Part[];
    };

const LOCALS = 3;
const BOUND = LOCALS;
const compares = ["lt_u", "lt_s", "le_u", "le_s", "gt_u", "gt_s", "ge_u", "ge_s", "ne", "eq"];
const edges = [0, 1, 2, 3, 5, 17, 300, -1, -2, -3, -17, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 2, -(2 ** 31) + 2];
const number = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: -20, max: 400 }));
const step = fc.constantFrom(1, 1, 1, -1, -1, 2, 3, 4, -2, -4, 0, 7, 2 ** 30, -(2 ** 31));
const local = fc.nat(LOCALS - 1);

const { part } = fc.letrec<{ part: Part; parts: readonly Part[] }>((tie) => ({
  parts: fc.array(tie("part"), { maxLength: 3 }),
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("add" as const), local, by: number }),
    fc.record({ kind: fc.constant("set" as const), local, to: number }),
    fc.record({
      kind: fc.constant("leave" as const),
      local,
      compare: fc.constantFrom(...compares),
      to: number,
      out: fc.nat(4),
      isSwitch: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("call" as const), to: fc.nat(2) }),
    fc.record({
      kind: fc.constant("loop" as const),
      form: fc.constantFrom(
        "for" as const,
        "for" as const,
        "do" as const,
        "and" as const,
        "eqz" as const,
        "return" as const,
      ),
      local,
      step,
      first: fc.option(number),
      compare: fc.constantFrom(...compares),
      bound: fc.oneof(fc.constant("local" as const), number),
      body: tie("parts"),
    }),
  ),
}));
const program: fc.Arbitrary<readonly (readonly Part[])[]> = fc.array(
  fc.array(part, { minLength: 1, maxLength: 4 }),
  { minLength: 3, maxLength: 3 },
);

const get = (index: number): string => `(local.get ${index})`;
const constant = (value: number): string => `(i32.const ${value | 0})`;

/** With `counts` each turn and each call says so before anything else. */
function write(functions: readonly (readonly Part[])[], counts: boolean): string {
  let names = 0;
  const step = counts ? "(call $step)" : "";
  const all = (parts: readonly Part[], outs: readonly string[]): string =>
    parts.map((each) => one(each, outs)).join("\n");
  const one = (each: Part, outs: readonly string[]): string => {
    if (each.kind === "add")
      return `(local.set ${each.local} (i32.add ${get(each.local)} ${constant(each.by)}))`;
    if (each.kind === "set") return `(local.set ${each.local} ${constant(each.to)})`;
    if (each.kind === "call")
      return `(local.set 0 (call $f${each.to} ${get(0)} ${get(1)} ${get(2)} (i32.add ${get(1)} (i32.const 1))))`;
    if (each.kind === "leave") {
      const test = `(i32.${each.compare} ${get(each.local)} ${constant(each.to)})`;
      const out = outs[outs.length - 1 - each.out];
      if (out === undefined) return `(if ${test} (then (return ${get(each.local)})))`;
      const stay = `$stay${names++}`;
      return each.isSwitch ? `(block ${stay} (br_table ${stay} ${out} ${test}))` : `(br_if ${out} ${test})`;
    }
    const id = names++;
    const start = each.first === null ? "" : `(local.set ${each.local} ${constant(each.first)})`;
    const bound = each.bound === "local" ? get(BOUND) : constant(each.bound);
    const test = `(i32.${each.compare} ${get(each.local)} ${bound})`;
    const next = `(i32.add ${get(each.local)} ${constant(each.step)})`;
    const body = all(each.body, [...outs, `$out${id}`, `$next${id}`]);
    const inner = `(block $next${id} ${body})`;
    const forms = {
      for: `(if ${test} (then ${inner} (local.set ${each.local} ${next}) (br $loop${id})))`,
      do: `${inner} (br_if $loop${id} (i32.${each.compare} (local.tee ${each.local} ${next}) ${bound}))`,
      and: `(if (i32.and ${test} (i32.const 1)) (then ${inner} (local.set ${each.local} ${next}) (br $loop${id})))`,
      eqz: `(br_if $out${id} (i32.eqz ${test})) ${inner} (local.set ${each.local} ${next}) (br $loop${id})`,
      return: `(if (i32.eqz ${test}) (then (return ${get(each.local)}))) ${inner} (local.set ${each.local} ${next}) (br $loop${id})`,
    };
    return `${start} (block $out${id} (loop $loop${id} ${step} ${forms[each.form]}))`;
  };
  const params = Array.from({ length: LOCALS + 1 }, () => "(param i32)").join(" ");
  const texts = functions.map(
    (parts, index) => `(func $f${index} ${params} (result i32) ${step} ${all(parts, [])} ${get(0)})`,
  );
  return `(module
    ${counts ? '(import "env" "step" (func $step))' : ""}
    (import "env" "exceeded" (func $exceeded (param i32)))
    (import "env" "tooDeep" (func $tooDeep (param i32)))
    (func (export "exceeded") (param i32) (call $exceeded (local.get 0)) unreachable)
    (func (export "tooDeep") (param i32) (call $tooDeep (local.get 0)) unreachable)
    (export "callback" (func $f0))
    ${texts.join("\n")})`;
}

function assembleText(text: string, optimize: boolean): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    if (optimize) module.optimize();
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const options = {
  budget: BUDGET,
  callbacks: ["other", "callback"],
  exceeded: "exceeded",
  stack: 512,
  tooDeep: "tooDeep",
};
const overflow = "Maximum call stack size exceeded";

type End = { readonly result: number } | { readonly trap: string };

function run(bytes: Uint8Array, args: readonly number[], imports: WebAssembly.ModuleImports): End {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), {
    env: imports,
  });
  try {
    return { result: (exports["callback"] as (...args: readonly number[]) => number)(...args) };
  } catch (error) {
    return { trap: error instanceof Error ? error.message : String(error) };
  }
}

/** As much as no turn of a loop and no call weighs: all that the module has, each call with what it leads to. */
function weightOf(bytes: Uint8Array): number {
  const module = binaryen.readBinary(bytes);
  try {
    const { functions, calleesOf } = weighModule(module);
    const costs = [...functions.values()].flatMap(({ body }) =>
      [...within(body)].map((each) => {
        const called = calleesOf(each).map((name) => functions.get(name));
        return 1 + Math.max(0, ...called.map((callee) => (callee?.isMetered ? 1 : (callee?.weight ?? 0))));
      }),
    );
    return costs.reduce((sum, cost) => sum + cost, 0);
  } finally {
    module.dispose();
  }
}

/** What the program comes to, and how many turns and calls that takes; more than `max` are too many. */
function oracle(
  bytes: Uint8Array,
  args: readonly number[],
  max: number,
): { readonly steps: number; readonly end: End } {
  let steps = 0;
  const step = (): void => {
    if (steps++ > max) throw new Error("too many");
  };
  return { end: run(bytes, args, { step, exceeded: () => {}, tooDeep: () => {} }), steps };
}

describe("a bounded module", () => {
  test.each([false, true])(
    "never takes more turns than its budget, nor more stack than there is, is not cut short of it, and does the same (optimized: %s)",
    // Hundreds of modules, which take ten seconds, or a minute beside others.
    { timeout: 300_000 },
    (optimize) => {
      let ended = 0;
      let over = 0;
      let ample = 0;
      let deep = 0;
      fc.assert(
        fc.property(program, fc.array(number, { minLength: 4, maxLength: 4 }), (functions, args) => {
          const plain = assembleText(write(functions, false), optimize);
          const said: number[] = [];
          const saidDeep: number[] = [];
          const bounded = run(boundModule(plain, options), args, {
            exceeded: (which: number) => said.push(which),
            tooDeep: (which: number) => saidDeep.push(which),
          });
          const { steps, end } = oracle(assembleText(write(functions, true), false), args, BUDGET + 5000);
          if (saidDeep.length > 0) {
            expect(bounded).toEqual({ trap: "unreachable" });
            expect([saidDeep, said]).toEqual([[2], []]);
            // Each call counts as a step, and takes no more than a kilobyte.
            expect(steps).toBeGreaterThan(options.stack);
            deep++;
            return;
          }
          expect(bounded).not.toEqual({ trap: overflow });
          // What is not bounded may have come to the end of V8's stack instead.
          if ("trap" in end && end.trap === overflow) return void expect(said).toEqual([2]);
          if (steps > BUDGET) {
            expect(bounded).toEqual({ trap: "unreachable" });
            expect(said).toEqual([2]);
            over++;
          } else if ("result" in bounded) {
            expect(bounded).toEqual(end);
            ended++;
          } else expect(said).toEqual([2]);
          if (steps > BUDGET || "trap" in end) return;
          // Besides what it takes, two or three turns for each loop that is entered.
          const budget = 6 * (steps + 1) * weightOf(plain);
          const spent = (): never => expect.fail("what is ample was spent");
          const ends = run(boundModule(plain, { ...options, budget }), args, {
            exceeded: spent,
            tooDeep: spent,
          });
          expect(ends).toEqual(end);
          ample++;
        }),
        { numRuns: 250 },
      );
      expect(Math.min(ended, over, ample, deep)).toBeGreaterThan(15);
    },
  );
});

test("what a callback pays that is entered in a call of the host is no longer there after the call", () => {
  const turns = 1000;
  // Each call of the host, which gives nothing, has the host enter the other callback, whose loop pays for its turns; then it keeps in mind itself what is left.
  const text = `(module
    (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
    (import "env" "exceeded" (func $exceeded (param i32)))
    (func (export "exceeded") (param i32) (call $exceeded (local.get 0)) unreachable)
    (func (export "callback") (param i32 i32 i32 i32) (result i32)
      (loop $again
        (drop (call $close (i32.const 2)))
        (call $pays)
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))
      (local.get 0))
    (func $pays (local i32)
      (loop $again
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br_if $again (i32.ne (local.get 0) (i32.const 3)))))
    (func (export "other") (local i32)
      (loop $again
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br_if $again (i32.ne (local.get 0) (i32.const ${turns}))))))`;
  const said: number[] = [];
  let entered = 0;
  const bounded = boundModule(assembleText(text, false), options);
  const exports: WebAssembly.Exports = new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(bounded)),
    {
      env: {
        proxy_close_stream: () => {
          entered++;
          (exports["other"] as () => void)();
          return 0;
        },
        exceeded: (which: number) => said.push(which),
      },
    },
  ).exports;
  expect(() => (exports["callback"] as (calls: number) => number)(1_000_000)).toThrow("unreachable");
  // It is the outer one that has gone over.
  expect(said).toEqual([2]);
  expect(entered).toBeGreaterThan(0);
  expect(entered * turns).toBeLessThanOrEqual(BUDGET);
});
