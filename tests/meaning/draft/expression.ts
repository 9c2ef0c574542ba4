import fc from "fast-check";
import type { Interface, Parameter, Signature, ValueType } from "../../../controlplane/language/interface.ts";
import { regex } from "./regex.ts";
import * as words from "./words.ts";

/** Text of Copper: as a person may write it, and with all parentheses and in one style. Both mean the same. */
export interface Draft {
  readonly text: string;
  readonly full: string;
  /** How tightly it binds: an operand that binds less than its operator stands in parentheses. */
  readonly binding: number;
}

export type Drafts = fc.Arbitrary<Draft>;

/** What an expression may name. */
export interface Names {
  readonly interface: Interface;
  readonly act: string;
  readonly self: string;
  readonly side: "egress" | "ingress" | "either";
  readonly services: readonly string[];
  readonly states: readonly { readonly type: string; readonly name: string }[];
  /** Parameters and locals. */
  readonly values: readonly {
    readonly name: string;
    readonly type: ValueType;
    readonly isOptional: boolean;
  }[];
}

const atom = 9;
const levels: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["??"],
  ["+", "-"],
  ["*", "/", "%"],
];
const unaryBinding = 7;

/** Something that is one word. */
export function word(text: string): Draft {
  return { text, full: text, binding: atom };
}

const intLiterals = [
  ...["0", "1", "2", "3", "7", "10", "255", "1000", "4294967296", "9007199254740993"],
  ...["9223372036854775807", "(-9223372036854775808)"],
];
/** With those that JavaScript writes with an exponent, the least one, and one of the largest. */
const floatLiterals = [
  ...["0.0", "0.5", "1.0", "1.5", "0.1", "100.0", "1000000.0", "(-0.0)", "0.0000001", "1e3", "2.5e-7"],
  ...["1000000000000000000000.0", `0.${"0".repeat(323)}5`, `1${"0".repeat(308)}.0`],
];
const durationLiterals = [
  ...["0s", "1ms", "250us", "100ms", "1s", "1.5s", "60s", "5m", "1h"],
  ...["1ns", "2562047h", "9223372036854775807ns"],
];

/** Each is made of many others, which are the same for equal names. */
const known = new WeakMap<Names, Map<string, Drafts>>();

/** An expression of a type; `isOptional`: one that may be absent. */
export function expression(type: ValueType, names: Names, depth: number, isOptional = false): Drafts {
  const kept = known.get(names) ?? new Map<string, Drafts>();
  known.set(names, kept);
  const key = `${type} ${depth} ${isOptional}`;
  const found = kept.get(key) ?? expressionOf(type, names, depth, isOptional);
  kept.set(key, found);
  return found;
}

function expressionOf(type: ValueType, names: Names, depth: number, isOptional: boolean): Drafts {
  const leaves: Drafts[] = [
    ...(isOptional ? [] : [literalOf(type)]),
    ...names.values
      .filter((value) => value.type === type && value.isOptional === isOptional)
      .map(({ name }) => fc.constant(word(name))),
  ];
  const calls = callsOf(type, isOptional, names, depth);
  const operators = depth > 0 && !isOptional ? operatorsOf(type, names, depth - 1) : [];
  const optional =
    depth > 0 && isOptional
      ? [infix("??", expression(type, names, depth - 1, true), expression(type, names, 0, true))]
      : [];
  const all = [...leaves, ...calls, ...operators, ...optional];
  return fc.oneof(...all);
}

function literalOf(type: ValueType): Drafts {
  switch (type) {
    case "string":
    case "bytes":
      return fc.constantFrom(...words.texts).chain(quoted);
    case "int":
      return fc.constantFrom(...intLiterals).map(word);
    case "float":
      return fc.constantFrom(...floatLiterals).map(word);
    case "duration":
      return fc.constantFrom(...durationLiterals).map(word);
    case "bool":
      return fc.constantFrom("true", "false").map(word);
    default:
      return type satisfies never;
  }
}

/** In either quotes, which mean the same. */
export function quoted(text: string): Drafts {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  const double = `"${escaped.replaceAll('"', '\\"')}"`;
  return fc.boolean().map((isSingle) => ({
    text: isSingle ? `'${escaped.replaceAll("'", "\\'")}'` : double,
    full: double,
    binding: atom,
  }));
}

function operatorsOf(type: ValueType, names: Names, depth: number): readonly Drafts[] {
  const of = (operand: ValueType, isOptional = false): Drafts =>
    expression(operand, names, depth, isOptional);
  switch (type) {
    case "string":
    case "bytes":
      return [infix("+", of("string"), of("string")), infix("??", of("string", true), of("string"))];
    case "int":
      return [
        ...["+", "-", "*"].map((operator) => infix(operator, of("int"), of("int"))),
        ...["/", "%"].map((operator) => infix(operator, of("int"), divisor("int", names, depth))),
        prefix("-", of("int")),
      ];
    case "float":
      return [
        ...["+", "-", "*"].map((operator) => infix(operator, of("float"), fc.oneof(of("float"), of("int")))),
        infix("/", of("float"), divisor("float", names, depth)),
        prefix("-", of("float")),
      ];
    case "duration":
      return [
        ...["+", "-"].map((operator) => infix(operator, of("duration"), of("duration"))),
        infix("*", of("duration"), of("int")),
        infix("*", of("int"), of("duration")),
        infix("/", of("duration"), divisor("int", names, depth)),
        prefix("-", of("duration")),
      ];
    case "bool":
      return [
        ...(["int", "float", "duration", "string"] as const).flatMap((operand) =>
          ["==", "!=", "<", "<=", ">", ">="].map((operator) => infix(operator, of(operand), of(operand))),
        ),
        ...["==", "!=", "<", ">="].map((operator) => infix(operator, of("string", true), of("string"))),
        ...["==", "!=", "<="].map((operator) => infix(operator, of("string", true), of("string", true))),
        ...["==", "!="].map((operator) => infix(operator, of("bool"), of("bool"))),
        infix("<", of("int"), of("float")),
        ...["&&", "||", "&&", "||"].map((operator) => infix(operator, of("bool"), of("bool"))),
        prefix("!", of("bool")),
        prefix("!", of("bool")),
      ];
    default:
      return type satisfies never;
  }
}

/** Nothing that the checker knows to be 0. */
function divisor(type: "int" | "float", names: Names, depth: number): Drafts {
  return expression(type, names, depth).filter(({ text }) => !/^[-(]*0(\.0)?\)*$/.test(text));
}

function infix(operator: string, left: Drafts, right: Drafts): Drafts {
  const binding = levels.findIndex((level) => level.includes(operator)) + 1;
  // Only these may follow each other without parentheses, from the left.
  const chains = ["||", "&&", "+", "-", "*", "/", "%"].includes(operator);
  return fc.tuple(left, right).map(([a, b]) => ({
    text: `${within(a, chains ? binding : binding + 1)} ${operator} ${within(b, binding + 1)}`,
    full: `(${a.full} ${operator} ${b.full})`,
    binding,
  }));
}

function prefix(operator: "!" | "-", operand: Drafts): Drafts {
  return operand.map((of) => ({
    text: `${operator}${within(of, unaryBinding + 1)}`,
    full: `(${operator}${of.full})`,
    binding: unaryBinding,
  }));
}

function within(draft: Draft, binding: number): string {
  return draft.binding < binding ? `(${draft.text})` : draft.text;
}

/** Calls that yield such a value: of what the policy handles, of its states, and of values. */
function callsOf(type: ValueType, isOptional: boolean, names: Names, depth: number): readonly Drafts[] {
  const fits = ({ result }: Signature): boolean => result?.type === type && result.isOptional === isOptional;
  const ofAct = actionsOf(names.interface, names.act)
    .filter((signature) => fits(signature) && isOnSide(signature, names.side))
    .flatMap((signature) => calls(signature, fc.constant(word(names.self)), names, depth));
  const ofStates = names.states.flatMap((state) =>
    actionsOf(names.interface, state.type)
      .filter(fits)
      .flatMap((signature) => calls(signature, fc.constant(word(state.name)), names, depth)),
  );
  const ofTypes =
    depth === 0
      ? []
      : (["string", "int"] as const).flatMap((receiver) =>
          actionsOf(names.interface, receiver)
            .filter((signature) => signature.result?.type === type)
            .flatMap((signature) => {
              // What is asked of an absent text is absent, where it can be.
              const absent = receiver === "string" && (type !== "string" || isOptional);
              const present = type !== "string" || !isOptional;
              const receivers = [
                ...(present ? [expression(receiver, names, depth - 1)] : []),
                ...(absent ? [expression(receiver, names, depth - 1, true)] : []),
              ];
              return receivers.flatMap((value) => calls(signature, value, names, depth));
            }),
        );
  return [...ofAct, ...ofStates, ...ofTypes];
}

/** Calls of an action; none where its arguments are too deep here. */
export function calls(
  signature: Signature,
  receiver: Drafts,
  names: Names,
  depth: number,
): readonly Drafts[] {
  const { parameters } = signature;
  const least = parameters.findIndex((parameter) => parameter.default !== undefined);
  const counts = least < 0 ? [parameters.length] : [least, parameters.length, parameters.length];
  return [
    fc.constantFrom(...counts).chain((count) =>
      fc
        .tuple(
          receiver,
          fc.tuple(
            ...parameters
              .slice(0, count)
              .map((parameter) => argument(signature.name, parameter, names, depth)),
          ),
          fc.boolean(),
        )
        .map(([of, values, isMethod]) => {
          const args = values.map(({ text }) => text);
          const full = `${signature.name}(${[of.full, ...values.map((value) => value.full)].join(", ")})`;
          // A number before a dot would be a fraction.
          const before = /^\d/.test(of.text) ? `(${of.text})` : within(of, atom - 1);
          const text = isMethod
            ? `${before}.${signature.name}(${args.join(", ")})`
            : `${signature.name}(${[of.text, ...args].join(", ")})`;
          return { text, full, binding: atom - 1 };
        }),
    ),
  ];
}

function argument(action: string, parameter: Parameter, names: Names, depth: number): Drafts {
  const anyOf = (choices: readonly string[]): Drafts => fc.constantFrom(...choices).chain(quoted);
  switch (parameter.type) {
    case "header":
      return anyOf(words.headerNames);
    case "service":
      if (parameter.default === "*") return anyOf(["*", ...names.services]);
      // It goes to a version: only one service of our meshes has some.
      return anyOf([words.versioned]);
    case "version":
      return anyOf(words.versions);
    case "regex":
      return regex.chain(quoted);
    case "status":
      return fc.constantFrom("403", "404", "429", "500", "503").map(word);
    case "level":
      return anyOf(["info", "warn", "error", "critical"]);
    case "outcome":
      return fc.constantFrom("FAILED", "SUCCEEDED").map(word);
    case "name":
      if (action === "TagAccessLog" && names.act.endsWith("Response")) return anyOf(words.answerTagNames);
      return anyOf(action === "Histogram" ? words.histogramNames : words.metricNames);
    case "text":
      return anyOf(parameter.name === "name" ? words.queryNames : words.texts);
    case "conditions":
      return anyOf(["5xx", "reset", "unavailable", "5xx, cancelled,reset", "internal,unavailable"]);
    case "limit":
      return fc.constantFrom(...words.limits).map((limit) => word(String(limit)));
    case "json":
      return anyOf(parameter.name === "claim" ? words.claimPaths : words.jsonPaths);
    case "string":
    case "bytes": {
      const plain = expression("string", names, Math.max(0, depth - 1));
      // An optional one is taken as an empty one, with a warning.
      return fc.oneof(
        { weight: 3, arbitrary: boundedTexts.includes(parameter.name ?? "") ? late("string", plain) : plain },
        { weight: 1, arbitrary: expression("string", names, 0, true) },
      );
    }
    case "float":
      if (parameter.name === "percent")
        return fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom("0.0", "100.0", "50.0", "25.0", "100", "0.5").map(word) },
          { weight: 1, arbitrary: late("float", fc.constantFrom("250.0", "-1.0").map(word)) },
        );
      if (parameter.name === "perSecond")
        return fc.oneof(
          fc.constantFrom("0.5", "1.0", "10", "4.0").map(word),
          late("float", expression("float", names, 0)),
        );
      return expression("float", names, Math.max(0, depth - 1));
    case "int":
      if (parameter.name === "burst" || parameter.name === "limit")
        return fc.oneof(
          fc.constantFrom("1", "2", "5").map(word),
          late("int", fc.constantFrom("0", "-1").map(word)),
        );
      if (parameter.name === "firstWeight") return fc.constantFrom("1", "9", "9223372036854775807").map(word);
      if (parameter.name === "secondWeight")
        return fc.constantFrom("0", "1", "9", "9223372036854775807").map(word);
      // The host counts in JavaScript's numbers, which larger ones would leave.
      if (action === "Count")
        return late(
          "int",
          infix("%", expression("int", names, Math.max(0, depth - 1)), fc.constant(word("1000"))),
        );
      return boundedNumbers.includes(parameter.name ?? "")
        ? late("int", expression("int", names, Math.max(0, depth - 1)))
        : expression("int", names, Math.max(0, depth - 1));
    case "duration":
      return late("duration", expression("duration", names, Math.max(0, depth - 1)));
    case "bool":
      return expression("bool", names, Math.max(0, depth - 1));
    default:
      return parameter.type satisfies never;
  }
}

/** Of parameters that may not be everything that their type has: what is known to be something else does not pass the checker. */
const boundedTexts: readonly string[] = ["path", "host"];
const boundedNumbers: readonly string[] = ["by", "value", "attempts"];

/** The same value, but not known before a request is looked at. */
function late(type: "string" | "int" | "float" | "duration", value: Drafts): Drafts {
  const one = { text: '"1".ToInt(0)', full: 'ToInt("1", 0)', binding: atom - 1 };
  const empty = { text: '"".ToLower()', full: 'ToLower("")', binding: atom - 1 };
  return infix(type === "string" ? "+" : "*", value, fc.constant(type === "string" ? empty : one));
}

/** The actions of an act, a state or a type, with those that it inherits; its own come instead of others of their name. */
export function actionsOf(from: Interface, receiver: string): readonly Signature[] {
  const found = from.receivers.get(receiver);
  if (found === undefined) return [];
  const inherited = found.extends === undefined ? [] : actionsOf(from, found.extends);
  return [...inherited.filter(({ name }) => !found.actions.has(name)), ...found.actions.values()];
}

export function isOnSide(signature: Signature, side: Names["side"]): boolean {
  return signature.side === undefined || side === signature.side;
}
