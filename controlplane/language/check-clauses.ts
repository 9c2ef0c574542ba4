import type { ClauseNode, PolicyNode, Word } from "./ast.ts";
import type { Context } from "./context.ts";
import type { Interface, ValueType } from "./interface.ts";
import { receiversOf } from "./lookup.ts";
import { didYouMean, suggest } from "./nearest.ts";
import { readNumber } from "./numbers.ts";
import { parseContext } from "./parse-context.ts";
import type { Act, Literal, Mode, OnLost, PolicyParameter, State } from "./policy.ts";
import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";
import { standardInterface } from "./standard.ts";
import { unfitForParameter } from "./unfit-for-parameter.ts";

const acts: readonly Act[] = ["Connection", "Request", "RPCRequest", "Response", "RPCResponse"];
const modes: readonly Mode[] = ["enforce", "audit", "off"];
const onLosts: readonly OnLost[] = ["deny", "skip"];
const clauseNames = ["act", "using", "context", "priority", "mode", "onLost", "param"];
const scopes = ["worker", "proxy", "mesh"];
const parameterTypes: readonly ValueType[] = ["string", "int", "float", "bool", "duration"];

/** What the clauses of a policy say. */
export interface Clauses {
  act?: Act;
  /** What the policy calls the thing that it handles. */
  self?: string;
  context?: Context;
  contextSpan?: Span;
  priority: number;
  mode: Mode;
  onLost?: OnLost;
  readonly states: Map<string, State>;
  readonly parameters: Map<string, PolicyParameter>;
  /** Names of states and parameters that could not be read. */
  readonly broken: Set<string>;
}

/** Read the clauses of a policy; what is wrong or missing is reported. */
export function checkClauses(node: PolicyNode, offered: Interface, reporter: Reporter): Readonly<Clauses> {
  const read: Clauses = {
    priority: 0,
    mode: "enforce",
    states: new Map(),
    parameters: new Map(),
    broken: new Set(node.broken),
  };
  const seen = new Set<string>();
  for (const clause of node.clauses) {
    const keyword = clause.keyword.text;
    if (!clauseNames.includes(keyword)) {
      reporter.report("CUP0202", clause.keyword.span, `unknown clause \`${keyword}\``, {
        ...suggest(keyword, clauseNames, `a policy has \`${clauseNames.join("`, `")}\``, clause.keyword.span),
      });
      // So that `contxt (…)` is one mistake and not also a missing context.
      for (const required of ["act", "context"])
        if (didYouMean(keyword, [required], "") !== "") seen.add(required);
      continue;
    }
    if (seen.has(keyword) && keyword !== "using" && keyword !== "param") {
      reporter.report("CUP0206", clause.keyword.span, `clause \`${keyword}\` is given twice`, {
        help: "keep one of them",
      });
      continue;
    }
    seen.add(keyword);
    checkClause(clause, read, offered, reporter);
  }
  for (const required of ["act", "context"]) {
    if (seen.has(required) || node.broken.has(required)) continue;
    const example = required === "act" ? "act (Request request)" : "context ('frontend -> .* -> rate')";
    reporter.report("CUP0205", node.name.span, `policy \`${node.name.text}\` has no clause \`${required}\``, {
      help: `add \`${example}\``,
    });
  }
  return read;
}

function checkClause(clause: ClauseNode, read: Clauses, offered: Interface, reporter: Reporter): void {
  const [first, second] = clause.words;
  const bad = (wanted: string): undefined => {
    reporter.report("CUP0207", first?.span ?? clause.span, `\`${clause.keyword.text}\` takes ${wanted}`, {
      help: `write \`${clause.keyword.text} (…)\` with ${wanted}`,
    });
    return undefined;
  };
  const oneOf = <T extends string>(choices: readonly T[]): T | undefined =>
    choices.find((choice) => clause.words.length === 1 && first?.kind === "name" && first.text === choice) ??
    bad(choices.map((choice) => `\`${choice}\``).join(" or "));
  switch (clause.keyword.text) {
    case "act":
      if (first?.kind !== "name" || second?.kind !== "name" || clause.words.length !== 2) {
        bad("an act and a name for it, as in `Request request`");
        return;
      }
      checkAct(first, read, reporter);
      read.self = second.text;
      return;
    case "context": {
      const isQuoted = clause.words.some(({ kind }) => kind === "string");
      if (first === undefined || (isQuoted && clause.words.length !== 1)) {
        bad("one context, as in `'frontend -> rate'`");
        return;
      }
      const { start, end } = spanOf(clause.words, clause);
      const inside = isQuoted ? { start: start + 1, end: end - 1 } : { start, end };
      const context = parseContext(reporter, inside);
      if (context) read.context = context;
      read.contextSpan = inside;
      return;
    }
    case "priority": {
      const isWhole = clause.words.length === 1 && /^-?\d+$/.test(first?.text ?? "");
      if (!isWhole || !Number.isSafeInteger(Number(first?.text))) {
        bad("one whole number");
        return;
      }
      read.priority = Number(first?.text);
      return;
    }
    case "mode":
      read.mode = oneOf(modes) ?? "enforce";
      return;
    case "onLost": {
      const onLost = oneOf(onLosts);
      if (onLost) read.onLost = onLost;
      return;
    }
    case "using":
      for (const words of byCommas(clause.words)) checkState(words, clause, read, offered, reporter);
      return;
    case "param":
      for (const words of byCommas(clause.words)) checkParameter(words, clause, read, reporter);
      return;
    default:
      throw new Error(`the clause ${clause.keyword.text} is in the list and is not read`);
  }
}

function checkAct(word: Word, read: Clauses, reporter: Reporter): void {
  const act = acts.find((candidate) => candidate === word.text);
  if (act) read.act = act;
  else
    reporter.report("CUP0201", word.span, `unknown act \`${word.text}\``, {
      ...suggest(word.text, acts, `acts are \`${acts.join("`, `")}\``, word.span),
    });
}

function byCommas(words: readonly Word[]): readonly (readonly Word[])[] {
  const parts: Word[][] = [[]];
  for (const word of words) {
    if (word.kind === "symbol" && word.text === ",") parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts;
}

/** `Counter counter`, or with the scope before it, `worker Counter counter`. */
function checkState(
  words: readonly Word[],
  clause: ClauseNode,
  read: Clauses,
  offered: Interface,
  reporter: Reporter,
): void {
  const [scope, type, name] = words.length === 3 ? words : [undefined, ...words];
  const types = receiversOf(offered, "state");
  const span = spanOf(words, clause);
  if (type?.kind !== "name" || name?.kind !== "name" || words.length > 3) {
    reporter.report("CUP0207", span, "`using` takes a kind of state and a name for it", {
      help: "write `using (Counter counter)`",
    });
    // Only the kind is there: what the statements call it is not another mistake.
    if (words.length === 1 && type?.kind === "name") {
      read.broken.add(type.text);
      read.broken.add(type.text.charAt(0).toLowerCase() + type.text.slice(1));
    }
    return;
  }
  if (isTaken(name, read, reporter)) return;
  if (!types.includes(type.text)) {
    const lacking = offered.from?.map((path) => `\`${path}\``).join(" and ");
    if (lacking !== undefined && standardInterface.receivers.get(type.text)?.kind === "state") {
      reporter.report("CUP0223", type.span, `${lacking} does not offer the state \`${type.text}\``, {
        help: `declare it in ${lacking} if the data plane has it, or do without`,
      });
    } else {
      const there = types.length === 0 ? "the imports declare none" : `there are \`${types.join("`, `")}\``;
      reporter.report("CUP0223", type.span, `unknown kind of state \`${type.text}\``, {
        ...suggest(type.text, types, there, type.span),
      });
    }
    read.broken.add(name.text);
    return;
  }
  if (scope !== undefined && !scopes.includes(scope.text)) {
    reporter.report("CUP0207", scope.span, `unknown scope \`${scope.text}\``, {
      ...suggest(
        scope.text,
        scopes,
        "a state is one for each `worker`, or one for the whole `proxy`",
        scope.span,
      ),
    });
    read.broken.add(name.text);
    return;
  }
  if (scope?.text === "mesh") {
    reporter.report("CUP0224", scope.span, "state of the whole mesh is not built yet", {
      help: "leave the scope out: the state is one for all workers of a proxy",
    });
    read.broken.add(name.text);
    return;
  }
  read.states.set(name.text, {
    name: name.text,
    type: type.text,
    scope: scope?.text === "worker" ? "worker" : "proxy",
    span,
  });
}

/** `int limit = 1000` */
function checkParameter(words: readonly Word[], clause: ClauseNode, read: Clauses, reporter: Reporter): void {
  const [type, name, equals, ...value] = words;
  const span = spanOf(words, clause);
  if (type?.kind !== "name" || name?.kind !== "name" || equals?.text !== "=" || value.length === 0) {
    reporter.report("CUP0207", span, "`param` takes a type, a name and a default", {
      help: "write `param (int limit = 1000)`",
    });
    for (const word of words) if (word.kind === "name") read.broken.add(word.text);
    return;
  }
  if (isTaken(name, read, reporter)) return;
  const known = parameterTypes.find((candidate) => candidate === type.text);
  if (known === undefined) {
    read.broken.add(name.text);
    reporter.report("CUP0223", type.span, `unknown type \`${type.text}\``, {
      ...suggest(type.text, parameterTypes, `there are \`${parameterTypes.join("`, `")}\``, type.span),
    });
    return;
  }
  const literal = readLiteral(known, value);
  if (literal === undefined) {
    read.broken.add(name.text);
    const unfit =
      known === "string" && value.length === 1 && value[0]?.kind === "string" ? value[0] : undefined;
    const problem = unfitForParameter(unfit?.text ?? "");
    if (problem !== undefined) {
      const { message, help } = problem;
      reporter.report("CUP0207", spanOf(value, clause), message, { help });
      return;
    }
    reporter.report(
      "CUP0216",
      spanOf(value, clause),
      `this is not ${known === "int" ? "an" : "a"} ${known}`,
      {
        help: `write one, as in \`${examples[known]}\``,
      },
    );
    return;
  }
  read.parameters.set(name.text, { name: name.text, type: known, default: literal, span });
}

const examples: Readonly<Record<ValueType, string>> = {
  string: '"text"',
  bytes: '"text"',
  int: "1000",
  float: "0.5",
  bool: "true",
  duration: "60s",
};

/** A default: one literal, with a sign where it is a number. */
function readLiteral(type: ValueType, words: readonly Word[]): Literal | undefined {
  const [word] = words;
  if (word === undefined || words.length !== 1) return undefined;
  const literal = (value: Literal["value"]): Literal => ({
    kind: "literal",
    type,
    value,
    isOptional: false,
    span: word.span,
  });
  if (type === "string")
    return word.kind === "string" && unfitForParameter(word.text) === undefined
      ? literal(word.text)
      : undefined;
  if (type === "bool") {
    const isBool = word.kind === "name" && (word.text === "true" || word.text === "false");
    return isBool ? literal(word.text === "true") : undefined;
  }
  if (word.kind !== "number") return undefined;
  const number = readNumber(word.text.replace(/^\+/, ""));
  if (number.kind === "wrong") return undefined;
  if (type === "float" && number.kind !== "duration") return literal(Number(number.value));
  return number.kind === type ? literal(number.value) : undefined;
}

function isTaken(name: Word, read: Clauses, reporter: Reporter): boolean {
  const isThere = read.states.has(name.text) || read.parameters.has(name.text) || name.text === read.self;
  if (isThere) {
    reporter.report("CUP0222", name.span, `there is a \`${name.text}\` already`, {
      help: "choose another name",
    });
  }
  return isThere;
}

function spanOf(words: readonly Word[], clause: ClauseNode): Span {
  const [first] = words;
  const last = words.at(-1);
  return first && last ? { start: first.span.start, end: last.span.end } : clause.span;
}
