import { constantOf } from "./constant-of.ts";
import type { Call } from "./policy.ts";
import type { Scope } from "./scope.ts";

/** Those that every proxy takes, and whose answers have a body: for one of HEAD, a client that asked otherwise would wait for it. */
const methods: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A method that is set must be one: a proxy behind this one refuses others, and whether there is one is for the placement to say. */
export function checkMethod(call: Call, scope: Scope): void {
  const [name, value] = call.arguments;
  if (call.action !== "SetHeader" || name?.kind !== "literal" || value === undefined) return;
  if (String(name.value).toLowerCase() !== ":method") return;
  const method = constantOf(value, scope.locals);
  if (typeof method === "string" && methods.includes(method)) return;
  const said =
    typeof method === "string"
      ? `${JSON.stringify(method)} is no method that a request can be given`
      : "the method of a request is given as a literal";
  scope.reporter.report("CUP0214", value.span, said, { help: `write one of \`${methods.join("`, `")}\`` });
}
