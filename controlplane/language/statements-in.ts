import type { Statement } from "./policy.ts";

/** All statements of a body, those inside other ones after them. */
export function statementsIn(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap((statement) =>
    statement.kind === "if"
      ? [statement, ...statementsIn(statement.then), ...statementsIn(statement.else)]
      : [statement],
  );
}
