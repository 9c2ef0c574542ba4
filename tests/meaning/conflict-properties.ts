import fc from "fast-check";
import { expect } from "vitest";
import { automaton } from "../../controlplane/analysis/automaton.ts";
import { conflicts, type Finding, type FindingKind } from "../../controlplane/analysis/conflicts.ts";
import { overlap } from "../../controlplane/analysis/overlap.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { inOrder } from "../../controlplane/language/in-order.ts";
import type { CopperPolicy, Policy, Side } from "../../controlplane/language/policy.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { place } from "../../controlplane/placement/solve.ts";
import { seedOr } from "../seed.ts";
import type { Header, Outcome, StateValue } from "./exchange.ts";
import { fixedVersion } from "./fixed-version.ts";
import { isCopper } from "./in-force.ts";
import { interpret } from "./interpret.ts";

function meshOf(text: string): Mesh {
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  return mesh;
}

/** A failure prints it; another looks elsewhere. */
const seed = seedOr(1);

const mesh = meshOf(`name: small
services:
  web: { entry: true }
  api: {}
  user: { versions: { v1: {}, v2: {} } }
  timeline: {}
  store: { protocol: tcp }
calls: { web: [api, user], api: [user, timeline], timeline: [api, store], user: [store] }
`);

const statements = [
  'SetHeader(r, "x", "1");',
  'SetHeader(r, "x", "2");',
  'SetHeader(r, "y", "1");',
  'SetHeader(r, "c", "1");',
  'AddHeader(r, "x", "1");',
  'RemoveHeader(r, "x");',
  'Count(r, "seen");',
  "Deny(r);",
  'Deny(r, 429, "slow");',
  'Allow(r, "web");',
  "Allow(r);",
  'RouteToVersion(r, "user", "v1");',
  'RouteToVersion(r, "user", "v2");',
];
/** Of headers, which requests and responses have. */
const conditions = [
  'HasHeader(r, "c")',
  '!HasHeader(r, "c")',
  'HasHeader(r, "d")',
  'GetHeader(r, "x") == "1"',
  'GetHeader(r, "x") == "2"',
  'GetHeader(r, "c") == "1"',
  'GetHeader(r, "c") == "2"',
  'GetHeader(r, "c") == GetHeader(r, "x")',
  'ToInt(GetHeader(r, "n"), 0) > 5',
  'ToInt(GetHeader(r, "n"), 0) > 3',
  'ToInt(GetHeader(r, "n"), 0) < 3',
  'Length(GetHeader(r, "n")) == 2',
  'ToInt(GetHeader(r, "n"), 0) * 2 > 10',
  'ToInt(GetHeader(r, "n"), 0) % 2 == 0',
  'ToInt(GetHeader(r, "n"), 0) / 3 == 1',
  'ToInt(GetHeader(r, "n"), 0) - 1 < 0',
  'GetHeader(r, "x") < "1"',
  'GetHeader(r, "x") >= "12"',
  'StartsWith(GetHeader(r, "x"), "1")',
  'Length(GetHeader(r, "x")) > 5',
  'Matches(GetHeader(r, "x"), "[0-9]+")',
  '(GetHeader(r, "d") ?? "1") == "1"',
  '(GetHeader(r, "d") ?? GetHeader(r, "c")) == "2"',
  '(GetHeader(r, "x") ?? "") + "2" == "12"',
  'GetHeader(r, "c") != GetHeader(r, "x")',
  'HasHeader(r, "c", "1")',
  'HasHeader(r, "c", "2")',
  'GetHeaders(r, "c") == "1,2"',
  "on",
  'GetHeader(r, "x") == one',
  'ToInt(GetHeader(r, "n"), 0) > most',
  "share > 0.75",
];
const bodies = [
  "GetBodySize(r, 100) > 10",
  "GetBodySize(r, 100) <= 10",
  "GetBodySize(r, 100) < 3",
  'BodyContains(r, "ab", 100)',
  'BodyContains(r, "b", 100)',
];
const states = ["IsGreaterThan(seen, 3)", "GetCount(seen) == 3", "GetCount(seen) % 2 == 1"];
const ofRequests = [
  ...bodies,
  ...states,
  'GetMethod(r) == "GET"',
  'GetMethod(r) == "POST"',
  'StartsWith(GetPath(r), "/a")',
  'StartsWith(GetPath(r), "/ab")',
  'EndsWith(GetPath(r), "b")',
  'Matches(GetPath(r), "/b.*")',
  'Matches(GetPath(r), "/a.*")',
  'Matches(GetPath(r), ".*[.]js")',
  'Contains(GetPath(r), "bb")',
  'ToLower(GetHost(r)) == "user"',
  'GetHost(r) == "User"',
  'GetQuery(r, "q") == "1"',
];
const ofTimes = [
  "SetTimeout(r, 100ms);",
  "SetTimeout(r, 2s);",
  'SetRetries(r, 1, "5xx");',
  "SetRetries(r, 2);",
  "SetDeadline(r, 1s);",
  "InjectDelay(r, 20ms);",
  "InjectDelay(r, 5s);",
];
/** What a proxy does behind its filters. */
const behind = [
  'RewriteHost(r, "User");',
  'RewriteHost(r, "api");',
  'RewritePath(r, "/ab");',
  "InjectAbort(r, 503);",
  "InjectAbort(r, 418);",
];
const contexts = [
  "user",
  "timeline",
  "web -> user",
  "api -> .",
  "web -> .* -> user",
  "user@v1",
  "api",
  "timeline -> web",
];

interface Words {
  readonly statements: readonly string[];
  readonly conditions: readonly string[];
  readonly contexts: readonly string[];
}

/** What a policy can say, by what it is about. */
const words: Readonly<Record<"Request" | "Response" | "Connection", Words>> = {
  Request: {
    statements: [...statements, ...ofTimes, ...behind],
    conditions: [...conditions, ...ofRequests],
    contexts,
  },
  Response: {
    statements: [
      'SetHeader(r, "x", "1");',
      'SetHeader(r, "x", "2");',
      'AddHeader(r, "x", "1");',
      'RemoveHeader(r, "x");',
      'Count(r, "answered");',
    ],
    conditions: [
      ...conditions,
      ...bodies,
      "GetStatus(r) / 100 == 5",
      "GetStatus(r) / 100 == 4",
      "GetStatus(r) % 100 == 3",
      "GetStatus(r) == 200",
      "GetStatus(r) == 503",
      "GetStatus(r) < 500",
      'IsRequestStatus(r, "FAILED")',
    ],
    contexts,
  },
  Connection: {
    statements: ["Deny(r);", 'Allow(r, "user");', "Allow(r);", 'Count(r, "opened");'],
    conditions: ['GetCaller(r) == "user"'],
    contexts: ["store", "user -> .", "timeline -> store", "api"],
  },
};

function anyStatement({ statements: all, conditions: when }: Words): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...all) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...when), fc.constantFrom(...all), fc.constantFrom(...all, ""))
        .map(([condition, then, otherwise]) => `if (${condition}) { ${then} } else { ${otherwise} }`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...when), fc.constantFrom(...when), fc.constantFrom(...all))
        .map(([one, other, then]) => `if (true) { let both = ${one}; if (both && !(${other})) { ${then} } }`),
    },
  );
}

const anyPolicy = fc
  .constantFrom("Request", "Request", "Request", "Response", "Connection" as const)
  .chain((act) =>
    fc.record({
      act: fc.constant(act),
      context: fc.constantFrom(...words[act].contexts),
      body: fc.array(anyStatement(words[act]), { minLength: 1, maxLength: 2 }),
      heading: fc.constantFrom("", "", "[Ingress]", "[Egress]"),
      priority: fc.constantFrom(0, 0, 1),
    }),
  );

/** One that admits some, which by chance two of are rarely of one call and of both sides. */
const anAllow = (heading: string) =>
  fc.record({
    act: fc.constant("Connection" as const),
    context: fc.constantFrom("store", "user -> .", "timeline -> store"),
    body: fc.constantFrom(
      ['Allow(r, "user");'],
      ['Allow(r, "timeline");'],
      ['if (GetCaller(r) == "user") { Allow(r); }'],
    ),
    heading: fc.constant(heading),
    priority: fc.constant(0),
  });

const drafts = fc.oneof(
  { weight: 19, arbitrary: fc.array(anyPolicy, { minLength: 2, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.tuple(anAllow("[Egress]"), anAllow("[Ingress]")) },
);

/** What a policy has to declare, by what says so. */
const declarations = [
  ["(on)", "param (bool on = true)"],
  [" on;", "param (bool on = true)"],
  ["== one", 'param (string one = "1")'],
  ["> most", "param (int most = 5)"],
  ["share >", "param (float share = 0.5)"],
  ["seen)", "using (Counter seen)"],
  ["(seen,", "using (Counter seen)"],
] as const;

interface Draft {
  readonly act: keyof typeof words;
  readonly context: string;
  readonly body: readonly string[];
  readonly heading: string;
  readonly priority: number;
}

function written(all: readonly Draft[]): readonly { readonly path: string; readonly text: string }[] {
  return all.map(({ act, context, body, heading, priority }, n) => {
    const bound = /RouteToVersion|SetTimeout|SetRetries/.test(body.join()) ? "[Egress]" : heading;
    const said = body.join(" ");
    const declared = [
      ...new Set(declarations.flatMap(([name, text]) => (said.includes(name) ? [text] : []))),
    ].join(" ");
    const text = `policy p${n} ( act (${act} r) ${declared} context ('${context}') priority (${priority}) ) { ${bound} ${said} }`;
    return { path: `p${n}.cup`, text };
  });
}

const anyPolicies = drafts.map(written);

/** A route for all requests of a call, and what is for a version of the callee. */
const routed = fc
  .tuple(
    fc.constantFrom("user", "web -> user", "api -> user"),
    fc.constantFrom("v1", "v2"),
    fc.constantFrom("user@v1", "api -> user@v2"),
    fc.boolean(),
  )
  .map(([context, version, other, isFirst]) =>
    [
      `( act (Request r) context ('${context}') priority (${isFirst ? 1 : 0}) ) { [Egress] RouteToVersion(r, "user", "${version}"); }`,
      `( act (Request r) context ('${other}') ) { SetHeader(r, "y", "1"); }`,
    ].map((text, n) => ({ path: `p${n}.cup`, text: `policy p${n} ${text}` })),
  );

function copperOf(
  sources: readonly { readonly path: string; readonly text: string }[],
): readonly CopperPolicy[] {
  const { policies, diagnostics } = checkPolicies(sources, mesh);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return policies.filter(isCopper);
}

/** What policies may look at, of a request or of what was before it. */
interface Case {
  readonly headers: readonly Header[];
  readonly body?: string;
  /** What the counter of a policy is at. */
  readonly count?: (policy: string) => bigint;
}

const header = (name: string, ...values: readonly string[]): Case => ({
  headers: values.map((value): Header => [name, value]),
});
const each = (name: string, values: readonly string[]): readonly Case[] =>
  values.map((value) => header(name, value));
const none: Case = { headers: [] };

/** What a request may be like, by what policies say where they look at it. A deadline is one that has passed. */
const varied: readonly (readonly [name: string, saidBy: RegExp, cases: readonly Case[]])[] = [
  ["x", /"x"/, [none, ...each("x", ["1", "2", "0", "12", "123456"])]],
  ["c", /"c"/, [none, header("c", "1"), header("c", "2"), header("c", "1", "2"), header("c", "3")]],
  ["d", /"d"/, [none, ...each("d", ["1", "2"])]],
  ["n", /"n"/, [none, ...each("n", ["1", "2", "4", "7", "10", "01"])]],
  ["baggage", /SetDeadline/, [none, header("baggage", "wire-deadline=0")]],
  [":method", /GetMethod/, each(":method", ["GET", "POST", "PUT"])],
  [
    ":path",
    /GetPath/,
    each(":path", ["/", "/a", "/ab", "/abb", "/b", "/bb", "/a.js", "/ab.js", "/b.js", "/?q=1", "/ab?q=1"]),
  ],
  [":path", /GetQuery/, each(":path", ["/", "/?q=1"])],
  [":authority", /GetHost/, each(":authority", ["user", "User", "api"])],
  [
    "body",
    /GetBodySize|BodyContains/,
    ["", "ab", "b", "b".repeat(20), "ab".repeat(10)].map((body) => ({ headers: [], body })),
  ],
  ["count", /seen[,)]/, [0n, 3n, 4n, 5n].map((count) => ({ headers: [], count: () => count }))],
];

/** Where there are more, cases are taken at equal distances. */
const casesMax = 240;

/** Cases that differ in what these policies look at; a response has the same headers and body. */
function casesFor(policies: readonly CopperPolicy[]): readonly Case[] {
  const texts = policies.map(({ source }) => source.text).join();
  const asked = new Map(
    varied.filter(([, saidBy]) => saidBy.test(texts)).map(([name, , cases]) => [name, cases]),
  );
  // What looks at the path tells the queries apart, too.
  const path = varied.find(([name, saidBy]) => name === ":path" && saidBy.test(texts));
  if (path !== undefined) asked.set(path[0], path[2]);
  const all = [...asked.values()].reduce<readonly Case[]>(
    (sets, cases) =>
      sets.flatMap((set) =>
        cases.map((one): Case => ({ ...set, ...one, headers: [...set.headers, ...one.headers] })),
      ),
    [none],
  );
  const distance = Math.max(1, all.length / casesMax);
  return Array.from(
    { length: Math.ceil(all.length / distance) },
    (_, at) => all[Math.floor(at * distance)] ?? none,
  );
}

const statuses = [200, 503, 404];

interface Turn {
  readonly policy: CopperPolicy;
  readonly section: Side;
}

function sectionsOf(policies: readonly CopperPolicy[], sides: readonly Side[]): readonly Turn[] {
  return policies.flatMap((policy) =>
    policy.sections.flatMap(({ side }) => (sides.includes(side) ? [{ policy, section: side }] : [])),
  );
}

/** What becomes of a request of a call, and of its response when it is answered by the callee. */
function run(
  inForce: readonly Turn[],
  path: readonly string[],
  { headers, body, count }: Case,
  answers: readonly number[] = statuses,
): readonly Outcome[] {
  const [caller = null, callee = ""] = path.length > 1 ? path.slice(-2) : [null, path[0]];
  const nameOf = (service: string): string => service.split("@")[0] ?? "";
  const options = { memory: new Map<string, StateValue>(), choose: () => true };
  if (count !== undefined)
    for (const { policy, section } of inForce)
      options.memory.set(`${policy.name} ${section} seen proxy`, {
        kind: "counter",
        count: count(policy.name),
      });
  const exchange = {
    direction: "inbound" as const,
    caller: caller === null ? null : nameOf(caller),
    callee: nameOf(callee),
    headers,
    ...(body === undefined ? {} : { body }),
    now: 0n,
    worker: 0,
  };
  const request = interpret(inForce, exchange, options);
  if (request.outcome.reply !== undefined) return [request.outcome];
  if (!inForce.some(({ policy: { act } }) => act === "Response")) return [request.outcome];
  const answered = headers.filter(([name]) => !name.startsWith(":"));
  const responses = answers.map((status) =>
    request.respond({ status, headers: answered, ...(body === undefined ? {} : { body }) }, 0n, options),
  );
  return [request, ...responses].map(({ outcome }) => outcome);
}

/** What becomes of all requests on a path that meet these policies, in this order. Egress comes before ingress. */
function outcomes(
  policies: readonly CopperPolicy[],
  path: readonly string[],
  requests: readonly Case[],
  answers?: readonly number[],
): readonly (readonly Outcome[])[] {
  const isFromOutside = path.length < 2;
  const sides: readonly Side[] = ["egress", "either", "ingress"];
  const all = sectionsOf(policies, isFromOutside ? ["either", "ingress"] : sides);
  // Where only one side is spoken of, what is bound to none is there as well, between the others by its order.
  const isOnBoth = ["egress", "ingress"].every((side) => all.some(({ section }) => section === side));
  const inForce = isOnBoth ? sides.flatMap((side) => all.filter(({ section }) => section === side)) : all;
  return requests.map((request) => run(inForce, path, request, answers));
}

/** Whether requests are let through when each side of the call judges alone, and what no heading binds is at `side`. */
function passesApart(
  policies: readonly CopperPolicy[],
  path: readonly string[],
  side: "egress" | "ingress",
  requests: readonly Case[],
): readonly boolean[] {
  const at = (own: Side): readonly Turn[] => sectionsOf(policies, own === side ? [own, "either"] : [own]);
  return requests.map((request) => {
    const [sent] = run(at("egress"), path, request);
    if (sent === undefined || sent.reply !== undefined) return false;
    return run(at("ingress"), path, { ...request, headers: sent.headers })[0]?.reply === undefined;
  });
}

/** What of outcomes can be seen: the headers of a request that is refused go nowhere. */
function seen(each: readonly Outcome[]): string {
  return JSON.stringify(
    each.map(({ headers, reply, counts }) => [
      reply === undefined ? [...headers].map(String).sort() : [reply.status, reply.body],
      [...counts].map(([name, by]) => `${name} ${by}`).sort(),
    ]),
  );
}

function matches({ context }: Policy, path: readonly string[]): boolean {
  const machine = automaton(context, "may");
  return machine.accepts(
    path.reduce((state, service) => {
      const [name = "", version] = service.split("@");
      return machine.step(state, machine.symbol(name, version));
    }, machine.start),
  );
}

/** All paths of so many services, over calls as they are declared; a connection is read as its two ends. */
function pathsUpTo(length: number): readonly (readonly string[])[] {
  const namesOf = (service: string): readonly string[] => {
    const versions = [...(mesh.services.get(service)?.versions.keys() ?? [])];
    return versions.length === 0 ? [service] : versions.map((version) => `${service}@${version}`);
  };
  const all: (readonly string[])[] = namesOf("web").map((name) => [name]);
  for (const path of all) {
    if (path.length === length) continue;
    for (const { from, to } of mesh.calls) {
      const last = path.at(-1) ?? "";
      if (from !== last.split("@")[0]) continue;
      const before = mesh.services.get(to)?.protocol === "tcp" ? [last] : path;
      for (const name of namesOf(to)) all.push([...before, name]);
    }
  }
  return all;
}

/** Whether the policies before one send all requests on a path to another version than that of its end. */
function isRoutedAway(policy: CopperPolicy, path: readonly string[], all: readonly CopperPolicy[]): boolean {
  const [name = "", version] = (path.at(-1) ?? "").split("@");
  const versions = [...(mesh.services.get(name)?.versions.keys() ?? [])];
  const onIt = (other: CopperPolicy, each: string): boolean =>
    matches(other, [...path.slice(0, -1), `${name}@${each}`]);
  const before = inOrder(all).filter(isCopper).slice(0, inOrder(all).indexOf(policy));
  const matching = before
    .filter((other) => versions.some((each) => onIt(other, each)))
    .map((other) => ({ policy: other, isForAll: versions.every((each) => onIt(other, each)) }));
  const fixed = fixedVersion(name, matching);
  return fixed !== undefined && fixed.version !== version;
}

function confirm(finding: Finding, all: readonly CopperPolicy[]): void {
  const requests = casesFor(all);
  const concerned = finding.policies.filter(isCopper);
  const [p, q] = concerned;
  if (p === undefined) throw new Error("a finding is about policies");
  if (finding.kind === "dead" && q !== undefined) {
    // Every path that it matches ends with a version to which the requests on it do not go.
    for (const path of pathsUpTo(5).filter((each) => matches(p, each)))
      expect(isRoutedAway(p, path, all), finding.detail).toBe(true);
    return;
  }
  if (finding.kind === "dead") {
    // It never has a turn, so that nothing becomes of requests other than without it.
    for (const path of pathsUpTo(5)) {
      const inForce = all.filter((policy) => matches(policy, path));
      const without = inForce.filter((policy) => policy !== p);
      expect(outcomes(inForce, path, requests).map(seen), finding.detail).toEqual(
        outcomes(without, path, requests).map(seen),
      );
      expect(inForce, path.join(" -> ")).not.toContain(p);
    }
    return;
  }
  expect(matches(p, finding.path), finding.detail).toBe(true);
  if (finding.kind === "admits-nothing") {
    // It is about all calls of the service, each with those that match it.
    for (const path of [finding.path, ...pathsUpTo(5)]) {
      const inForce = concerned.filter((policy) => matches(policy, path));
      if (inForce.length === 0 || path.at(-1) !== finding.path.at(-1)) continue;
      for (const [request] of outcomes(inForce, path, requests))
        expect(request?.reply, finding.detail).toBeDefined();
    }
    return;
  }
  if (q === undefined) throw new Error(`a finding of the kind ${finding.kind} is about two policies`);
  expect(matches(q, finding.path), finding.detail).toBe(true);
  if (finding.kind === "shadowed") {
    const both = all.filter((policy) => policy === p || policy === q);
    expect(outcomes(both, finding.path, requests).map(seen), finding.detail).toEqual(
      outcomes([q], finding.path, requests).map(seen),
    );
    return;
  }
  const shown = [caseOf(finding)];
  if (finding.kind === "allows-apart") {
    const [together] = outcomes([p, q], finding.path, shown);
    expect(together?.[0]?.reply, finding.detail).toBeUndefined();
    const passes = (["egress", "ingress"] as const).map(
      (side) => passesApart([p, q], finding.path, side, shown)[0],
    );
    expect(passes, finding.detail).toContain(false);
    return;
  }
  const status = finding.request?.get("response::status")?.[0];
  const answers = status === undefined ? statuses : [Number(status)];
  const orders = [
    outcomes([p, q], finding.path, shown, answers),
    outcomes([q, p], finding.path, shown, answers),
  ];
  if (finding.kind === "order") {
    expect(orders[0]?.map(seen), finding.detail).not.toEqual(orders[1]?.map(seen));
    return;
  }
  const isSo = (at: 0 | 1): boolean => {
    const effect = finding.outcomes?.[at];
    // Of a policy for responses it is the answer.
    const isOfResponse = effect?.what === "header" && effect.key.startsWith("response:");
    const outcome = orders[at]?.[0]?.[isOfResponse ? 1 : 0];
    const header = (name: string): string | undefined =>
      outcome?.headers.find(([other]) => other === name)?.[1];
    if (effect?.what === "header") return header(effect.name) === effect.value;
    if (effect?.what === "version") return header("x-wire-version") === effect.version;
    return effect?.what === "denied" && outcome?.reply?.status === effect.status;
  };
  expect([isSo(0), isSo(1)], finding.detail).toEqual([true, true]);
}

/** The request by which a finding says that it is so. */
function caseOf({ request = new Map() }: Finding): Case {
  const texts = [...request].flatMap(([attribute, values]): Header[] => {
    const header = /^(?:request|response):(.+)$/.exec(attribute)?.[1];
    if (header === undefined || header === ":status" || header === ":path") return [];
    return values.map((value: unknown): Header => [header, String(value)]);
  });
  const queries = [...request].flatMap(([attribute, [value]]) =>
    attribute.startsWith("query ") && value !== undefined ? [`${attribute.slice(6)}=${value}`] : [],
  );
  const path = String(request.get("request::path")?.[0] ?? "/");
  const body: unknown = (request.get("request body") ?? request.get("response body"))?.[0];
  const counts = new Map(
    [...request].flatMap(([attribute, [value]]) => {
      const [kind, policy = ""] = attribute.split(" ");
      return kind === "count" && typeof value === "bigint" ? [[policy, value] as const] : [];
    }),
  );
  return {
    headers: [...texts, [":path", queries.length === 0 ? path : `${path}?${queries.join("&")}`]],
    ...(body === undefined ? {} : { body: String(body) }),
    count: (policy) => counts.get(policy) ?? 0n,
  };
}

/** What a policy sets a header to, or which version it chooses, in so many words. */
function wishesOf({ source }: CopperPolicy): ReadonlyMap<string, ReadonlySet<string>> {
  const wishes = new Map<string, Set<string>>();
  const wish = (about: string, value: string): void => {
    wishes.set(about, (wishes.get(about) ?? new Set()).add(value));
  };
  for (const [, name = "", value = ""] of source.text.matchAll(/SetHeader\(r, "(\w)", "(\w)"\)/g))
    wish(name, value);
  for (const [, version = ""] of source.text.matchAll(/RouteToVersion\(r, "user", "(\w+)"\)/g))
    wish("x-wire-version", version);
  return wishes;
}

/**
 * Whether there is a request that each of the policies, having the last word, makes to be as it wants it, and not as the other does; given what
 * becomes of these requests in both orders.
 */
function contradict(
  [p, q]: readonly [CopperPolicy, CopperPolicy],
  requests: readonly Case[],
  [first, second]: readonly [readonly (readonly Outcome[])[], readonly (readonly Outcome[])[]],
): boolean {
  const [mine, theirs] = [wishesOf(p), wishesOf(q)];
  return [...mine.keys()].some((about) =>
    requests.some(({ headers }, request) => {
      const all = new Set([...(mine.get(about) ?? []), ...(theirs.get(about) ?? [])]);
      if (headers.some(([name, value]) => name === about && all.has(value))) return false;
      return first[request]?.some((outcome, message) => {
        const other = second[request]?.[message];
        if (outcome.reply !== undefined || other === undefined || other.reply !== undefined) return false;
        const headerIn = ({ headers }: Outcome): string =>
          headers.flatMap(([name, value]) => (name === about ? [value] : [])).join();
        const [last, otherwise] = [headerIn(outcome), headerIn(other)];
        return (
          last !== otherwise &&
          [last, otherwise].every((value) => all.has(value)) &&
          [p, q].every(
            (policy, at) =>
              wishesOf(policy)
                .get(about)
                ?.has(at === 0 ? otherwise : last) === true,
          )
        );
      });
    }),
  );
}

/** What is found because no placement has it. */
function isOfPlacement({ kind, request }: Finding): boolean {
  return kind === "order-apart" || (kind === "allows-apart" && request === undefined);
}

function isSplit(policies: readonly CopperPolicy[]): boolean {
  const sides = new Set(policies.flatMap((policy) => policy.sections.map(({ side }) => side)));
  return sides.has("egress") && sides.has("ingress");
}

/** Where the order of two policies matters and no priority gives it, there is a finding. */
export function ordersAreFound(numRuns: number): void {
  const property = fc.property(anyPolicies, (sources) => {
    const policies = copperOf(sources);
    const found = conflicts(policies, mesh);
    const requests = casesFor(policies);
    for (const [at, p] of policies.entries()) {
      for (const q of policies.slice(at + 1)) {
        if (p.priority !== q.priority || isSplit([p, q])) continue;
        const isFound = found.some(
          (each) =>
            (each.outcomes !== undefined || each.kind === "undecided") &&
            each.policies.includes(p) &&
            each.policies.includes(q),
        );
        for (const { path } of overlap(p, q, mesh)) {
          if ([p, q].some((policy) => isRoutedAway(policy, path, policies))) continue;
          const orders = [outcomes([p, q], path, requests), outcomes([q, p], path, requests)] as const;
          if (contradict([p, q], requests, orders))
            expect(
              found.some(
                ({ kind, policies: both }) =>
                  (kind === "contradiction" || kind === "undecided") && both.includes(p) && both.includes(q),
              ),
              `a contradiction on ${path.join(" -> ")}`,
            ).toBe(true);
          if (String(orders[0].map(seen)) !== String(orders[1].map(seen)))
            expect(isFound, `${path.join(" -> ")}`).toBe(true);
        }
      }
    }
  });
  fc.assert(property, { seed, numRuns });
}

/** Every finding is confirmed by what the policies mean: of which kinds there were some. */
export function findingsAreConfirmed(numRuns: number): readonly (FindingKind | "dead by a route")[] {
  const confirmed = new Set<FindingKind | "dead by a route">();
  const property = fc.property(
    fc.oneof({ weight: 9, arbitrary: anyPolicies }, { weight: 1, arbitrary: routed }),
    (sources) => {
      const policies = copperOf(sources);
      for (const finding of conflicts(policies, mesh)) {
        // There is no request that shows it.
        if (finding.kind === "undecided" || isOfPlacement(finding)) continue;
        confirm(finding, policies);
        const isByRoute = finding.kind === "dead" && finding.policies.length > 1;
        confirmed.add(isByRoute ? "dead by a route" : finding.kind);
      }
    },
  );
  fc.assert(property, { seed, numRuns });
  return [...confirmed].sort();
}

/** What headings keep apart is what cannot be placed: how often there was some. */
export async function apartIsRefused(numRuns: number): Promise<number> {
  let refused = 0;
  const property = fc.asyncProperty(
    drafts.map((all) => written(all.slice(0, 2))),
    async (sources) => {
      const policies = copperOf(sources);
      const apart = conflicts(policies, mesh).filter(({ kind }) => kind.endsWith("-apart"));
      // What proxies cannot know, versions before the route or their callers, keeps policies apart too.
      if (policies.some(({ source }) => source.text.includes("@"))) return;
      const { diagnostics } = await place(policies, { ...mesh, identity: "address" });
      const isRefused = diagnostics.some(({ code }) => code === "PLC0103");
      expect(apart.length > 0, diagnostics.map(({ message }) => message).join()).toBe(isRefused);
      if (isRefused) refused++;
    },
  );
  await fc.assert(property, { seed, numRuns });
  return refused;
}
