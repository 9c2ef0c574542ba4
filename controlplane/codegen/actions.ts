/** How an action is carried out: a function of the SDK, by the file that has it. */
export interface Carried {
  /** Below `proxy-wasm-as/assembly/`. */
  readonly file: string;
  readonly function: string;
  /** Its name where one argument less is given than the interface has. */
  readonly shorter?: string;
  /** Its name where the last argument is a literal without CR, LF and NUL, which needs no look at run time. */
  readonly plain?: string;
}

const at = (file: string, name: string, shorter?: string): Carried => ({
  file: `actions/${file}`,
  function: name,
  ...(shorter === undefined ? {} : { shorter }),
});

/** By the name of the action in checked policies. Those of `Connection` stand in `connectionActions`. */
export const actions: ReadonlyMap<string, Carried> = new Map([
  ["GetHeader", at("headers", "getHeader")],
  ["GetHeaders", at("headers", "getHeaders")],
  ["HasHeader", at("headers", "hasHeader")],
  ["SetHeader", { ...at("headers", "setHeader"), plain: "setLiteral" }],
  ["AddHeader", at("headers", "addHeader")],
  ["RemoveHeader", at("headers", "removeHeader")],
  ["Allow", { file: "policy", function: "allow" }],
  ["Deny", { file: "policy", function: "deny" }],
  ["GetCaller", at("access", "getCaller")],
  ["GetCallee", at("access", "getCallee")],
  ["GetMethod", at("access", "getMethod")],
  ["GetPath", at("access", "getPath")],
  ["GetHost", at("access", "getHost")],
  ["GetQuery", at("access", "getQuery")],
  ["GetClaim", at("access", "getClaim")],
  ["RouteToVersion", at("routing", "routeToVersion")],
  ["SplitByWeight", at("routing", "splitByWeight")],
  ["Mirror", at("routing", "mirror")],
  ["RewritePath", at("routing", "rewritePath")],
  ["RewriteHost", at("routing", "rewriteHost")],
  ["SetHashKey", at("routing", "setHashKey")],
  ["SetTimeout", at("resilience", "setTimeout")],
  ["SetDeadline", at("resilience", "setDeadline")],
  ["SetRetries", at("resilience", "setRetries")],
  ["InjectDelay", at("resilience", "injectDelay")],
  ["InjectAbort", at("resilience", "injectAbort")],
  ["Count", at("telemetry", "count")],
  ["Histogram", at("telemetry", "histogram")],
  ["Log", at("telemetry", "log")],
  ["TagAccessLog", at("telemetry", "tagAccessLog")],
  ["GetStatus", at("telemetry", "getStatus")],
  ["IsRequestStatus", at("telemetry", "isRequestStatus")],
  ["GetBodySize", at("body", "getBodySize")],
  ["BodyContains", at("body", "bodyContains")],
  ["GetJsonField", at("body", "getJsonField")],
  ["Counter.Increment", at("state", "increment")],
  ["Counter.Reset", at("state", "resetCounter")],
  ["Counter.GetCount", at("state", "getCount")],
  ["Counter.IsGreaterThan", at("state", "isGreaterThan")],
  ["Timer.IsTimeSince", at("state", "isTimeSince")],
  ["Timer.Reset", at("state", "resetTimer")],
  ["TokenBucket.TakeToken", at("state", "takeToken")],
  ["ConcurrencyLimit.Acquire", at("state", "acquire")],
  ["string.Matches", at("text", "matches")],
  ["string.Contains", at("text", "contains")],
  ["string.StartsWith", at("text", "startsWith")],
  ["string.EndsWith", at("text", "endsWith")],
  ["string.Length", at("text", "length")],
  ["string.ToLower", at("text", "toLower")],
  ["string.ToInt", at("text", "toInt")],
  ["int.ToString", at("text", "toString")],
]);
