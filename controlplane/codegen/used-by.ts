import type { Expression, Statement } from "../language/policy.ts";
import type { Item } from "./failure-class.ts";
import type { Module } from "./module.ts";

/** What the sections that are placed together use: actions by their names, and the tags that they give to the access log. */
export function usedBy(group: readonly Item[]): Pick<Module, "actions" | "tags"> {
  const actions = new Set<string>();
  const tags = new Set<string>();
  for (const { policy, placed } of group) {
    if (policy.kind === "filter") {
      for (const action of policy.actions) actions.add(action);
      continue;
    }
    const sections = policy.sections.filter((section) => section.side === placed.section);
    for (const call of sections.flatMap((section) => section.body.flatMap(callsOf))) {
      actions.add(call.action);
      const [first] = call.arguments;
      if (call.action === "TagAccessLog" && first?.kind === "literal") tags.add(String(first.value));
    }
  }
  return { actions: [...actions].sort(), tags: [...tags].sort() };
}

type Call = Extract<Expression, { readonly kind: "call" }>;

/** Every call in a statement, those in the arguments of others too. */
function callsOf(statement: Statement): readonly Call[] {
  switch (statement.kind) {
    case "do":
      return callsIn(statement.call);
    case "let":
      return callsIn(statement.value);
    case "if":
      return [
        ...callsIn(statement.condition),
        ...statement.then.flatMap(callsOf),
        ...statement.else.flatMap(callsOf),
      ];
    case "return":
      return [];
    default:
      return statement satisfies never;
  }
}

function callsIn(expression: Expression): readonly Call[] {
  switch (expression.kind) {
    case "call":
      return [expression, ...expression.arguments.flatMap(callsIn)];
    case "unary":
    case "convert":
      return callsIn(expression.operand);
    case "binary":
      return [...callsIn(expression.left), ...callsIn(expression.right)];
    case "literal":
    case "parameter":
    case "local":
      return [];
    default:
      return expression satisfies never;
  }
}
