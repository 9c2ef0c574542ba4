import { phaseOf } from "../language/phase-of.ts";
import type { Call, CopperPolicy, Expression, Statement } from "../language/policy.ts";
import { callsIn, partsOf } from "../language/statements-in.ts";
import { attributesOf, type Standing, toldBy } from "./attributes.ts";
import type { CallName } from "./call-graph.ts";
import { closed, isConstant, parameterValue } from "./constant-value.ts";
import { evaluate, type Surroundings } from "./evaluate.ts";
import { touchedBy } from "./footprint.ts";
import { around, comparing, containing, ending, matching, type TextMachine } from "./text-machine.ts";
import { automatonOf, lower, type TrialValue, textOfBytes, valueFunction } from "./trial-value.ts";

/** What policies ask about one attribute, or about some that are compared with each other or written into each other. */
export interface Questions {
  readonly attributes: readonly string[];
  /** What is asked, as far as it is asked about one attribute: an answer, given all values of it. */
  readonly asks: readonly ((values: readonly TrialValue[]) => TrialValue)[];
  readonly parts: readonly Part[];
  /** Whether something is asked that the parts do not say, so that values which they do not tell apart may be told apart. */
  readonly isOpen: boolean;
}

/** What is known of a question, by which values are found that tell it apart. */
export type Part =
  /** It can be asked byte by byte. `equals`: whether the text is this one. */
  | { readonly kind: "text"; readonly machine: TextMachine; readonly equals?: string }
  /** A number is compared with one. */
  | { readonly kind: "compared"; readonly of: NumberKind; readonly than: bigint }
  /** The same of what is calculated from it: beyond this far from 0 nothing else comes. */
  | { readonly kind: "calculated"; readonly of: NumberKind; readonly reach: bigint }
  /** What is looked for among all values of a header. */
  | { readonly kind: "member"; readonly text: string }
  | { readonly kind: "values joined" }
  | { readonly kind: "first value" }
  /** Of a body that is longer, no more is looked at. */
  | { readonly kind: "limit"; readonly limit: TrialValue }
  /** An attribute is made of another one. */
  | { readonly kind: "made"; readonly into: string }
  | { readonly kind: "open" };

/** A text's length, what it says as a number, or what is a number. */
export type NumberKind = "size" | "decimal" | "number";

interface Question {
  readonly attributes: readonly string[];
  readonly parts: readonly Part[];
  /** Whether it matters only where another attribute is compared with this one. */
  readonly isWritten?: true;
  readonly ask?: (values: readonly TrialValue[]) => TrialValue;
}

/** With more attributes that are compared with each other not all ways in which they are equal are tried. */
const membersMax = 3;

/** What policies ask of requests of a call, each attribute in one group. */
export function questionsOf(policies: readonly CopperPolicy[], call: CallName): readonly Questions[] {
  const found = policies.flatMap((policy) =>
    policy.sections.flatMap(({ side, body }) => inBody(body, { policy, side, call })),
  );
  const groups = new Map<string, ReadonlySet<string>>();
  for (const { attributes } of found) {
    const joined = new Set(attributes.flatMap((each) => [each, ...(groups.get(each) ?? [])]));
    for (const each of joined) groups.set(each, joined);
  }
  return [...new Set(groups.values())].map((group) => {
    const own = found.filter(
      ({ attributes: [any = ""], isWritten }) =>
        group.has(any) && (isWritten === undefined || group.size > 1),
    );
    const parts = own.flatMap((question) => question.parts);
    const isAsked = (attribute: string): boolean =>
      own.some(({ ask, attributes }) => ask !== undefined && attributes.includes(attribute));
    const has = (kind: Part["kind"]): boolean => parts.some((part) => part.kind === kind);
    const limits = new Set(parts.flatMap((part) => (part.kind === "limit" ? [part.limit] : [])));
    return {
      attributes: [...group],
      asks: own.flatMap(({ ask }) => ask ?? []),
      parts,
      isOpen:
        has("open") ||
        group.size > membersMax ||
        limits.size > 1 ||
        (has("values joined") && (has("first value") || has("member"))) ||
        parts.some((part) => part.kind === "made" && isAsked(part.into)),
    };
  });
}

interface Place extends Standing {
  readonly call: CallName;
}

const open: Part = { kind: "open" };
const writing: ReadonlySet<string> = new Set(["SetHeader", "AddHeader", "RewritePath", "RewriteHost"]);

function inBody(statements: readonly Statement[], place: Place): readonly Question[] {
  const found: Question[] = [];
  const go = (body: readonly Statement[], outer: ReadonlyMap<string, Expression>): void => {
    const locals = new Map(outer);
    const look = (expression: Expression): Expression => {
      const whole = closed(expression, locals);
      found.push(...inExpression(whole, place));
      return whole;
    };
    for (const statement of body) {
      if (statement.kind === "let") locals.set(statement.name, look(statement.value));
      else if (statement.kind === "if") {
        look(statement.condition);
        go(statement.then, locals);
        go(statement.else, locals);
      } else if (statement.kind === "do") {
        const values = statement.call.arguments.map(look);
        if (writing.has(statement.call.action)) found.push(...written(statement.call, values.at(-1), place));
      }
    }
  };
  go(statements, new Map());
  return found;
}

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** What an expression asks that is true or not, the smallest parts that are. */
function inExpression(expression: Expression, place: Place): readonly Question[] {
  const children = partsOf(expression).flatMap((part) => inExpression(part, place));
  const isQuestion =
    (expression.kind === "binary" && comparisons.has(expression.operator)) ||
    (expression.kind === "call" && expression.type === "bool");
  if (!isQuestion) return children;
  const attributes = attributesIn(expression, place);
  if (attributes.length === 0) return children;
  return [...children, ...questionsIn(expression, attributes, place)];
}

function attributesIn(expression: Expression, place: Place): readonly string[] {
  const own = expression.kind === "call" ? attributesOf(expression, place) : [];
  return [...new Set([...own, ...partsOf(expression).flatMap((part) => attributesIn(part, place))])];
}

function questionsIn(
  expression: Expression,
  attributes: readonly string[],
  place: Place,
): readonly Question[] {
  if (expression.kind === "call" && expression.action === "IsRequestStatus") {
    const [status = "", grpc = ""] = attributes;
    return [
      { attributes: [status], parts: [], ask: ([value]) => Number(value) >= 500 },
      {
        attributes: [grpc],
        parts: [{ kind: "text", machine: comparing("0", "equal") }],
        ask: ([value = "0"]) => value !== "0",
      },
    ];
  }
  if (attributes.length > 1) {
    const constants = constantsIn(expression, place).filter((value) => typeof value === "string");
    const readings = readingsIn(expression, place);
    if (isPlainBetween(expression, place)) return [{ attributes, parts: readings }];
    // Whatever is asked of them together, there are two numbers among what is tried.
    const tried = new Set([...constants, "1", "2"]);
    return [
      { attributes, parts: [...readings, open] },
      ...[...tried].map((text) => isText(attributes, text)),
    ];
  }
  const ask = (values: readonly TrialValue[]): TrialValue => evaluate(expression, within(place, values));
  const parts = [...readingsIn(expression, place), ...partsIn(expression, place)];
  const [attribute = ""] = attributes;
  const added = attribute.startsWith("count ") ? addedTo(attribute, place) : [0n];
  if (added === undefined) return [{ attributes, parts: [...parts, open], ask }];
  // It may be asked before the request is counted, and after.
  return added.map((by) => ({
    attributes,
    parts: by === 0n ? parts : parts.map((part) => lessBy(part, by)),
    ask: (values) => ask(by === 0n ? values : values.map((value) => BigInt(Number(value)) + by)),
  }));
}

/** All that a section may have added to its counter when it asks; undefined where that is not known, or too much. */
function addedTo(attribute: string, place: Place): readonly bigint[] | undefined {
  const { policy, side } = place;
  const own = policy.sections.filter((section) => section.side === side).flatMap(({ body }) => callsIn(body));
  const changing = own.filter(
    (call) =>
      call.action === "Counter.Increment" && `count ${policy.name} ${side} ${call.state}` === attribute,
  );
  const by = changing.map(({ arguments: [given] }) => given && constantOf(given, place)?.value);
  const known = by.filter((each) => typeof each === "bigint");
  if (known.length < by.length || known.length > incrementsMax) return undefined;
  let sums = [0n];
  for (const each of known) sums = sums.flatMap((sum) => [sum, sum + each]);
  return [...new Set(sums)];
}

/** Of more increments in one section not every sum is tried. */
const incrementsMax = 4;

/** What is asked of a number with so much added, asked of the number. */
function lessBy(part: Part, by: bigint): Part {
  if (part.kind === "compared") return { ...part, than: part.than - by };
  return part.kind === "calculated" ? { ...part, reach: part.reach + (by < 0n ? -by : by) } : part;
}

function isText(attributes: readonly string[], text: string): Question {
  return {
    attributes,
    parts: [{ kind: "text", machine: comparing(text, "equal"), equals: text }],
    ask: ([first]) => first === text,
  };
}

/** An expression of one attribute, where its values are these. */
function within({ policy, side, call }: Place, values: readonly TrialValue[]): Surroundings {
  return {
    local: () => undefined,
    parameter: (name) => parameterValue(policy, name),
    call: (made, given) => {
      if (attributesOf(made, { policy, side }).length > 0) return toldBy(made, given, [values]);
      return known(made, given, call);
    },
  };
}

/** What a call yields whatever the request is like; undefined where it depends on that. */
export function known(made: Call, given: readonly TrialValue[], { from, to }: CallName): TrialValue {
  if (made.action === "GetCaller") return from ?? undefined;
  if (made.action === "GetCallee") return to;
  return valueFunction(made.action, given)?.value;
}

/** What an expression is whatever the request is like. */
function constantOf(expression: Expression, place: Place): { readonly value: TrialValue } | undefined {
  return isConstant(expression) ? { value: evaluate(expression, within(place, [])) } : undefined;
}

function constantsIn(expression: Expression, place: Place): readonly TrialValue[] {
  const constant = constantOf(expression, place);
  return constant === undefined
    ? partsOf(expression).flatMap((part) => constantsIn(part, place))
    : [constant.value];
}

/** How attributes are looked at. */
function readingsIn(expression: Expression, place: Place): readonly Part[] {
  return [
    ...(expression.kind === "call" ? readingsOf(expression, place) : []),
    ...partsOf(expression).flatMap((part) => readingsIn(part, place)),
  ];
}

function readingsOf(call: Call, place: Place): readonly Part[] {
  switch (call.action) {
    case "GetHeader":
      // The header has the query too.
      return attributesOf(call, place).includes("request::path") ? [open] : [{ kind: "first value" }];
    case "GetHeaders":
      return [{ kind: "values joined" }];
    case "GetJsonField": {
      const [, limit] = call.arguments;
      return [{ kind: "limit", limit: limit && constantOf(limit, place)?.value }];
    }
    default:
      return [];
  }
}

/** Whether nothing is asked but whether two attributes are equal, as they are. */
function isPlainBetween(expression: Expression, place: Place): boolean {
  const isPlain = (part: Expression | undefined): boolean => part !== undefined && isAttribute(part, place);
  return (
    expression.kind === "binary" &&
    ["==", "!="].includes(expression.operator) &&
    isPlain(expression.left) &&
    isPlain(expression.right)
  );
}

function isAttribute(expression: Expression, place: Place): boolean {
  const shape = shapeOf(expression, place);
  return (
    shape !== undefined && shape.before === "" && shape.behind === "" && !shape.isLower && !shape.isInstead
  );
}

/** An attribute with something before and behind it, in lower case or as it is, or something instead of it. */
interface Shape {
  readonly before: string;
  readonly behind: string;
  readonly isLower: boolean;
  readonly isInstead: boolean;
}

const texts: ReadonlySet<string> = new Set([
  "GetHeader",
  "GetHeaders",
  "GetMethod",
  "GetPath",
  "GetHost",
  "GetQuery",
  "GetClaim",
  "GetJsonField",
]);

function shapeOf(expression: Expression, place: Place): Shape | undefined {
  const constant = (part: Expression): string | undefined => {
    const found = constantOf(part, place);
    return typeof found?.value === "string" ? found.value : undefined;
  };
  if (expression.kind === "convert") return shapeOf(expression.operand, place);
  if (expression.kind === "call") {
    if (texts.has(expression.action)) return { before: "", behind: "", isLower: false, isInstead: false };
    const [of] = expression.arguments;
    const inner = expression.action === "string.ToLower" && of !== undefined ? shapeOf(of, place) : undefined;
    return inner && { ...inner, before: lower(inner.before), behind: lower(inner.behind), isLower: true };
  }
  if (expression.kind !== "binary") return undefined;
  const { operator, left, right } = expression;
  if (operator === "??") {
    const shape = constant(right) === undefined ? undefined : shapeOf(left, place);
    return shape && { ...shape, isInstead: true };
  }
  if (operator !== "+") return undefined;
  const [before, behind] = [constant(left), constant(right)];
  if (before !== undefined) {
    const shape = shapeOf(right, place);
    return shape && { ...shape, before: before + shape.before };
  }
  const shape = behind === undefined ? undefined : shapeOf(left, place);
  return shape && { ...shape, behind: shape.behind + behind };
}

/** The parts of a question about one attribute. */
function partsIn(question: Expression, place: Place): readonly Part[] {
  if (question.kind === "call") return partsOfCall(question, place);
  if (question.kind !== "binary") return [open];
  for (const [asked, other] of [
    [question.left, question.right],
    [question.right, question.left],
  ] as const) {
    const constant = constantOf(other, place);
    if (constant === undefined) continue;
    const { value } = constant;
    if (typeof value === "boolean") return [];
    if (typeof value === "string") {
      const shape = shapeOf(asked, place);
      const comparison = ["==", "!="].includes(question.operator) ? "equal" : "order";
      if (shape === undefined) return [open];
      const machine = around(comparing(value, comparison), shape);
      const isPlain = comparison === "equal" && isAttribute(asked, place);
      return [{ kind: "text", machine, ...(isPlain ? { equals: value } : {}) }];
    }
    return typeof value === "bigint" ? partsOfNumber(asked, { than: value, question, place }) : [open];
  }
  return [open];
}

function partsOfCall(call: Call, place: Place): readonly Part[] {
  const [of, other] = call.arguments;
  const constant = (at: number): TrialValue => {
    const argument = call.arguments[at];
    return argument && constantOf(argument, place)?.value;
  };
  switch (call.action) {
    case "HasHeader": {
      const text = constant(1);
      if (other === undefined) return [];
      return typeof text === "string"
        ? [
            { kind: "member", text },
            { kind: "text", machine: comparing(text, "equal"), equals: text },
          ]
        : [open];
    }
    case "BodyContains":
      return [
        { kind: "text", machine: containing(String(constant(0))) },
        { kind: "limit", limit: constant(1) },
      ];
    case "Counter.IsGreaterThan":
    case "Timer.IsTimeSince": {
      const than = constant(0);
      return typeof than === "bigint" ? [{ kind: "compared", of: "number", than }] : [open];
    }
    default: {
      const shape = of && shapeOf(of, place);
      const text = constant(1);
      const machine = typeof text === "string" ? machineOf(call.action, text) : undefined;
      return shape === undefined || machine === undefined
        ? [open]
        : [{ kind: "text", machine: around(machine, shape) }];
    }
  }
}

function machineOf(action: string, text: string): TextMachine | undefined {
  switch (action) {
    case "string.Contains":
      return containing(text);
    case "string.StartsWith":
      return comparing(text, "begins");
    case "string.EndsWith":
      return ending(text);
    case "string.Matches": {
      const automaton = automatonOf(textOfBytes(text));
      return automaton && matching(automaton);
    }
    default:
      return undefined;
  }
}

/** Of what is compared with a number. */
function partsOfNumber(
  asked: Expression,
  { than, question, place }: { readonly than: bigint; readonly question: Expression; readonly place: Place },
): readonly Part[] {
  const plain = numberOf(asked, place);
  if (plain !== undefined) return [{ kind: "compared", of: plain.kind, than: than - plain.more }];
  const of = calculatedFrom(asked, place);
  if (of === undefined) return [open];
  // A product of all numbers is beyond every one at which an answer changes, and holds every divisor.
  const reach = constantsIn(question, place).reduce<bigint>(
    (product, value) =>
      typeof value === "bigint" ? product * ((value < 0n ? -value : value) + 1n) : product,
    2n,
  );
  return [{ kind: "calculated", of, reach }];
}

/** A number that an attribute is, or has; `more` is what is before and behind it. */
function numberOf(
  expression: Expression,
  place: Place,
): { readonly kind: NumberKind; readonly more: bigint } | undefined {
  if (expression.kind !== "call") return undefined;
  const [of, otherwise] = expression.arguments;
  const shape = of && shapeOf(of, place);
  switch (expression.action) {
    case "GetStatus":
    case "Counter.GetCount":
      return { kind: "number", more: 0n };
    case "GetBodySize":
      return { kind: "size", more: 0n };
    case "string.Length":
      return shape && { kind: "size", more: BigInt(shape.before.length + shape.behind.length) };
    case "string.ToInt": {
      const isConstantOtherwise = otherwise !== undefined && constantOf(otherwise, place) !== undefined;
      return isConstantOtherwise && shape?.before === "" && shape.behind === ""
        ? { kind: "decimal", more: 0n }
        : undefined;
    }
    default:
      return undefined;
  }
}

/** What whole number something is calculated from, all of it from the same one. */
function calculatedFrom(expression: Expression, place: Place): NumberKind | undefined {
  const plain = numberOf(expression, place);
  if (plain !== undefined) return plain.kind;
  if (constantOf(expression, place) !== undefined || expression.kind === "call") return undefined;
  if (expression.kind === "convert" && expression.type === "float") return undefined;
  const parts = partsOf(expression).filter((part) => constantOf(part, place) === undefined);
  const kinds = new Set(parts.map((part) => calculatedFrom(part, place)));
  const [kind] = kinds;
  return kinds.size === 1 ? kind : undefined;
}

/** What is made of attributes in a header, a path or a host. */
function written(call: Call, value: Expression | undefined, place: Place): readonly Question[] {
  const [into] = touchedBy(call, phaseOf(place.policy)).writes ?? [];
  if (into === undefined || value === undefined) return [];
  const attributes = attributesIn(value, place);
  const constant = constantOf(value, place)?.value;
  if (typeof constant === "string") return [{ ...isText([into], constant), isWritten: true }];
  if (attributes.length === 0) return [];
  return [
    { attributes: [into, ...attributes], parts: isAttribute(value, place) ? [] : [{ kind: "made", into }] },
  ];
}
