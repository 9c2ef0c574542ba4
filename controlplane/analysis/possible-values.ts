import type { CopperPolicy, Expression, Literal, Statement } from "../language/policy.ts";
import { partsOf, statementsIn } from "../language/statements-in.ts";
import { type Range, rangeOf } from "./attributes.ts";
import type { CallName } from "./call-graph.ts";
import { type NumberKind, type Questions, questionsOf } from "./questions.ts";
import { type Texts, tellApart } from "./tell-apart.ts";
import { codes, measuring } from "./text-machine.ts";
import { literalValue, type TrialValue } from "./trial-value.ts";

/** What a trial may find in an attribute: of each way to answer all that is asked about it, values that are answered so. */
export interface PossibleValues {
  /** Each is all values of the attribute: of most one, of a header any number. */
  readonly values: readonly (readonly TrialValue[])[];
  /** Whether there is one for every way in which it can be answered. */
  readonly isComplete: boolean;
}

const valuesMax = 64;

/** The values of each attribute of requests of a call, by its name. */
export function possibleValues(
  policies: readonly CopperPolicy[],
  call: CallName,
): (attribute: string) => PossibleValues {
  const groups = new Map(
    questionsOf(policies, call).flatMap((group) => group.attributes.map((each) => [each, group] as const)),
  );
  const avoided = textsIn(policies);
  const known = new Map<string, PossibleValues>();
  return (attribute) => {
    const before = known.get(attribute);
    if (before !== undefined) return before;
    const group = groups.get(attribute) ?? { attributes: [attribute], asks: [], parts: [], isOpen: false };
    const found = valuesFor(rangeOf(attribute), group, avoided);
    known.set(attribute, found);
    return found;
  };
}

function valuesFor(range: Range, group: Questions, avoided: ReadonlySet<string>): PossibleValues {
  const found = range.kind === "number" ? numbersFor(range, group) : textsFor(range, group, avoided);
  const { attributes, asks } = group;
  const told = new Map<string, (readonly TrialValue[])[]>();
  for (const values of found.values) {
    const key = JSON.stringify(asks.map((ask) => String(ask(values))));
    const alike = told.get(key) ?? [];
    told.set(key, alike);
    if (alike.length < attributes.length) alike.push(values);
  }
  const values = [...told.values()].flat();
  return { values: values.slice(0, valuesMax), isComplete: found.isComplete && values.length <= valuesMax };
}

function numbersFor(
  { least, most }: Range & { readonly kind: "number" },
  questions: Questions,
): PossibleValues {
  if (most !== undefined)
    return {
      values: fromTo(least, most).map((number) => [number]),
      isComplete: questions.attributes.length < 2,
    };
  const { numbers, isComplete } = numbersAsked("number", questions);
  const all = [least, ...numbers.filter((number) => number >= least)];
  return { values: all.map((number) => [number]), isComplete: isComplete && !questions.isOpen };
}

/** Further away from 0 not every number is tried. */
const reachMax: Readonly<Record<NumberKind, bigint>> = { size: 256n, decimal: 4_096n, number: 4_096n };

/** Numbers that tell apart what is asked of one, alone or together with the other questions. */
function numbersAsked(
  of: NumberKind,
  { parts }: Questions,
): { readonly numbers: readonly bigint[]; readonly isComplete: boolean } {
  const compared = parts.flatMap((part) => (part.kind === "compared" && part.of === of ? [part.than] : []));
  const reaches = parts.flatMap((part) => (part.kind === "calculated" && part.of === of ? [part.reach] : []));
  const around = compared.flatMap((than) => [than - 1n, than, than + 1n]);
  if (reaches.length === 0) return { numbers: around, isComplete: true };
  // What is calculated comes again and again, each in its own distance, beyond all that it is compared with.
  const distance = reaches.reduce((product, reach) => product * reach, 1n);
  const reach = compared.reduce((sum, than) => sum + (than < 0n ? -than : than), distance);
  const isComplete = reach <= reachMax[of];
  return { numbers: [...around, ...upTo(isComplete ? reach : reachMax[of])], isComplete };
}

/** Longer texts are not told apart from what else is asked about them. */
const measuredMax = 512;
/** No header is longer, and no body is looked at further than a MiB. */
const sizeMax = 1_048_579n;

function textsFor(
  { texts, isOptional, isHeader }: Range & { readonly kind: "text" },
  questions: Questions,
  avoided: ReadonlySet<string>,
): PossibleValues {
  const { attributes, parts, isOpen } = questions;
  const machines = parts.flatMap((part) => (part.kind === "text" ? [part.machine] : []));
  const measured = numbersAsked("size", questions);
  const sizes = measured.numbers.filter((size) => size >= 0n && size < sizeMax).map(Number);
  const longest = Math.max(0, ...sizes);
  const isMeasured = sizes.length > 0 && longest <= measuredMax;
  const told = tellApart(isMeasured ? [...machines, measuring(sizes)] : machines, texts, {
    each: attributes.length,
    // An empty header is seldom meant.
    avoided: isOptional ? new Set([...avoided, ""]) : avoided,
  });
  const some = told.texts.flat();
  const lengthened = isMeasured
    ? []
    : some.flatMap((text) => sizes.flatMap((size) => (size > text.length ? text.padEnd(size, "~") : [])));
  const decimals = numbersAsked("decimal", questions);
  const written = decimals.numbers.flatMap((number) => [
    `${number}`,
    ...(number < 0n ? [] : sizes.map((size) => `${number}`.padStart(Math.min(size, measuredMax), "0"))),
  ]);
  const singles = [...some, ...lengthened, ...written].filter((text) => isTextOf(texts, text));
  const members = [...new Set(parts.flatMap((part) => (part.kind === "member" ? [part.text] : [])))];
  const lists = isHeader ? singles.flatMap((text) => listsWith(text, members.slice(0, listedMax))) : [];
  const isPlain = parts.every((part) => part.kind !== "text" || part.equals !== undefined);
  return {
    values: [...(isOptional ? [[]] : []), ...singles.map((text) => [text]), ...lists],
    isComplete:
      !isOpen &&
      told.isComplete &&
      (isMeasured || sizes.length === 0 || machines.length === 0) &&
      measured.isComplete &&
      decimals.isComplete &&
      (decimals.numbers.length === 0 || (isPlain && sizes.length === 0)) &&
      members.length <= listedMax,
  };
}

/** Of more values that are looked for in a header not all that it may have together are tried. */
const listedMax = 3;

/** A value with some of those that are looked for behind it. */
function listsWith(first: string, [member, ...others]: readonly string[]): readonly (readonly string[])[] {
  if (member === undefined) return [[first]];
  const lists = listsWith(first, others);
  return member === first ? lists : [...lists, ...lists.map((list) => [...list, member])];
}

function isTextOf({ begin, bytes, isTrimmed, mayBeEmpty }: Texts, text: string): boolean {
  const rest = text.slice(begin.length);
  const has = new Set(bytes);
  return (
    text.startsWith(begin) &&
    (mayBeEmpty || text !== "") &&
    !(isTrimmed && /^[ \t]|[ \t]$/.test(text)) &&
    codes(rest).every((byte) => has.has(byte))
  );
}

function upTo(reach: bigint): readonly bigint[] {
  return fromTo(-reach, reach);
}

function fromTo(least: bigint, most: bigint): readonly bigint[] {
  return Array.from({ length: Number(most - least) + 1 }, (_, at) => least + BigInt(at));
}

/** All texts that policies say, as bytes: one that is none of them is told apart from what they write. */
function textsIn(policies: readonly CopperPolicy[]): ReadonlySet<string> {
  const literals = policies.flatMap(({ sections, parameters }) => [
    ...parameters.map((parameter) => parameter.default),
    ...sections.flatMap(({ body }) => expressionsIn(body).flatMap(literalsIn)),
  ]);
  return new Set(literals.map(literalValue).filter((value) => typeof value === "string"));
}

function expressionsIn(body: readonly Statement[]): readonly Expression[] {
  return statementsIn(body).flatMap((statement) => {
    if (statement.kind === "do") return [statement.call];
    if (statement.kind === "let") return [statement.value];
    return statement.kind === "if" ? [statement.condition] : [];
  });
}

function literalsIn(expression: Expression): readonly Literal[] {
  return expression.kind === "literal" ? [expression] : partsOf(expression).flatMap(literalsIn);
}
