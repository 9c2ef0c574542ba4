import { type ActionSignature, actions, actionsOf } from "./actions.ts";
import type {
  CallNode,
  ClauseNode,
  ExpressionNode,
  Identifier,
  PolicyNode,
  StatementNode,
  Word,
} from "./ast.ts";
import { type HeaderProblem, unreadable, unwritable, unwritableValue } from "./check-header.ts";
import type { Context } from "./context.ts";
import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import { didYouMean } from "./nearest.ts";
import { parseContext } from "./parse-context.ts";
import { parse } from "./parser.ts";
import type {
  Act,
  Condition,
  CopperPolicy,
  Mode,
  OnLost,
  Section,
  Side,
  Statement,
  StringExpression,
} from "./policy.ts";
import { checkPolicyName } from "./policy-name.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";

const acts: readonly Act[] = ["Connection", "Request", "RPCRequest"];
const modes: readonly Mode[] = ["enforce", "audit", "off"];
const onLosts: readonly OnLost[] = ["deny", "skip"];
const clauseNames = ["act", "using", "context", "priority", "mode", "onLost", "param"];
const notYet = "this version has no state: leave it out";

/** Parse and check one Copper file. A policy with an error in it is among the `broken`, as far as it could be read, if its context could. */
export function checkCopper(source: Source): {
  readonly policies: readonly CopperPolicy[];
  readonly broken: readonly CopperPolicy[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const { policies: nodes, diagnostics } = parse(source);
  const checked = nodes.map((node) => checkPolicy(node, source));
  const policies = checked.flatMap(({ policy, isBroken }) => (policy && !isBroken ? [policy] : []));
  const all = [
    ...diagnostics,
    ...checked.flatMap((result) => result.diagnostics),
    // Where something could not be read, it may have been the statements.
    ...(hasErrors(diagnostics) ? [] : policies.flatMap(doesNothing)),
  ];
  return {
    policies,
    broken: checked.flatMap(({ policy, isBroken }) => (policy && isBroken ? [policy] : [])),
    diagnostics: all.sort((a, b) => a.span.start - b.span.start),
  };
}

function doesNothing({ name, sections, source, span }: CopperPolicy): readonly Diagnostic[] {
  if (sections.length > 0) return [];
  const reporter = reporterFor(source);
  reporter.report("CUP0215", span, `policy \`${name}\` does nothing`, {
    severity: "warning",
    help: "write an action between its braces, or remove the policy",
  });
  return reporter.diagnostics;
}

function checkPolicy(
  node: PolicyNode,
  source: Source,
): {
  readonly policy?: CopperPolicy;
  readonly isBroken: boolean;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  checkPolicyName(node.name.text, node.name.span, reporter);
  const clauses = readClauses(node, reporter);
  const used = new Set<string>();
  const sections = checkSections(node.statements, {
    reporter,
    used,
    act: clauses.act,
    request: clauses.request,
    usesState: clauses.usesState,
  });
  const { act, context, contextSpan } = clauses;
  const isBroken = !act || hasErrors(reporter.diagnostics);
  const { diagnostics } = reporter;
  if (!context || !contextSpan) return { isBroken: true, diagnostics };
  return {
    isBroken,
    diagnostics,
    policy: {
      kind: "copper",
      name: node.name.text,
      source,
      span: node.name.span,
      act: act ?? "Request",
      context,
      contextSpan,
      priority: clauses.priority,
      mode: clauses.mode,
      onLost: clauses.onLost ?? (used.has("Allow") || used.has("Deny") ? "deny" : "skip"),
      actions: [...used],
      sections,
    },
  };
}

interface Clauses {
  act?: Act;
  /** What the policy calls the thing that it handles. */
  request?: string;
  context?: Context;
  contextSpan?: Span;
  priority: number;
  mode: Mode;
  onLost?: OnLost;
  usesState: boolean;
}

function readClauses(node: PolicyNode, reporter: Reporter): Readonly<Clauses> {
  const read: Clauses = { priority: 0, mode: "enforce", usesState: false };
  const seen = new Set<string>();
  for (const clause of node.clauses) {
    const keyword = clause.keyword.text;
    if (!clauseNames.includes(keyword)) {
      reporter.report("CUP0202", clause.keyword.span, `unknown clause \`${keyword}\``, {
        help: didYouMean(keyword, clauseNames, `a policy has \`${clauseNames.join("`, `")}\``),
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
    readClause(clause, read, reporter);
  }
  for (const required of ["act", "context"]) {
    if (seen.has(required)) continue;
    const example = required === "act" ? "act (Request request)" : "context ('frontend -> .* -> rate')";
    reporter.report("CUP0205", node.name.span, `policy \`${node.name.text}\` has no clause \`${required}\``, {
      help: `add \`${example}\``,
    });
  }
  return read;
}

function readClause(clause: ClauseNode, read: Clauses, reporter: Reporter): void {
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
      readAct(first, read, reporter);
      read.request = second.text;
      return;
    case "context": {
      if (first?.kind !== "string" || clause.words.length !== 1) {
        bad("one quoted context, as in `'frontend -> rate'`");
        return;
      }
      const inside = { start: first.span.start + 1, end: first.span.end - 1 };
      const context = parseContext(reporter, inside);
      if (context) read.context = context;
      read.contextSpan = inside;
      return;
    }
    case "priority":
      if (
        first?.kind !== "number" ||
        clause.words.length !== 1 ||
        !Number.isSafeInteger(Number(first.text))
      ) {
        bad("one whole number");
        return;
      }
      read.priority = Number(first.text);
      return;
    case "mode":
      read.mode = oneOf(modes) ?? "enforce";
      return;
    case "onLost": {
      const onLost = oneOf(onLosts);
      if (onLost) read.onLost = onLost;
      return;
    }
    default:
      read.usesState = true;
      reporter.report("CUP0209", clause.span, `\`${clause.keyword.text}\` is not supported yet`, {
        help: notYet,
      });
  }
}

function readAct(word: Word, read: Clauses, reporter: Reporter): void {
  const act = acts.find((candidate) => candidate === word.text);
  if (act) {
    read.act = act;
    if (act !== "Connection") return;
    // Taken as it is, it would place a filter for requests on a call that has none, and enforce nothing.
    reporter.report("CUP0212", word.span, "policies for `Connection` are not enforced yet", {
      help: "write `Request`: it is enforced on HTTP and gRPC calls, and on no TCP call",
    });
  } else
    reporter.report("CUP0201", word.span, `unknown act \`${word.text}\``, {
      help: didYouMean(word.text, acts, `acts are \`${acts.join("`, `")}\``),
    });
}

interface Scope {
  readonly reporter: Reporter;
  readonly used: Set<string>;
  /** Undefined when the clause is missing or wrong: then nothing is said about what the act offers. */
  readonly act: Act | undefined;
  readonly request: string | undefined;
  readonly usesState: boolean;
}

/** Statements under one heading, wherever it stands, are one section. */
function checkSections(statements: readonly StatementNode[], scope: Scope): readonly Section[] {
  const bodies = new Map<Side, Statement[]>();
  const headed = statements.findIndex((node) => node.kind === "heading");
  const unheaded = headed === -1 ? statements : statements.slice(0, headed);
  // What can be done on one side only needs no heading to say so, and what stands beside it must keep its order.
  const free: Side = unheaded.some((node) => mentions(node, "RouteToVersion")) ? "egress" : "either";
  let side: Side = "either";
  for (const node of statements) {
    if (node.kind === "heading") {
      side = readHeading(node.name, scope) ?? side;
      if (!bodies.has(side)) bodies.set(side, []);
      continue;
    }
    const place = side === "either" ? free : side;
    const checked = checkStatement(node, side, scope);
    if (checked) bodies.set(place, [...(bodies.get(place) ?? []), checked]);
  }
  return [...bodies].filter(([, body]) => body.length > 0).map(([where, body]) => ({ side: where, body }));
}

function mentions(node: StatementNode, action: string): boolean {
  if (node.kind === "call") return node.name.text === action;
  return node.kind === "if" && [...node.then, ...node.else].some((inner) => mentions(inner, action));
}

function readHeading(name: Identifier, { reporter }: Scope): Side | undefined {
  if (name.text === "Ingress") return "ingress";
  if (name.text === "Egress") return "egress";
  reporter.report("CUP0103", name.span, `expected \`Ingress\` or \`Egress\`, found \`${name.text}\``, {
    help: didYouMean(name.text, ["Ingress", "Egress"], "a heading is `[Ingress]` or `[Egress]`"),
  });
  return undefined;
}

function checkStatement(node: StatementNode, side: Side, scope: Scope): Statement | undefined {
  const { reporter } = scope;
  switch (node.kind) {
    case "heading":
      reporter.report("CUP0210", node.name.span, `heading \`[${node.name.text}]\` stands inside a block`, {
        help: "headings stand directly in the policy's braces",
      });
      return undefined;
    case "if": {
      const condition = checkCondition(node.condition, scope);
      const then = node.then.flatMap((inner) => checkStatement(inner, side, scope) ?? []);
      const otherwise = node.else.flatMap((inner) => checkStatement(inner, side, scope) ?? []);
      return condition && { kind: "if", condition, then, else: otherwise, span: node.span };
    }
    case "call":
      return checkAction(node, side, scope);
    default:
      return node satisfies never;
  }
}

function checkAction(node: CallNode, side: Side, scope: Scope): Statement | undefined {
  const action = findAction(node, scope);
  if (!action) return undefined;
  const { reporter } = scope;
  const { span } = node;
  if (action.role === "value") {
    reporter.report("CUP0204", span, `\`${node.name.text}\` yields a value and does nothing by itself`, {
      help: `compare it: \`if (${action.usage} == "value") { … }\``,
    });
    return undefined;
  }
  if (action.side !== undefined && side !== "either" && side !== action.side) {
    const heading = action.side === "egress" ? "[Egress]" : "[Ingress]";
    reporter.report("CUP0210", node.name.span, `\`${node.name.text}\` cannot be done at ${side}`, {
      help: `move it under \`${heading}\``,
    });
  }
  const given = checkArguments(node, action, scope);
  if (!given) return undefined;
  scope.used.add(node.name.text);
  const text = (index: number, otherwise: string) => {
    const argument = given[index];
    return argument?.kind === "string" || argument?.kind === "number" ? argument.value : otherwise;
  };
  switch (node.name.text) {
    case "SetHeader": {
      const [name, value] = given;
      const header = name && checkHeader(name, { scope, problemOf: unwritable });
      const content =
        value?.kind === "string"
          ? checkHeader(value, { scope, problemOf: unwritableValue })
          : value && checkString(value, scope);
      return header && content && { kind: "setHeader", name: header, value: content, span };
    }
    case "Allow":
      return { kind: "allow", caller: text(0, "*"), callee: text(1, "*"), span };
    case "Deny": {
      const status = Number(text(0, "403"));
      if (Number.isInteger(status) && status >= 200 && status <= 599)
        return { kind: "deny", status, body: text(1, ""), span };
      reporter.report("CUP0204", given[0]?.span ?? span, `\`${text(0, "")}\` is not an HTTP status`, {
        help: "a status is between 200 and 599",
      });
      return undefined;
    }
    default:
      return { kind: "routeToVersion", service: text(0, ""), version: text(1, ""), span };
  }
}

function findAction(node: CallNode, scope: Scope): ActionSignature | undefined {
  const action = actions.get(node.name.text);
  const offered = scope.act ? actionsOf(scope.act) : [...actions.keys()];
  if (action && offered.includes(node.name.text)) return action;
  // Actions on state were explained at the clause that declares it.
  if (!action && scope.usesState) return undefined;
  const act = scope.act ? ` for act \`${scope.act}\`` : "";
  scope.reporter.report("CUP0203", node.name.span, `unknown action \`${node.name.text}\`${act}`, {
    label: scope.act ? `not an action of \`${scope.act}\`` : "not an action",
    help: didYouMean(node.name.text, offered, `there are \`${offered.join("`, `")}\``),
  });
  return undefined;
}

/** The arguments after the request itself, or undefined when they are wrong. */
function checkArguments(
  node: CallNode,
  action: ActionSignature,
  scope: Scope,
): readonly ExpressionNode[] | undefined {
  const { reporter } = scope;
  const name = node.name.text;
  const [receiver, ...rest] = node.arguments;
  const help = { help: `write \`${action.usage}\`` };
  if (receiver?.kind !== "name") {
    reporter.report("CUP0204", receiver?.span ?? node.span, `\`${name}\` takes the request first`, help);
    return undefined;
  }
  if (scope.request !== undefined && receiver.value !== scope.request) {
    reporter.report("CUP0204", receiver.span, `\`${receiver.value}\` is not what this policy handles`, {
      help: didYouMean(receiver.value, [scope.request], `the policy calls it \`${scope.request}\``),
    });
    return undefined;
  }
  const needed = action.parameters.filter((parameter) => !parameter.endsWith("?")).length;
  if (rest.length < needed || rest.length > action.parameters.length) {
    const count =
      needed === action.parameters.length ? `${needed}` : `${needed} to ${action.parameters.length}`;
    reporter.report(
      "CUP0204",
      node.span,
      `\`${name}\` takes ${count} arguments after the request, not ${rest.length}`,
      help,
    );
    return undefined;
  }
  for (const [index, argument] of rest.entries()) {
    const wanted = (action.parameters[index] ?? "string").replace("?", "");
    const fits =
      wanted === "header" ? argument.kind === "string" || argument.kind === "call" : argument.kind === wanted;
    if (fits) continue;
    reporter.report(
      "CUP0204",
      argument.span,
      `\`${name}\` takes ${wanted === "number" ? "a number" : "a quoted string"} here`,
      help,
    );
    return undefined;
  }
  return rest;
}

function checkString(node: ExpressionNode, scope: Scope): StringExpression | undefined {
  if (node.kind === "string") return { kind: "literal", value: node.value, span: node.span };
  if (node.kind === "call") {
    const action = findAction(node, scope);
    if (!action) return undefined;
    if (action.role === "value") {
      const argument = checkArguments(node, action, scope)?.[0];
      const name = argument && checkHeader(argument, { scope, problemOf: unreadable });
      if (!name) return undefined;
      scope.used.add(node.name.text);
      return { kind: "getHeader", name: name.value, span: node.span };
    }
  }
  scope.reporter.report("CUP0204", node.span, "expected a string or a header here", {
    help: 'write `"text"` or `GetHeader(request, "name")`',
  });
  return undefined;
}

/** A literal that becomes the name or the value of a header. */
function checkHeader(
  node: ExpressionNode,
  { scope, problemOf }: { scope: Scope; problemOf: (text: string) => HeaderProblem | undefined },
): Extract<StringExpression, { kind: "literal" }> | undefined {
  if (node.kind !== "string") return undefined;
  const { value, span } = node;
  const problem = problemOf(value);
  if (!problem) return { kind: "literal", value, span };
  scope.reporter.report("CUP0214", span, problem.message, { help: problem.help });
  return undefined;
}

function checkCondition(node: ExpressionNode, scope: Scope): Condition | undefined {
  if (node.kind === "unary" && node.operator === "!") {
    const operand = checkCondition(node.operand, scope);
    return operand && { kind: "not", operand };
  }
  if (node.kind === "binary") {
    if (node.operator === "==" || node.operator === "!=") {
      const left = checkString(node.left, scope);
      const right = checkString(node.right, scope);
      return left && right && { kind: "equal", negated: node.operator === "!=", left, right };
    }
    const left = checkCondition(node.left, scope);
    const right = checkCondition(node.right, scope);
    return left && right && { kind: node.operator === "&&" ? "and" : "or", left, right };
  }
  if (node.kind === "name" && (node.value === "true" || node.value === "false")) {
    return { kind: "constant", value: node.value === "true" };
  }
  if (node.kind === "call" && !findAction(node, scope)) return undefined;
  scope.reporter.report("CUP0211", node.span, "this is not a condition", {
    help: 'compare it with something, as in `GetHeader(request, "name") == "value"`',
  });
  return undefined;
}
