import type { ExpressionNode, StatementNode } from "../../controlplane/language/ast.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { hasErrors } from "../../controlplane/language/diagnostic.ts";
import { parse } from "../../controlplane/language/parser.ts";
import type { Span } from "../../controlplane/language/source.ts";
import type { PolicyDraft } from "./draft/policy.ts";
import type { Arrives, RequestDraft } from "./draft/request.ts";
import type { Scenario } from "./draft/scenario.ts";
import { buildScenario, type Difference, runScenario } from "./run-scenario.ts";

/** Something on which modules and interpreter differ. */
export interface Finding {
  readonly scenario: Scenario;
  readonly requests: readonly RequestDraft[];
  readonly difference: Difference;
}

/** Make a finding as small as it gets in the time: fewer policies, statements, requests and headers, simpler expressions. */
export async function reduce(finding: Finding, deadlineMs: number): Promise<Finding> {
  let best = await withFewerRequests(finding);
  let isSmaller = true;
  while (isSmaller && Date.now() < deadlineMs) {
    isSmaller = false;
    for (const scenario of smallerScenarios(best.scenario)) {
      if (Date.now() >= deadlineMs) break;
      const found = await tryOut(scenario, best.requests);
      if (found === undefined) continue;
      best = found;
      isSmaller = true;
      break;
    }
  }
  return withFewerRequests(best);
}

async function tryOut(scenario: Scenario, requests: readonly RequestDraft[]): Promise<Finding | undefined> {
  const sources = scenario.policies.map(({ name, text }) => ({ path: `${name}.cup`, text }));
  // Most of what is tried has no meaning; finding that out is quick.
  if (hasErrors(checkPolicies(sources).diagnostics)) return undefined;
  const built = await buildScenario(scenario);
  if (built === undefined) return undefined;
  if ("place" in built) return { scenario, requests: [], difference: built };
  if (built.refused.length > 0) return undefined;
  const { difference } = runScenario(built, requests);
  return difference && { scenario, requests, difference };
}

async function withFewerRequests(finding: Finding): Promise<Finding> {
  const built = await buildScenario(finding.scenario);
  if (built === undefined || "place" in built) return finding;
  let best = finding;
  const accept = (requests: readonly RequestDraft[]): boolean => {
    const { difference } = runScenario(built, requests);
    if (difference === undefined) return false;
    best = { ...best, requests, difference };
    return true;
  };
  const { request } = best.difference;
  if (request !== undefined) {
    const guilty = best.requests.slice(request, request + 1);
    if (!accept(guilty)) accept(best.requests.slice(0, request + 1));
  }
  // Halves, quarters and so on, down to single ones.
  for (
    let size = Math.ceil(best.requests.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.requests.length; ) {
      const without = best.requests.filter((_, index) => index < at || index >= at + size);
      if (!accept(without)) at += size;
    }
  }
  for (let index = 0; index < best.requests.length; index++) {
    for (let isSmaller = true; isSmaller; ) {
      const each = best.requests[index];
      const simpler = each === undefined ? [] : simplerRequests(each);
      isSmaller = simpler.some((request) => accept(best.requests.with(index, request)));
    }
  }
  return best;
}

function simplerRequests(request: RequestDraft): readonly RequestDraft[] {
  const { body, claims, ...rest } = request;
  const { body: answered, ...response } = request.response;
  return [
    ...(body === undefined ? [] : [{ ...request, body: undefined }]),
    ...(claims === undefined ? [] : [{ ...request, claims: undefined }]),
    ...(answered === undefined ? [] : [{ ...request, response }]),
    ...(request.passedMs === 0 ? [] : [{ ...request, passedMs: 0 }]),
    ...(request.underWay === 0 ? [] : [{ ...request, underWay: 0 }]),
    ...(request.fate === "answered" ? [] : [{ ...request, fate: "answered" as const }]),
    ...(isWhole(request.arrives) ? [] : [{ ...request, arrives: whole }]),
    ...(isWhole(request.answerArrives) ? [] : [{ ...request, answerArrives: whole }]),
    ...request.headers.flatMap(([name], index) =>
      name.startsWith(":") ? [] : [{ ...request, headers: request.headers.toSpliced(index, 1) }],
    ),
    ...response.headers.map((_, index) => ({
      ...request,
      response: { ...request.response, headers: response.headers.toSpliced(index, 1) },
    })),
  ].map(
    ({ body: content, claims: claimed, ...others }): RequestDraft => ({
      ...rest,
      ...others,
      ...(content === undefined ? {} : { body: content }),
      ...(claimed === undefined ? {} : { claims: claimed }),
    }),
  );
}

/** In one piece, and nothing behind it. */
const whole: Arrives = { cuts: [], trailers: false };

function isWhole({ cuts, trailers }: Arrives): boolean {
  return cuts.length === 0 && !trailers;
}

/** Scenarios with less in them, the smallest first. */
function* smallerScenarios(scenario: Scenario): Generator<Scenario> {
  const { policies } = scenario;
  if (scenario.together) yield { ...scenario, together: false };
  if (scenario.off.length > 0) yield { ...scenario, off: [] };
  for (const on of scenario.off) yield { ...scenario, off: scenario.off.filter((name) => name !== on) };
  if (policies.length > 1) {
    for (const only of policies) yield { ...scenario, policies: [only] };
    for (const without of policies)
      yield { ...scenario, policies: policies.filter((policy) => policy !== without) };
  }
  for (const [index, policy] of policies.entries()) {
    for (const change of policy.changes) {
      const changes = policy.changes.filter((each) => each !== change);
      yield { ...scenario, policies: policies.with(index, { ...policy, changes }) };
    }
    for (const text of smallerTexts(policy))
      yield { ...scenario, policies: policies.with(index, { ...policy, text, full: text }) };
  }
}

/** The same policy with a statement less, a branch instead of its `if`, or part of an expression instead of the whole. */
function smallerTexts({ name, text }: PolicyDraft): readonly string[] {
  const { policies } = parse({ path: name, text });
  const cut = ({ start, end }: Span, by: string): string => text.slice(0, start) + by + text.slice(end);
  const of = ({ start, end }: Span): string => text.slice(start, end);
  const texts: string[] = [];
  const inExpression = (node: ExpressionNode): void => {
    const parts =
      node.kind === "call"
        ? node.arguments
        : node.kind === "binary"
          ? [node.left, node.right]
          : node.kind === "unary"
            ? [node.operand]
            : [];
    for (const part of parts) texts.push(cut(node.span, `(${of(part.span)})`));
    const simple = ["true", "false", "0", "1", '""', '"a"', "0.0", "0s"];
    if (parts.length > 0) texts.push(...simple.map((literal) => cut(node.span, literal)));
    parts.forEach(inExpression);
  };
  const inStatement = (node: StatementNode): void => {
    if (node.kind === "heading") return;
    texts.push(cut(withSemicolon(node.span, text), ""));
    if (node.kind === "if") {
      for (const block of [node.then, node.else]) {
        const spans = block.flatMap((each) =>
          each.kind === "heading" ? [] : [withSemicolon(each.span, text)],
        );
        const [first, last] = [spans[0], spans.at(-1)];
        if (first && last) texts.push(cut(node.span, of({ start: first.start, end: last.end })));
      }
      inExpression(node.condition);
      [...node.then, ...node.else].forEach(inStatement);
    } else if (node.kind === "let") inExpression(node.value);
    else if (node.kind === "call") node.arguments.slice(1).forEach(inExpression);
  };
  for (const policy of policies) {
    for (const clause of policy.clauses) {
      if (["using", "param", "priority", "mode"].includes(clause.keyword.text))
        texts.push(cut(clause.span, ""));
    }
    policy.statements.forEach(inStatement);
  }
  return [...new Set(texts)].filter((each) => each.length < text.length);
}

function withSemicolon({ start, end }: Span, text: string): Span {
  const [semicolon = ""] = /^\s*;/.exec(text.slice(end)) ?? [];
  return { start, end: end + semicolon.length };
}
