import type { PolicyNode } from "./ast.ts";
import { checkClauses } from "./check-clauses.ts";
import type { Interfaces } from "./check-imports.ts";
import { checkSections } from "./check-statements.ts";
import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import type { Interface } from "./interface.ts";
import { parse } from "./parser.ts";
import type { CopperPolicy } from "./policy.ts";
import { checkPolicyName } from "./policy-name.ts";
import { reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";
import { standardInterface } from "./standard.ts";

/** Parse and check one Copper file, by default against the standard interface. A policy with an error in it is among the `broken`, as far as it could be read, if its context could. */
export function checkCopper(
  source: Source,
  offerFor: Interfaces["offerFor"] = () => ({ offered: standardInterface, diagnostics: [] }),
): {
  readonly policies: readonly CopperPolicy[];
  readonly broken: readonly CopperPolicy[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const { policies: nodes, imports, diagnostics } = parse(source);
  const offer = offerFor(source, imports);
  const checked = nodes.map((node) => checkPolicy(node, source, offer.offered));
  const policies = checked.flatMap(({ policy, isBroken }) => (policy && !isBroken ? [policy] : []));
  const all = [
    ...diagnostics,
    ...offer.diagnostics,
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
  offered: Interface,
): {
  readonly policy?: CopperPolicy;
  readonly isBroken: boolean;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  checkPolicyName(node.name.text, node.name.span, reporter);
  const clauses = checkClauses(node, offered, reporter);
  const used = new Set<string>();
  const { act, self, states, parameters, broken } = clauses;
  const sections = checkSections(node.statements, {
    reporter,
    offered,
    act,
    self,
    states,
    parameters,
    broken,
    locals: new Map(),
    used,
  });
  const { context, contextSpan } = clauses;
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
      states: [...states.values()],
      parameters: [...parameters.values()],
    },
  };
}
