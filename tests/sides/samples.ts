/** A policy for each thing that a policy does. `TO` stands for the service that is called, `NAME` for the policy's own name with underscores. */
export interface Sample {
  readonly name: string;
  readonly text:
    | { readonly kind: "copper"; readonly act: string; readonly body: string; readonly clauses?: string }
    | { readonly kind: "filter"; readonly lists: string; readonly code: string };
  /** It is for the caller's proxy, or what it keeps is kept for one side. */
  readonly isAtCaller?: true;
}

/** Whether a request has it is what many ask. */
const no = "x-no";

function request(name: string, body: string, more: Pick<Sample, "isAtCaller"> = {}): Sample {
  return { name, text: { kind: "copper", act: "Request", body }, ...more };
}

function connection(name: string, body: string): Sample {
  return { name, text: { kind: "copper", act: "Connection", body } };
}

function response(name: string, body: string): Sample {
  return { name, text: { kind: "copper", act: "Response", body } };
}

function state(name: string, state: string, body: string): Sample {
  return {
    name,
    text: { kind: "copper", act: "Request", body, clauses: `using (${state} s)` },
    isAtCaller: true,
  };
}

function filter(name: string, [reads, writes]: readonly [string, string], code: string): Sample {
  const lists = `export const reads: string[] = [${reads}];\nexport const writes: string[] = [${writes}];`;
  return { name, text: { kind: "filter", lists, code } };
}

const atCaller = { isAtCaller: true } as const;

export const samples: readonly Sample[] = [
  request("counts", "Count(r, 'NAME'); Histogram(r, 'h_NAME', 1);"),
  request("counts-some", `if (HasHeader(r, '${no}')) Count(r, 'NAME');`),
  request("logs", "Log(r, 'NAME');"),
  request("tags", "TagAccessLog(r, 'tier', 'NAME');"),
  request("denies", `if (HasHeader(r, '${no}')) Deny(r, 403, 'no');`),
  request("denies-503", `if (HasHeader(r, '${no}')) Deny(r, 503, 'no');`),
  request("aborts", `if (HasHeader(r, '${no}')) InjectAbort(r, 503);`),
  request("aborts-400", `if (HasHeader(r, '${no}')) InjectAbort(r, 400);`),
  request("sets", "SetHeader(r, 'x-a', 'NAME');"),
  request("adds", "AddHeader(r, 'x-a', 'NAME');"),
  request("reads", "SetHeader(r, 'x-b', GetHeaders(r, 'x-a') ?? GetHeader(r, 'x-no') ?? 'none');"),
  request("sets-no", `SetHeader(r, '${no}', '1');`),
  request("removes-no", `RemoveHeader(r, '${no}');`),
  request("removes-token", "RemoveHeader(r, 'authorization');"),
  request("removes-type", "RemoveHeader(r, 'content-type');"),
  request("sets-type", "SetHeader(r, 'content-type', 'application/grpc');"),
  request("sets-method", "SetHeader(r, ':method', 'POST');"),
  request("denies-method", "if (GetMethod(r) == 'POST') Deny(r, 405, 'post');"),
  request("rewrites-host", "RewriteHost(r, 'other.example');"),
  request(
    "denies-host",
    "SetHeader(r, 'x-host', GetHost(r)); if (GetHost(r) == 'other.example') Deny(r, 418, 'host');",
  ),
  request("rewrites-path", "RewritePath(r, '/other');"),
  request(
    "denies-path",
    "SetHeader(r, 'x-q', GetQuery(r, 'y') ?? 'none'); if (GetPath(r) == '/other') Deny(r, 418, 'path');",
  ),
  request("claims", "if ((GetClaim(r, 'role') ?? 'none') != 'admin') Deny(r, 401, 'claim');"),
  request(
    "names-peers",
    "SetHeader(r, 'x-caller', GetCaller(r) ?? 'none'); SetHeader(r, 'x-callee', GetCallee(r));",
  ),
  request("denies-body", "if (BodyContains(r, 'secret', 1000)) Deny(r, 413, 'body');"),
  request(
    "reads-body",
    "SetHeader(r, 'x-json', GetJsonField(r, 'user', 1000) ?? 'none'); SetHeader(r, 'x-size', ToString(GetBodySize(r, 1000)));",
  ),
  request("times-out", "SetTimeout(r, 400ms);", atCaller),
  request("has-deadline", "SetDeadline(r, 500ms);"),
  request("has-late-deadline", "SetDeadline(r, 5s);"),
  request("tries-again", "SetRetries(r, 2);", atCaller),
  request("delays", "if (HasHeader(r, 'x-slow')) InjectDelay(r, 800ms);"),
  request("routes", "RouteToVersion(r, 'TO', 'v2');", atCaller),
  request("mirrors", "RouteToVersion(r, 'TO', 'v1'); Mirror(r, 'TO', 'v2');", atCaller),
  request("hashes", "SetHashKey(r, GetHost(r));", atCaller),
  request("allows", `Allow(r, 'other', 'TO'); if (HasHeader(r, '${no}')) Allow(r, 'web', 'TO');`),
  state("takes-tokens", "TokenBucket", "if (!TakeToken(s, 0.001, 2)) Deny(r, 429, 'tokens');"),
  state("acquires", "ConcurrencyLimit", "if (!Acquire(s, 100)) Deny(r, 429, 'under way');"),
  state(
    "increments",
    "Counter",
    "Increment(s); SetHeader(r, 'x-count', ToString(GetCount(s))); if (IsGreaterThan(s, 3)) Deny(r, 429, 'many');",
  ),
  connection("counts-connections", "Count(r, 'NAME');"),
  connection("denies-connections", "if (GetCaller(r) == 'web') Deny(r);"),
  connection("allows-connections", "Allow(r, 'web', 'TO');"),
  response("counts-answers", "Count(r, 'NAME'); Histogram(r, 'h_NAME', 1); Log(r, 'NAME');"),
  response("counts-failures", "if (IsRequestStatus(r, 'FAILED')) Count(r, 'NAME');"),
  response("sees-status", "SetHeader(r, 'x-status', ToString(GetStatus(r)));"),
  response("sets-answer", "SetHeader(r, 'x-r', 'NAME'); RemoveHeader(r, 'x-gone');"),
  response("adds-answer", "AddHeader(r, 'x-r', 'NAME');"),
  response(
    "reads-answer",
    "SetHeader(r, 'x-s', GetHeaders(r, 'x-r') ?? GetHeader(r, 'content-type') ?? 'none'); if (HasHeader(r, 'x-r')) Count(r, 'NAME');",
  ),
  response("removes-answer-type", "RemoveHeader(r, 'content-type');"),
  response("sets-answer-type", "SetHeader(r, 'content-type', 'application/grpc');"),
  response("sets-grpc-status", "SetHeader(r, 'grpc-status', '14');"),
  response("tags-answer", "TagAccessLog(r, 'tier', 'NAME');"),
  response("reads-answer-body", "if (BodyContains(r, 'other.example', 5000)) Count(r, 'NAME');"),
  response(
    "names-peers-of-answer",
    "SetHeader(r, 'x-from', GetCaller(r) ?? 'none'); SetHeader(r, 'x-of', GetCallee(r));",
  ),
  filter(
    "code-sees-host",
    ['":authority"', ""],
    `export function onRequest(request: Request): void {
  if (request.headers.get(":authority") == "other.example") request.reply(418, "teapot");
}`,
  ),
  filter(
    "code-sets-path",
    ["", '":path"'],
    `export function onRequest(request: Request): void {
  request.headers.set(":path", "/other");
}`,
  ),
  filter(
    "code-makes-head",
    ["", '":method"'],
    `export function onRequest(request: Request): void {
  request.headers.set(":method", "HEAD");
}`,
  ),
  filter(
    "code-sets-status",
    ["", '":status"'],
    `export function onResponse(response: Response): void {
  response.headers.set(":status", "503");
}`,
  ),
  filter(
    "code-answers",
    [`"${no}"`, ""],
    `export function onRequest(request: Request): void {
  if (request.headers.has("${no}")) request.reply(503, "code");
}`,
  ),
  filter(
    "code-writes-body",
    ["", '"content-length"'],
    `export function onRequest(request: Request): void {
  request.headers.remove("content-length");
}
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  request.body.replace('{"user":"secret"}');
  return Flow.Continue;
}`,
  ),
  {
    name: "code-without-lists",
    text: {
      kind: "filter",
      lists: "",
      code: `export function onRequest(request: Request): void {
  request.headers.add("x-a", "NAME");
}
export function onResponse(response: Response): void {
  response.headers.add("x-r", "NAME");
}`,
    },
  },
];
