import type { BinaryOperator } from "../language/ast.ts";
import type { ConstantKind } from "../language/interface.ts";

/** The clauses of a policy, each with what it says. */
export const clauseWords: ReadonlyMap<string, string> = new Map([
  ["act", "What the policy handles, and the name that its statements call it by: `act (Request request)`."],
  [
    "using",
    "State that outlives a request: `using (Counter counter)`. One value for all workers of a proxy, or with `worker` before it one for each. The former outlives other parameters and other code, and also the removal of its policy while other policies have modules in that proxy; the latter ends with its module.",
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

/** What operators between two values go with, and what they yield. A type alone stands for two values of it. */
export const operatorWords: Readonly<
  Record<BinaryOperator, { readonly goesWith: readonly string[]; readonly says: string }>
> = {
  "||": {
    goesWith: ["bool"],
    says: "Whether one of them holds. The right one is asked only when the left one does not hold.",
  },
  "&&": {
    goesWith: ["bool"],
    says: "Whether both hold. The right one is asked only when the left one holds.",
  },
  "==": {
    goesWith: ["string", "int", "float", "bool", "duration"],
    says: "Whether they are equal, strings byte by byte. False when one is absent.",
  },
  "!=": {
    goesWith: ["string", "int", "float", "bool", "duration"],
    says: "The negation of `==`: true when one is absent.",
  },
  "<": {
    goesWith: ["string", "int", "float", "duration"],
    says: "Strings are ordered by their bytes. False when one is absent.",
  },
  "<=": { goesWith: ["string", "int", "float", "duration"], says: "As `<`." },
  ">": { goesWith: ["string", "int", "float", "duration"], says: "As `<`." },
  ">=": { goesWith: ["string", "int", "float", "duration"], says: "As `<`." },
  "??": {
    goesWith: ["string?", "string? ?? string"],
    says: "The left one, or where it is absent the right one, which only then is asked.",
  },
  "+": {
    goesWith: ["string", "int", "float", "duration"],
    says: "The sum; of strings, one after the other.",
  },
  "-": { goesWith: ["int", "float", "duration"], says: "The difference." },
  "*": { goesWith: ["int", "float", "int * duration", "duration * int"], says: "The product." },
  "/": {
    goesWith: ["int", "float", "duration / int"],
    says: "The quotient, of an `int` without its fraction; by an `int` 0 it is 0.",
  },
  "%": { goesWith: ["int"], says: "What a division leaves; by 0 it is 0." },
};

/** Contexts with what they mean, and paths that tell them apart. */
export const contextWords: readonly {
  readonly written: string;
  readonly says: string;
  readonly matches: readonly string[];
  readonly not: readonly string[];
}[] = [
  {
    written: "rate",
    says: "what comes to `rate`, from wherever",
    matches: ["rate", "search rate"],
    not: ["rate geo"],
  },
  {
    written: "search -> rate",
    says: "what `search` sends to `rate`",
    matches: ["search rate", "web search rate"],
    not: ["rate", "search geo rate"],
  },
  {
    written: ". -> rate",
    says: "`.` is any one service",
    matches: ["search rate", "web search rate"],
    not: ["rate"],
  },
  {
    written: "web -> .* -> rate",
    says: "`.*` is any number of services, none too",
    matches: ["web rate", "web search geo rate"],
    not: ["search rate"],
  },
  {
    written: "search -> [rate, geo]",
    says: "a set: one of these",
    matches: ["search rate", "search geo"],
    not: ["search web"],
  },
  {
    written: "[^search, web] -> rate",
    says: "any one service but these",
    matches: ["geo rate"],
    not: ["search rate", "web rate"],
  },
  {
    written: "search -> rate | web",
    says: "either of two; `|` is the loosest",
    matches: ["search rate", "geo web"],
    not: ["geo rate"],
  },
  {
    written: "web -> (search | geo) -> rate",
    says: "parentheses keep together",
    matches: ["web search rate", "web geo rate"],
    not: ["web rate"],
  },
  {
    written: "web -> search? -> rate",
    says: "`?`: it may be left out",
    matches: ["web rate", "web search rate"],
    not: ["web geo rate"],
  },
  {
    written: "web -> [search, geo]+ -> rate",
    says: "`+`: one or more; `*`: any number",
    matches: ["web search rate", "web geo search rate"],
    not: ["web rate"],
  },
  {
    written: "^web",
    says: "`^` in front: the whole path, from the entry",
    matches: ["web"],
    not: ["search web"],
  },
  {
    written: "^web -> .* -> rate",
    says: "requests that entered at `web`",
    matches: ["web rate", "web search rate"],
    not: ["geo web rate"],
  },
  {
    written: "search -> rate@v2",
    says: "version `v2` of `rate`; without `@` any version",
    matches: ["search rate@v2"],
    not: ["search rate@v1"],
  },
];

/** The declarations of an interface, each with what it says. */
export const interfaceWords: ReadonlyMap<string, string> = new Map([
  [
    "dataplane",
    "`dataplane light`: the name of this data plane. A file with one that has a cost and no name is called like the file.",
  ],
  [
    "cost",
    "`cost: 3`: what one of its proxies costs, 1 when nothing is said; only its ratio to other costs counts. Or what a proxy takes, `cost: { cpu: 2mCPU, memory: 60MiB, request: 70us }`: CPU and memory of one that is idle, and CPU time of each request through it.",
  ],
  [
    "import",
    '`import "standard.cui";`: take over what another interface declares. `standard.cui` is there without a file.',
  ],
  [
    "act",
    "`act Request: Connection { … }`: what policies may do to what they handle. After the colon stands the more general act, whose actions it has too.",
  ],
  ["state", "`state Counter { … }`: a kind of state that `using` may name."],
  ["type", "`type string { … }`: what may be asked of a value. Without a declaration, all of it."],
]);

/** The constants of filter code, each with what it says. */
export const filterWords: ReadonlyMap<string, string> = new Map([
  ["context", 'As the clause: `export const context = "^frontend";`. The only one that must be there.'],
  ["side", '`"ingress"`, `"egress"`, or `"either"` (default).'],
  ["priority", "As the clause."],
  ["onLost", "As the clause, quoted."],
  ["mode", "As the clause, quoted."],
  [
    "reads",
    'The headers that the code looks at, and nothing else: `["x-a"]`. With `writes`, policies of others may pass it.',
  ],
  [
    "writes",
    "The headers that the code changes, and nothing else. Without both lists a filter keeps its place in the order.",
  ],
  [
    "params",
    "Parameters: `new Params()`, of a class of this file whose fields are `i32`, `i64`, `f64`, `bool` or `string`, each with a literal default.",
  ],
  ["tickPeriod", "How often `onTick` is called on each worker, in milliseconds: `1000`."],
]);

/** What the `cost` of a data plane has between its braces. */
export const amountWords: ReadonlyMap<string, string> = new Map([
  ["cpu", "`cpu: 2mCPU`: CPU of a proxy that no request comes through, in `mCPU` or `CPU`."],
  ["memory", "`memory: 60MiB`: memory of a proxy, in `MiB` or `GiB`."],
  [
    "request",
    "`request: 70us`: CPU time of a request through a proxy before any action is done, in `ns`, `us` or `ms`.",
  ],
]);

/** What stands between the braces of an act, a state or a type. */
export const actionWords: ReadonlyMap<string, string> = new Map([
  [
    "action",
    "`action SetHeader(self, const header name, string value) cost 1.2us`: an action that the data plane has.",
  ],
  [
    "cost",
    "`cost 1.2us`, behind an action: the CPU time of one execution, or a number where `cost` of the data plane is one.",
  ],
]);
