import type { ConstantKind } from "../language/interface.ts";

/** The clauses of a policy, each with what it says. */
export const clauseWords: ReadonlyMap<string, string> = new Map([
  ["act", "What the policy handles, and the name that its statements call it by: `act (Request request)`."],
  [
    "using",
    "State that outlives a request: `using (Counter counter)`. One value for all workers of a proxy, or with `worker` before it one for each.",
  ],
  [
    "context",
    "Which requests the policy is for: a regular expression over the services on a request's path, matched at its end. `->` is a call, `.` any one service, `.*` any number, `[a, b]` one of these, `[^a, b]` none of these, `^` the entry; `reviews@v2` names a version.",
  ],
  ["priority", "Policies with a higher one come first; the default is 0. Among equals the name decides."],
  [
    "mode",
    "`enforce` (default); `audit`: evaluate and count, and change nothing; `off`: leave the policy out.",
  ],
  [
    "onLost",
    "What happens to a request whose path is not known, because its state was lost on the way: `deny` (default for policies with `Allow` or `Deny`) or `skip`.",
  ],
  [
    "param",
    "Values that change without a new module: `param (int limit = 1000, duration window = 60s)`. They travel as plugin configuration.",
  ],
]);

/** The words that statements are made of. */
export const statementWords: ReadonlyMap<string, string> = new Map([
  ["if", "Do the statements that follow where the condition holds."],
  ["else", "Do the statements that follow where the condition does not hold."],
  ["let", 'Give a name to a value, to the end of the block: `let agent = request.GetHeader("user-agent");`.'],
  ["return", "The policy is done with this request. What stands under another heading is not concerned."],
  ["Ingress", "What follows is enforced by the callee's proxy, with its own state."],
  ["Egress", "What follows is enforced by the caller's proxy, with its own state."],
  ["true", "The condition that always holds."],
  ["false", "The condition that never holds."],
]);

/** The types of values. */
export const typeWords: ReadonlyMap<string, string> = new Map([
  [
    "string",
    "Text, as bytes; literals are UTF-8. An optional one, `string?`, may be absent, which is not empty.",
  ],
  ["bytes", "Any bytes."],
  ["int", "A whole number of 64 bits that wraps around. Dividing by zero yields 0."],
  ["float", "A number with a fraction or an exponent, IEEE 754 of 64 bits: `0.5`, `2.5e-7`."],
  ["bool", "`true` or `false`."],
  ["duration", "A time span with its unit: `250us`, `100ms`, `60s`, `5m`, `1h`."],
]);

/** The kinds of arguments that must be literals. */
export const kindWords: Readonly<Record<ConstantKind, string>> = {
  header: "The name of a header, quoted, in any spelling.",
  service: "A service of the mesh, quoted.",
  version: "A version of the service before it, quoted.",
  regex: "A regular expression with RE2's syntax, quoted.",
  status: "An HTTP status from 200 to 599.",
  level: "How urgent a line is: `trace`, `debug`, `info`, `warn`, `error` or `critical`.",
  outcome: "`FAILED` or `SUCCEEDED`.",
  name: "The name of a metric or a tag, quoted: letters, digits, `_`, `.` and `-`.",
  text: "Any text, quoted.",
  conditions:
    "When Envoy tries again, quoted, with commas between: `5xx`, `gateway-error`, `reset`, `reset-before-request`, `connect-failure`, `envoy-ratelimited`, `retriable-4xx`, `refused-stream`, `retriable-status-codes`, `retriable-headers` or `http3-post-connect-failure`, and by status of gRPC `cancelled`, `deadline-exceeded`, `internal`, `resource-exhausted` or `unavailable`.",
  limit: "A number of bytes from 1 to 1048576.",
  json: 'Names between dots, quoted: `"user.name"`.',
};

/** The scopes of state. */
export const scopeWords: ReadonlyMap<string, string> = new Map([
  ["proxy", "One value for all workers of a proxy, exact (default)."],
  ["worker", "One value for each worker thread of a proxy."],
]);

/** The values that clauses take. */
export const clauseValues: ReadonlyMap<string, readonly string[]> = new Map([
  ["mode", ["enforce", "audit", "off"]],
  ["onLost", ["deny", "skip"]],
]);
