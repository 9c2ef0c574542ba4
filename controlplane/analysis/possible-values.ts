import type { Call, CopperPolicy, Expression, Statement } from "../language/policy.ts";
import { textOf } from "../language/statements-in.ts";
import { phaseOf, touchedBy } from "./footprint.ts";
import { absent, operate, sampleOf, textFunction, textIn } from "./known-values.ts";

/** What the two sides of a trial may find in a request: of each thing that policies ask about, values that they tell apart. */
export interface PossibleValues {
  /** As a trial writes them. */
  readonly values: readonly string[];
  /** Whether there is one for all that policies can tell apart. */
  readonly isComplete: boolean;
}

/** Actions that yield something of a request, by what it is: a text that may be absent, one that is always there, or a number. */
const sources: ReadonlyMap<string, "optional" | "text" | "status"> = new Map([
  ["GetHeader", "optional"],
  ["GetHeaders", "optional"],
  ["HasHeader", "optional"],
  ["GetQuery", "optional"],
  ["GetClaim", "optional"],
  ["GetJsonField", "optional"],
  ["GetMethod", "text"],
  ["GetPath", "text"],
  ["GetHost", "text"],
  ["GetStatus", "status"],
  ["IsRequestStatus", "status"],
]);

/** The name of what an action yields of a request; undefined where it yields nothing of it. */
export function sourceOf(call: Call, phase: "request" | "response"): string | undefined {
  if (call.state !== undefined || !sources.has(call.action)) return undefined;
  const [key] = touchedBy(call, phase).reads ?? [];
  // A query stands in the path, and neither decides the other.
  if (key !== undefined && call.action !== "GetQuery") return key;
  return `${call.action} ${call.arguments.map((_, at) => textOf(call, at)).join(" ")}`;
}

/** What is asked about things that may be equal to each other, or come to be. */
interface Asked {
  readonly texts: Set<string>;
  readonly numbers: Set<bigint>;
  readonly patterns: Set<string>;
  readonly functions: Set<string>;
}

const valuesMax = 16;
/** With more texts not all pairs of a beginning and an end are tried. */
const textsMax = 12;

/** The values of each thing that these policies ask about, by its name. */
export function possibleValues(policies: readonly CopperPolicy[]): (source: string) => PossibleValues {
  const groups = new Map<string, Asked>();
  const join = (names: readonly string[], more: Asked = nothing()): Asked => {
    const old = new Set(names.flatMap((name) => groups.get(name) ?? []));
    const joined = [...old, more].reduce(
      (all, each): Asked => ({
        texts: new Set([...all.texts, ...each.texts]),
        numbers: new Set([...all.numbers, ...each.numbers]),
        patterns: new Set([...all.patterns, ...each.patterns]),
        functions: new Set([...all.functions, ...each.functions]),
      }),
      nothing(),
    );
    const members = [...groups].flatMap(([name, group]) => (old.has(group) ? [name] : []));
    for (const name of [...names, ...members]) groups.set(name, joined);
    return joined;
  };
  for (const policy of policies) for (const { body } of policy.sections) askedIn(policy, body, join);
  const known = new Map<string, PossibleValues>();
  return (source) => {
    const before = known.get(source);
    if (before !== undefined) return before;
    const found = valuesFor(source, groups.get(source) ?? nothing());
    known.set(source, found);
    return found;
  };
}

function nothing(): Asked {
  return { texts: new Set(), numbers: new Set(), patterns: new Set(), functions: new Set() };
}

type Join = (names: readonly string[], more?: Asked) => Asked;

/** What a policy asks, and which things it compares with each other or writes into each other. */
function askedIn(policy: CopperPolicy, statements: readonly Statement[], join: Join): void {
  const phase = phaseOf(policy);
  const locals = new Map<string, readonly Expression[]>();

  /** All that takes part in an expression, by way of names too. */
  const partsOf = (expression: Expression): readonly Expression[] => {
    switch (expression.kind) {
      case "call":
        return [expression, ...expression.arguments.flatMap(partsOf)];
      case "unary":
      case "convert":
        return [expression, ...partsOf(expression.operand)];
      case "binary":
        return [expression, ...partsOf(expression.left), ...partsOf(expression.right)];
      case "local":
        return locals.get(expression.name) ?? [];
      default:
        return [expression];
    }
  };
  const namesIn = (parts: readonly Expression[]): readonly string[] =>
    parts.flatMap((part) => (part.kind === "call" ? (sourceOf(part, phase) ?? []) : []));

  const look = (expression: Expression): void => {
    const parts = partsOf(expression);
    const calls = parts.filter((part) => part.kind === "call");
    const isPattern = (part: Expression): boolean =>
      calls.some(({ action, arguments: given }) => action === "string.Matches" && given[1] === part);
    const isName = (part: Expression): boolean =>
      calls.some((call) => call.arguments[0] === part && sourceOf(call, phase) !== undefined);
    const more = nothing();
    for (const part of parts) {
      if (part.kind === "call") more.functions.add(part.action);
      if (part.kind !== "literal" || isName(part)) continue;
      if (typeof part.value === "bigint") more.numbers.add(part.value);
      else if (isPattern(part)) more.patterns.add(String(part.value));
      else if (typeof part.value === "string") more.texts.add(part.value);
    }
    const names = namesIn(parts);
    if (names.length === 0) return;
    if (calls.some(({ action }) => action === "IsRequestStatus"))
      join(["response:grpc-status"], { ...nothing(), texts: new Set(["0"]) });
    if (isBetween(expression)) join(names, more);
    else for (const name of names) join([name], more);
  };

  /** Whether things are compared with each other. */
  const isBetween = (expression: Expression): boolean =>
    partsOf(expression).some((part) => {
      const sides =
        part.kind === "binary" && part.operator !== "&&" && part.operator !== "||"
          ? [part.left, part.right]
          : part.kind === "call"
            ? part.arguments
            : [];
      return (
        sides.filter((side) => namesIn(partsOf(side)).length > 0).length > 1 ||
        (part.kind === "call" &&
          part.action === "HasHeader" &&
          sides.slice(1).some((side) => namesIn(partsOf(side)).length > 0))
      );
    });

  const write = (call: Call): void => {
    const [key] = touchedBy(call, phase).writes ?? [];
    const value = call.arguments.at(-1);
    if (key === undefined || value === undefined) return;
    const texts = new Set<string>(value.kind === "literal" ? [String(value.value)] : []);
    join([key, ...namesIn(partsOf(value))], { ...nothing(), texts });
  };

  const go = (body: readonly Statement[]): void => {
    for (const statement of body) {
      if (statement.kind === "do") {
        statement.call.arguments.forEach(look);
        if (["SetHeader", "AddHeader", "RewritePath", "RewriteHost"].includes(statement.call.action))
          write(statement.call);
      } else if (statement.kind === "let") {
        locals.set(statement.name, partsOf(statement.value));
        look(statement.value);
      } else if (statement.kind === "if") {
        look(statement.condition);
        go(statement.then);
        go(statement.else);
      }
    }
  };
  go(statements);
}

/** Texts around which nothing is asked: what is not in any literal. */
const other = "~";

function valuesFor(source: string, asked: Asked): PossibleValues {
  if (source === "response::status") return statusesFor(asked);
  // What is always there: a path begins so.
  const begin = source === "request::path" ? "/" : "";
  const isOptional = !["request::method", "request::path", "request::authority"].includes(source);
  const { functions } = asked;
  const texts = [...asked.texts];
  const few = texts.slice(0, textsMax);
  const joined = (functions.has("string.StartsWith") ? [...few, ""] : [""]).flatMap((first) =>
    (functions.has("string.EndsWith") ? [...few, ""] : [""]).flatMap((last) =>
      (functions.has("string.Contains") ? [...few, ""] : [""]).map(
        (middle) => `${first}${other}${middle}${other}${last}`,
      ),
    ),
  );
  const around = ["string.StartsWith", "string.EndsWith", "string.Contains"].some((name) =>
    functions.has(name),
  )
    ? [
        ...joined,
        ...texts.flatMap((text) => [`${text}${other}`, `${other}${text}`, `${other}${text}${other}`]),
      ]
    : [];
  const lettered = functions.has("string.ToLower")
    ? [...texts, ...around].flatMap((text) => [text.toUpperCase(), text.toLowerCase()])
    : [];
  const numbers = functions.has("string.ToInt")
    ? [...asked.numbers].flatMap((n) => [n - 1n, n, n + 1n].map(String))
    : [];
  const long = functions.has("string.Length")
    ? [...asked.numbers].flatMap((n) =>
        [n - 1n, n, n + 1n].flatMap((size) =>
          size >= 0n && size <= 4_096n ? [other.repeat(Number(size))] : [],
        ),
      )
    : [];
  const samples = [...asked.patterns].flatMap((pattern) => sampleOf(pattern, begin) ?? []);
  const candidates = [
    ...texts,
    ...samples,
    ...numbers,
    ...long,
    ...lettered,
    ...around,
    begin + other,
    begin,
  ].map((text) => JSON.stringify(text.startsWith(begin) ? text : `${begin}${text}`));
  const told = new Map<string, string>();
  for (const candidate of candidates) {
    const key = toldApart(candidate, asked);
    if (!told.has(key)) told.set(key, candidate);
  }
  const values = [...(isOptional ? [absent] : []), ...told.values()];
  const isComplete = values.length <= valuesMax && (around.length === 0 || texts.length <= textsMax);
  return { values: values.slice(0, valuesMax), isComplete };
}

/** All that policies can find out about a text, in a text. */
function toldApart(value: string, { texts, numbers, patterns, functions }: Asked): string {
  const forms = functions.has("string.ToLower")
    ? [value, textFunction("string.ToLower", [value]) ?? value]
    : [value];
  const compared = forms.flatMap((form) => [
    ...[...texts].map((text) => textIn(form) === text),
    ...["string.StartsWith", "string.EndsWith", "string.Contains"].flatMap((action) =>
      functions.has(action)
        ? [...texts].map((text) => textFunction(action, [form, JSON.stringify(text)]))
        : [],
    ),
    ...[...patterns].map((pattern) => textFunction("string.Matches", [form, JSON.stringify(pattern)])),
  ]);
  const measured = ["string.ToInt", "string.Length"].flatMap((action) => {
    if (!functions.has(action)) return [];
    const results = [...numbers, 0n].map(
      (otherwise) => textFunction(action, [value, String(otherwise)]) ?? "",
    );
    return results.flatMap((result) =>
      [...numbers].map((n) => `${operate("<", result, String(n))}${operate("==", result, String(n))}`),
    );
  });
  return JSON.stringify([compared, measured]);
}

function statusesFor({ numbers }: Asked): PossibleValues {
  const statuses = [200n, 503n, ...[...numbers].flatMap((n) => [n - 1n, n, n + 1n])].filter(
    (status) => status >= 200n && status <= 599n,
  );
  const told = new Map<string, string>();
  for (const status of statuses) {
    const key = JSON.stringify([status >= 500n, ...[...numbers].map((n) => [status < n, status === n])]);
    if (!told.has(key)) told.set(key, String(status));
  }
  return { values: [...told.values()].slice(0, valuesMax), isComplete: told.size <= valuesMax };
}
