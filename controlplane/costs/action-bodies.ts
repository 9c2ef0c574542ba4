/** A body that does one action once, and how it is enforced. */
export interface ActionBody {
  /** Its statements. */
  readonly body: string;
  /** A kind of state that the body has under the name `state`. */
  readonly using?: string;
  /** A parameter that is false, under the name `isOn`. */
  readonly hasSwitch?: boolean;
  readonly act: "Request" | "Response";
  readonly side?: "egress" | "ingress";
  /** The action that gives what this one is done to: its cost is none of this one's. */
  readonly upon?: string;
}

/** Conditions do not hold, and what would follow is never done; without them the compiler might leave out what has no effect. */
const never = 'SetHeader(it, "x-never", "never");';

function unless(value: string): string {
  return `if (${value}) { ${never} }`;
}

/** What requests and responses have in common, by name. */
const ofBoth: Readonly<Record<string, string>> = {
  GetCaller: unless('GetCaller(it) == "nobody"'),
  GetCallee: unless('GetCallee(it) == "nobody"'),
  GetHeader: unless('GetHeader(it, "x-region") == "none"'),
  GetHeaders: unless('GetHeaders(it, "x-region") == "none"'),
  HasHeader: unless('HasHeader(it, "x-none")'),
  SetHeader: 'SetHeader(it, "x-region", "elsewhere");',
  AddHeader: 'AddHeader(it, "x-added", "yes");',
  RemoveHeader: 'RemoveHeader(it, "x-region");',
  Count: 'Count(it, "measured");',
  Histogram: 'Histogram(it, "measured", 10);',
  Log: 'Log(it, "measured");',
  TagAccessLog: 'TagAccessLog(it, "measured", "yes");',
  GetBodySize: unless("GetBodySize(it, 1024) == 7"),
  BodyContains: unless('BodyContains(it, "acme", 1024)'),
  GetJsonField: unless('GetJsonField(it, "user.name", 1024) == "none"'),
};

const ofRequests: Readonly<Record<string, string>> = {
  ...ofBoth,
  Allow: 'Allow(it, "*", "*");',
  // With a status that the load takes for a good one.
  Deny: "Deny(it, 200);",
  InjectAbort: "InjectAbort(it, 200);",
  // Of no time and with no body: what is waited for is no CPU.
  InjectDelay: "InjectDelay(it, 1ms, 0.0);",
  GetMethod: unless('GetMethod(it) == "none"'),
  GetPath: unless('GetPath(it) == "none"'),
  GetHost: unless('GetHost(it) == "none"'),
  GetQuery: unless('GetQuery(it, "inDate") == "none"'),
  GetClaim: unless('GetClaim(it, "sub") == "none"'),
  RewritePath: 'RewritePath(it, "/elsewhere");',
  RewriteHost: 'RewriteHost(it, "elsewhere");',
  SetDeadline: "SetDeadline(it, 1s);",
};

/** For the caller's proxy. */
const ofCallers: Readonly<Record<string, string>> = {
  RouteToVersion: 'RouteToVersion(it, "b", "v1");',
  SplitByWeight: 'SplitByWeight(it, "b", "v1", 1, "v2", 1);',
  Mirror: 'Mirror(it, "b", "v1");',
  SetHashKey: 'SetHashKey(it, "acme");',
  SetTimeout: "SetTimeout(it, 1s);",
  SetRetries: "SetRetries(it, 2);",
};

const ofResponses: Readonly<Record<string, string>> = {
  ...ofBoth,
  GetStatus: unless("GetStatus(it) == 7"),
  IsRequestStatus: unless("IsRequestStatus(it, FAILED)"),
};

const ofStates: Readonly<Record<string, string>> = {
  "Counter.Increment": "Increment(state);",
  "Counter.Reset": "Reset(state);",
  "Counter.GetCount": unless("GetCount(state) == 7"),
  "Counter.IsGreaterThan": unless("IsGreaterThan(state, 7)"),
  "Timer.IsTimeSince": unless("IsTimeSince(state, 24h)"),
  "Timer.Reset": "Reset(state);",
  "TokenBucket.TakeToken": unless("!TakeToken(state, 1000000.0, 1000000)"),
  "ConcurrencyLimit.Acquire": unless("!Acquire(state, 1000000)"),
};

const path = "GetPath(it)";
const ofText: Readonly<Record<string, string>> = {
  "string.Matches": unless(`Matches(${path}, "/[a-z]+/[0-9]+")`),
  "string.Contains": unless(`Contains(${path}, "none")`),
  "string.StartsWith": unless(`StartsWith(${path}, "/none")`),
  "string.EndsWith": unless(`EndsWith(${path}, "none")`),
  "string.Length": unless(`Length(${path}) == 0`),
  "string.ToLower": unless(`ToLower(${path}) == "none"`),
  "string.ToInt": unless(`ToInt(${path}, 1) == 0`),
};

/** By name of the action, with what it is done to before it: `Request.SetHeader`, `Counter.Reset`, `string.Matches`. */
export const actionBodies: ReadonlyMap<string, ActionBody> = new Map([
  ...named(ofRequests, "Request.", (body): ActionBody => ({ body, act: "Request", side: "ingress" })),
  ...named(ofCallers, "Request.", (body): ActionBody => ({ body, act: "Request", side: "egress" })),
  ...named(ofResponses, "Response.", (body): ActionBody => ({ body, act: "Response", side: "ingress" })),
  ...Object.entries(ofStates).map(
    ([name, body]) =>
      [name, { body, act: "Request", side: "ingress", using: name.split(".")[0] ?? "" }] as const,
  ),
  ...named(
    ofText,
    "",
    (body): ActionBody => ({ body, act: "Request", side: "ingress", upon: "Request.GetPath" }),
  ),
  [
    "int.ToString",
    {
      body: unless('ToString(GetStatus(it)) == "none"'),
      act: "Response",
      side: "ingress",
      upon: "Response.GetStatus",
    },
  ],
]);

function named(
  bodies: Readonly<Record<string, string>>,
  prefix: string,
  bodyOf: (body: string) => ActionBody,
): readonly (readonly [string, ActionBody])[] {
  return Object.entries(bodies).map(([name, body]) => [`${prefix}${name}`, bodyOf(body)]);
}

/** A policy with this body. */
export function policyText({ body, act, side, using, hasSwitch = false }: ActionBody): string {
  const heading = side === undefined ? "" : side === "egress" ? "[Egress] " : "[Ingress] ";
  const states = using === undefined ? "" : `using (${using} state) `;
  return `policy measured ( act (${act} it) ${states}${hasSwitch ? "param (bool isOn = false) " : ""}context ('a -> b') ) { ${heading}${body} }`;
}
