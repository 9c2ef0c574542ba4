import type { Identifier, ImportNode } from "./ast.ts";
import { type ActionCost, type Amounts, amountKeys, amountUnits, type ProxyCost } from "./cost.ts";
import { createCursor } from "./cursor.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { ConstantKind, Interface, Parameter, Receiver, Signature, ValueType } from "./interface.ts";
import { type Comment, lex } from "./lexer.ts";
import { didYouMean, suggest } from "./nearest.ts";
import { readNumber } from "./numbers.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";

const valueTypes: readonly ValueType[] = ["string", "bytes", "int", "float", "bool", "duration"];
const constantKinds: readonly ConstantKind[] = [
  "header",
  "service",
  "version",
  "regex",
  "status",
  "level",
  "outcome",
  "name",
  "text",
  "conditions",
  "limit",
  "json",
];
const receiverKinds: readonly Receiver["kind"][] = ["act", "state", "type"];
/** Of one proxy: more would not leave room for sums of many. */
export const costMax = 1_000_000_000;
/** The words that declarations begin with. */
export const declarations: readonly string[] = ["dataplane", "cost", "import", ...receiverKinds];

/**
 * Parse an interface file: one interface for each data plane, split by `---`. Never throws: what could be read is returned beside what
 * went wrong. Receivers that an import would bring are not looked up.
 */
export function parseInterface(source: Source): {
  readonly interfaces: readonly Interface[];
  readonly imports: readonly ImportNode[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  return { ...parseFile(reporter), diagnostics: reporter.diagnostics };
}

/** What one data plane's part of a file has said so far. */
interface Draft {
  dataplane?: string;
  cost?: ProxyCost;
  place?: Span;
  readonly imports: string[];
  readonly receivers: Map<string, Receiver>;
  /** Where each receiver names its parent. */
  readonly parents: Map<string, Span>;
}

/** Functions that return undefined have reported why; their caller skips to where it can go on. */
function parseFile(reporter: Reporter): {
  readonly interfaces: readonly Interface[];
  readonly imports: readonly ImportNode[];
} {
  const cursor = createCursor(lex(reporter), reporter, "CUI0101");
  const { peek, next, isAt, accept, expect, unexpected, identifier, from } = cursor;
  const imports: ImportNode[] = [];

  function file(): readonly Interface[] {
    const interfaces: Interface[] = [];
    while (peek().kind !== "end") {
      // A semicolon alone makes no data plane.
      if (peek().kind === "separator" || isAt(";") || isAt(",")) next();
      else interfaces.push(part());
    }
    return interfaces;
  }

  /** What stands right before the token here; a comment that ends the line of something else is about that. */
  function documentation(): string {
    const { comments = [], span } = peek();
    const { end } = cursor.previous().span;
    const [first] = comments;
    const isBehind = first !== undefined && end <= first.span.start && end < span.start;
    const isOfLine = isBehind && !reporter.source.text.slice(end, first.span.start).includes("\n");
    return documentationOf(isOfLine ? comments.slice(1) : comments);
  }

  function part(): Interface {
    const draft: Draft = { imports: [], receivers: new Map(), parents: new Map() };
    while (!isEndOfPart()) {
      if (accept(";") || accept(",")) continue;
      if (!declaration(draft)) toNextDeclaration();
    }
    checkParents(draft, reporter);
    const { dataplane, cost, place, receivers } = draft;
    return {
      ...(dataplane === undefined ? {} : { dataplane }),
      ...(cost === undefined ? {} : { cost }),
      ...(place === undefined ? {} : { place }),
      imports: draft.imports,
      receivers,
    };
  }

  function isEndOfPart(): boolean {
    return peek().kind === "end" || peek().kind === "separator";
  }

  function declaration(draft: Draft): boolean {
    const { kind, value, span } = peek();
    const receiverKind = receiverKinds.find((candidate) => isAt(candidate, "name"));
    if (receiverKind) return receiver(receiverKind, draft);
    if (isAt("import", "name")) {
      const node = cursor.importLine();
      if (!node) return false;
      imports.push(node);
      draft.imports.push(node.path);
      return true;
    }
    if (isAt("dataplane", "name")) return dataplane(draft);
    if (isAt("cost", "name")) return cost(draft);
    const shape =
      "an interface has `dataplane NAME`, `cost: 1`, `import`, and `act`, `state` or `type` with actions";
    if (isAt("}")) unexpected("`act`, `state` or `type`", "this `}` closes nothing: remove it");
    else {
      unexpected(
        "`act`, `state` or `type`",
        kind === "name" ? suggest(value, declarations, shape, span) : shape,
      );
    }
    return false;
  }

  function dataplane(draft: Draft): boolean {
    next();
    if (isAt(":")) {
      unexpected("the name of a data plane", "a data plane is named without a colon: write `dataplane NAME`");
      next();
    }
    const name = identifier("the name of a data plane");
    if (!name) return false;
    if (draft.dataplane !== undefined) {
      twice(name.span, "`dataplane` is given twice", "split data planes with `---`");
    } else {
      draft.dataplane = name.text;
      draft.place = name.span;
    }
    return true;
  }

  function cost(draft: Draft): boolean {
    const { span } = next();
    accept(":");
    const value = accept("{") ? amounts() : bareCost();
    if (value === undefined) return false;
    if (draft.cost !== undefined) twice(span, "`cost` is given twice", "keep one of them");
    else {
      draft.cost = value;
      draft.place ??= span;
    }
    return true;
  }

  /** What is no cost is reported, and taken for the default. */
  function bareCost(): number | undefined {
    if (!isAt("-") && peek().kind !== "number")
      return unexpected(
        "the cost of one proxy",
        "write `cost: 1`, or `cost: { cpu: 20mCPU, memory: 45MiB }`",
      );
    const { start } = peek().span;
    const value = quantity(new Map([["", 1]]));
    if (value !== undefined) return value;
    reporter.report("CUI0106", from(start), "this is no cost of a proxy", {
      help: `a cost is a number from 0 to ${costMax}, without a unit; with units write \`cost: { cpu: 20mCPU, memory: 45MiB }\``,
    });
    return 1;
  }

  /** After the `{`, up to and with the `}`. */
  function amounts(): Amounts | undefined {
    const found = new Map<keyof typeof amountKeys, number>();
    const keys = Object.keys(amountKeys) as readonly (keyof typeof amountKeys)[];
    while (!accept("}")) {
      if (accept(",") || accept(";")) continue;
      const word = peek();
      const key = keys.find((candidate) => isAt(candidate, "name"));
      if (key === undefined) {
        const shape = "a cost has `cpu`, `memory` and `request`, such as `{ cpu: 20mCPU, memory: 45MiB }`";
        return unexpected(
          "what the proxy takes, or `}`",
          word.kind === "name" ? suggest(word.value, keys, shape, word.span) : shape,
        );
      }
      next();
      if (!expect(":")) return undefined;
      const { start } = peek().span;
      const value = quantity(amountUnits[key]);
      if (value === undefined) {
        const written = reporter.source.text.slice(start, from(start).end);
        reporter.report("CUI0106", from(start), `\`${written}\` is no ${amountKeys[key].what}`, {
          help: `write a number with its unit, not negative and not huge, such as ${amountKeys[key].write}`,
        });
      }
      if (found.has(key)) twice(word.span, `\`${key}\` is given twice`, "keep one of them");
      else if (value !== undefined) found.set(key, value);
      if (!isAt(",") && !isAt(";") && !isAt("}")) return unexpected("`,` or `}`");
    }
    return Object.fromEntries([...found].map(([key, value]) => [amountKeys[key].amount, value]));
  }

  /** A number with one of the units, which may stand apart, in the unit whose factor is 1. Undefined when it is none, negative or huge; it is read all the same. */
  function quantity(units: ReadonlyMap<string, number>): number | undefined {
    const isNegative = accept("-");
    const { kind, value } = next();
    const [, digits = "", tight = ""] = /^([0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z_]*)$/.exec(value) ?? [];
    const isApart = tight === "" && isUnit(0);
    const unit = isApart ? next().value : tight;
    const factor = units.get(unit);
    const amount = Number(digits) * (factor ?? Number.NaN);
    return kind !== "number" || isNegative || !(amount <= costMax) ? undefined : amount;
  }

  function isUnit(ahead: number): boolean {
    const { kind, value } = peek(ahead);
    return kind === "name" && Object.values(amountUnits).some((units) => units.has(value));
  }

  function twice(span: Span, message: string, help: string): void {
    reporter.report("CUI0103", span, message, { help });
  }

  function toNextDeclaration(): void {
    while (!isEndOfPart() && !(cursor.startsLine() && isBeginning())) next();
  }

  function isBeginning(): boolean {
    return peek().kind === "name" && declarations.includes(peek().value);
  }

  function receiver(kind: Receiver["kind"], draft: Draft): boolean {
    const about = documentation();
    next();
    const name = identifier("a name");
    if (!name) return false;
    const parent = accept(":") ? identifier("the name of the more general one") : undefined;
    if (!expect("{")) return false;
    const actions = block();
    if (kind === "type" && !valueTypes.some((type) => type === name.text)) unknownType(name, valueTypes);
    const isTwice = draft.receivers.has(name.text);
    if (isTwice) twice(name.span, `\`${name.text}\` is declared twice`, "put the actions of both into one");
    else {
      draft.receivers.set(name.text, {
        kind,
        name: name.text,
        ...(parent === undefined ? {} : { extends: parent.text }),
        actions,
        documentation: about,
        span: name.span,
      });
      if (parent) draft.parents.set(name.text, parent.span);
    }
    return true;
  }

  /** After its `{`, up to and with its `}`. */
  function block(): ReadonlyMap<string, Signature> {
    const actions = new Map<string, Signature>();
    while (!accept("}")) {
      if (isEndOfPart() || (isBeginning() && cursor.startsLine())) {
        unexpected("`}`");
        break;
      }
      if (accept(",") || accept(";")) continue;
      const action = signature();
      if (!action) toNextAction();
      else if (actions.has(action.name))
        twice(action.span, `action \`${action.name}\` is declared twice`, "remove one, or rename it");
      else actions.set(action.name, action);
    }
    return actions;
  }

  function toNextAction(): void {
    while (!isEndOfPart() && !isAt("}") && !(isBeginning() && cursor.startsLine())) {
      next();
      if (isAt("action", "name") || isAt("[")) return;
    }
  }

  function signature(): Signature | undefined {
    const about = documentation();
    const side = isAt("[") ? heading() : "either";
    if (side === undefined) return undefined;
    if (!isAt("action", "name"))
      return unexpected(
        "`action` or `}`",
        peek().kind === "name" && didYouMean(peek().value, ["action"], "") !== ""
          ? suggest(peek().value, ["action"], "", peek().span)
          : {},
      );
    next();
    const name = identifier("the name of an action");
    if (!name || !expect("(")) return undefined;
    const list = parameters();
    if (!list) return undefined;
    const result = accept(":") || accept("->") ? resultType() : "nothing";
    if (result === undefined) return undefined;
    const execution = actionCost();
    return {
      name: name.text,
      parameters: list,
      ...(result === "nothing" ? {} : { result }),
      ...(side === "either" ? {} : { side }),
      ...(execution === undefined ? {} : { cost: execution }),
      documentation: about,
      span: name.span,
    };
  }

  /** `cost 1.2us` at the end of an action. On a line of its own the word is about the data plane. */
  function actionCost(): ActionCost | undefined {
    if (!isAt("cost", "name") || cursor.startsLine()) return undefined;
    next();
    if (!isAt("-") && peek().kind !== "number") {
      unexpected("the cost of one execution", "write `cost 1.2us`");
      // What stands there instead is not blamed again.
      if (peek().kind === "name") next();
      return undefined;
    }
    const { start } = peek().span;
    const isBare = !/[A-DF-Za-df-z]/.test(peek().value) && !isUnit(1);
    const value = quantity(isBare ? new Map([["", 1]]) : amountUnits.request);
    if (value === undefined) {
      reporter.report("CUI0106", from(start), "this is no cost of an action", {
        help: "write the CPU time of one execution, such as `cost 1.2us`, or a number without a unit where the cost of the proxy is one",
      });
      return undefined;
    }
    return isBare ? value : { cpuNs: value };
  }

  function heading(): "egress" | "ingress" | undefined {
    next();
    const name = identifier("`Egress` or `Ingress`");
    if (!name || !expect("]")) return undefined;
    if (name.text === "Egress") return "egress";
    if (name.text === "Ingress") return "ingress";
    reporter.report("CUI0101", name.span, `expected \`Egress\` or \`Ingress\`, found \`${name.text}\``, {
      ...suggest(
        name.text,
        ["Egress", "Ingress"],
        "an action without a heading can be done on either side",
        name.span,
      ),
    });
    return undefined;
  }

  /** After the `(`, up to and with the `)`. */
  function parameters(): readonly Parameter[] | undefined {
    if (!accept("self", "name")) {
      const help = "what the action is done to comes first: `(self, …)`";
      if (!isAt(")") && peek().kind !== "name") return unexpected("`self`", help);
      unexpected("`self`", help);
    } else if (!accept(",") && !isAt(")")) return unexpected("`,` or `)`");
    const list: Parameter[] = [];
    const names = new Set<string>();
    while (!accept(")")) {
      const node = parameter(names, list.at(-1)?.default !== undefined);
      if (!node) return undefined;
      list.push(node);
      if (!accept(",") && !isAt(")")) return unexpected("`,` or `)`");
    }
    return list;
  }

  function parameter(names: Set<string>, isAfterOptional: boolean): Parameter | undefined {
    const { start } = peek().span;
    const isConstant = accept("const", "name");
    const type = parameterType(isConstant);
    if (!type) return undefined;
    const name = peek().kind === "name" ? identifier("a name") : undefined;
    const value = accept("=") ? defaultOf(type) : undefined;
    const span = from(start);
    if (name && names.has(name.text))
      twice(name.span, `parameter \`${name.text}\` is declared twice`, "rename one");
    if (name) names.add(name.text);
    if (value === undefined && isAfterOptional) {
      reporter.report("CUI0105", span, "this parameter must be given, and one before it need not be", {
        help: "give it a default, or put it first",
      });
    }
    return {
      ...(name === undefined ? {} : { name: name.text }),
      type,
      isConstant,
      ...(value === undefined ? {} : { default: value }),
      span,
    };
  }

  function parameterType(isConstant: boolean): ValueType | ConstantKind | undefined {
    const word = identifier(isConstant ? "the kind of a constant" : "a type");
    if (!word) return undefined;
    const known: readonly (ValueType | ConstantKind)[] = isConstant ? constantKinds : valueTypes;
    const type = known.find((candidate) => candidate === word.text);
    if (type) return type;
    if (!isConstant && constantKinds.some((kind) => kind === word.text)) {
      reporter.report("CUI0102", word.span, `\`${word.text}\` is a kind of constant, not a type`, {
        help: `write \`const ${word.text}\``,
      });
    } else unknownType(word, known);
    return undefined;
  }

  function unknownType(word: Identifier, known: readonly string[]): void {
    reporter.report("CUI0102", word.span, `unknown type \`${word.text}\``, {
      ...suggest(word.text, known, `there are \`${known.join("`, `")}\``, word.span),
    });
  }

  function resultType(): NonNullable<Signature["result"]> | undefined {
    const { start } = peek().span;
    const word = identifier("the type of the result");
    const isOptional = accept("?");
    const type = valueTypes.find((candidate) => candidate === word?.text);
    if (word && !type) unknownType(word, valueTypes);
    if (!type) return undefined;
    if (isOptional && type !== "string" && type !== "bytes") {
      reporter.report("CUI0102", from(start), `a value of type \`${type}\` cannot be absent`, {
        help: "only `string?` and `bytes?` can",
      });
    }
    return { type, isOptional: isOptional && (type === "string" || type === "bytes") };
  }

  /** After the `=`. Undefined when there is none, or none that fits, which is reported. */
  function defaultOf(type: ValueType | ConstantKind): Parameter["default"] {
    const { start } = peek().span;
    const sign = accept("-") ? "-" : "";
    const { kind, value } = peek();
    if (kind !== "string" && kind !== "number" && kind !== "name") return unexpected("a default");
    next();
    const found =
      kind === "name" && value === "none" && sign === "" ? "none" : literal(type, kind, sign + value);
    if (found !== undefined) return found;
    reporter.report("CUI0104", from(start), `this is no default for \`${type}\``, { help: wanted(type) });
    // So that the ones behind it are not also blamed.
    return "none";
  }

  const interfaces = file();
  return { interfaces, imports };
}

/** A literal as a value of the type; a duration is in nanoseconds. Undefined when it is none. */
function literal(
  type: ValueType | ConstantKind,
  kind: "string" | "number" | "name",
  text: string,
): string | number | boolean | undefined {
  switch (type) {
    case "int":
    case "status":
    case "limit": {
      const value = kind === "number" && /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case "float": {
      const value = kind === "number" ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case "bool":
      return kind === "name" && (text === "true" || text === "false") ? text === "true" : undefined;
    case "duration": {
      const read = kind === "number" ? readNumber(text) : undefined;
      return read?.kind === "duration" && read.value <= Number.MAX_SAFE_INTEGER
        ? Number(read.value)
        : undefined;
    }
    default:
      return kind === "string" ? text : undefined;
  }
}

function wanted(type: ValueType | ConstantKind): string {
  if (type === "int" || type === "status" || type === "limit") return "write a whole number, or `none`";
  if (type === "float") return "write a number, or `none`";
  if (type === "bool") return "write `true`, `false` or `none`";
  if (type === "duration") return "write a number with a unit, as in `100ms`, or `none`";
  return "write a quoted string, or `none`";
}

/** Whoever follows parents must come to an end; where nothing is imported, they must all be here. */
function checkParents(draft: Draft, reporter: Reporter): void {
  const finite = new Set<string>();
  for (const [name, span] of draft.parents) {
    const receiver = draft.receivers.get(name);
    const parentName = receiver?.extends;
    if (receiver === undefined || parentName === undefined) continue;
    const parent = draft.receivers.get(parentName);
    if (parent === undefined) {
      if (draft.imports.length > 0) continue;
      reporter.report("CUI0107", span, `\`${name}\` extends \`${parentName}\`, which is not declared`, {
        ...suggest(parentName, draft.receivers.keys(), "declare it, or import the interface that does", span),
      });
    } else if (parent.kind !== receiver.kind) {
      reporter.report(
        "CUI0107",
        span,
        `the ${receiver.kind} \`${name}\` extends the ${parent.kind} \`${parentName}\``,
        {
          help: `leave out \`: ${parentName}\``,
        },
      );
    } else if (extendsItself(name, draft.receivers, finite)) {
      reporter.report("CUI0107", span, `\`${name}\` extends itself`, {
        help: `leave out \`: ${parentName}\``,
      });
    } else continue;
    const { extends: _, ...rest } = receiver;
    draft.receivers.set(name, rest);
  }
}

/** `finite` are those whose parents are known to end; it grows, so that a long row of parents is walked once. */
function extendsItself(name: string, receivers: ReadonlyMap<string, Receiver>, finite: Set<string>): boolean {
  const seen = new Set<string>();
  for (
    let at: string | undefined = name;
    at !== undefined && !finite.has(at);
    at = receivers.get(at)?.extends
  ) {
    if (seen.has(at)) return seen.has(name);
    seen.add(at);
  }
  for (const each of seen) finite.add(each);
  return false;
}

/** The text of the `///` lines at the end of some comments. */
function documentationOf(comments: readonly Comment[]): string {
  const isDocumentation = ({ text }: Comment): boolean => text.startsWith("///") && !text.startsWith("////");
  const from = comments.findLastIndex((comment) => !isDocumentation(comment)) + 1;
  return comments
    .slice(from)
    .map(({ text }) => text.slice(3).replace(/^ /, "").trimEnd())
    .join("\n");
}
