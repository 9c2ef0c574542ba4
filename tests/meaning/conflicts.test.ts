import fc from "fast-check";
import { expect, test } from "vitest";
import { automaton } from "../../controlplane/analysis/automaton.ts";
import { conflicts, type Finding, type FindingKind } from "../../controlplane/analysis/conflicts.ts";
import { overlap } from "../../controlplane/analysis/overlap.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { inOrder } from "../../controlplane/language/in-order.ts";
import type { CopperPolicy, Policy, Side } from "../../controlplane/language/policy.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Header, Outcome } from "./exchange.ts";
import { fixedVersion } from "./fixed-version.ts";
import { isCopper } from "./in-force.ts";
import { interpret } from "./interpret.ts";

function meshOf(text: string): Mesh {
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  return mesh;
}

/** A failure prints it; another looks elsewhere. */
const seed = Number(process.env["WIRE_SEED"] ?? 1);

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
];
const ofRequests = [
  'GetMethod(r) == "GET"',
  'GetMethod(r) == "POST"',
  'StartsWith(GetPath(r), "/a")',
  'StartsWith(GetPath(r), "/ab")',
  'EndsWith(GetPath(r), "b")',
  'Matches(GetPath(r), "/b.*")',
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
  Request: { statements: [...statements, ...ofTimes], conditions: [...conditions, ...ofRequests], contexts },
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

const anyPolicies = drafts.map((drafts) =>
  drafts.map(({ act, context, body, heading, priority }, n) => {
    const bound = /RouteToVersion|SetTimeout|SetRetries/.test(body.join()) ? "[Egress]" : heading;
    const text = `policy p${n} ( act (${act} r) context ('${context}') priority (${priority}) ) { ${bound} ${body.join(" ")} }`;
    return { path: `p${n}.cup`, text };
  }),
);

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

/** What a request may be like: by header, by what policies say where they look at it, and the values. A deadline is one that has passed. */
const varied: readonly (readonly [name: string, saidBy: string, values: readonly (string | undefined)[]])[] =
  [
    ["x", '"x"', [undefined, "1", "2", "0"]],
    ["c", '"c"', [undefined, "1", "2"]],
    ["d", '"d"', [undefined, "1"]],
    ["n", '"n"', [undefined, "1", "4", "7", "10"]],
    ["baggage", "SetDeadline", [undefined, "wire-deadline=0"]],
    [":method", "GetMethod", ["GET", "POST", "PUT"]],
    [":path", "GetPath", ["/", "/a", "/ab", "/abb", "/b", "/bb", "/?q=1", "/ab?q=1"]],
    [":path", "GetQuery", ["/", "/?q=1"]],
    [":authority", "GetHost", ["user", "User", "api"]],
  ];

/** All requests that differ in what these policies look at; a response has the same headers. */
function requestsFor(policies: readonly CopperPolicy[]): readonly (readonly Header[])[] {
  const texts = policies.map(({ source }) => source.text).join();
  const asked = varied.filter(([, saidBy]) => texts.includes(saidBy));
  return asked.reduce<readonly (readonly Header[])[]>(
    (sets, [name, , values]) =>
      sets.flatMap((set) =>
        set.some(([other]) => other === name)
          ? [set]
          : values.map((value): readonly Header[] => (value === undefined ? set : [...set, [name, value]])),
      ),
    [[]],
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
  headers: readonly Header[],
): readonly Outcome[] {
  const [caller = null, callee = ""] = path.length > 1 ? path.slice(-2) : [null, path[0]];
  const nameOf = (service: string): string => service.split("@")[0] ?? "";
  const options = { memory: new Map(), choose: () => true };
  const exchange = {
    direction: "inbound" as const,
    caller: caller === null ? null : nameOf(caller),
    callee: nameOf(callee),
    headers,
    now: 0n,
    worker: 0,
  };
  const request = interpret(inForce, exchange, options);
  if (request.outcome.reply !== undefined) return [request.outcome];
  const answered = headers.filter(([name]) => !name.startsWith(":"));
  const responses = statuses.map((status) => request.respond({ status, headers: answered }, 0n, options));
  return [request, ...responses].map(({ outcome }) => outcome);
}

/** What becomes of all requests on a path that meet these policies, in this order. Egress comes before ingress. */
function outcomes(
  policies: readonly CopperPolicy[],
  path: readonly string[],
  requests: readonly (readonly Header[])[],
): readonly (readonly Outcome[])[] {
  const isFromOutside = path.length < 2;
  const sides: readonly Side[] = ["egress", "either", "ingress"];
  const all = sectionsOf(policies, isFromOutside ? ["either", "ingress"] : sides);
  // Where only one side is spoken of, what is bound to none is there as well, between the others by its order.
  const isOnBoth = ["egress", "ingress"].every((side) => all.some(({ section }) => section === side));
  const inForce = isOnBoth ? sides.flatMap((side) => all.filter(({ section }) => section === side)) : all;
  return requests.map((headers) => run(inForce, path, headers));
}

/** Whether requests are let through when each side of the call judges alone, and what no heading binds is at `side`. */
function passesApart(
  policies: readonly CopperPolicy[],
  path: readonly string[],
  side: "egress" | "ingress",
  requests: readonly (readonly Header[])[],
): readonly boolean[] {
  const at = (own: Side): readonly Turn[] => sectionsOf(policies, own === side ? [own, "either"] : [own]);
  return requests.map((headers) => {
    const [sent] = run(at("egress"), path, headers);
    if (sent === undefined || sent.reply !== undefined) return false;
    return run(at("ingress"), path, sent.headers)[0]?.reply === undefined;
  });
}

/** What of outcomes can be seen: the headers of a request that is refused go nowhere. */
function seen(each: readonly Outcome[]): string {
  return JSON.stringify(
    each.map(({ headers, reply, counts }) => [
      reply === undefined ? [...headers].map(String).sort() : [reply.status, reply.body],
      [...counts].map(([name, by]) => `${name} ${by}`),
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

function confirm(finding: Finding, all: readonly CopperPolicy[]): void {
  const requests = requestsFor(all);
  const concerned = finding.policies.filter(isCopper);
  const [p, q] = concerned;
  if (p === undefined) throw new Error("a finding is about policies");
  if (finding.kind === "dead" && q !== undefined) {
    // Every path that it matches ends with a version to which the requests on it do not go.
    for (const path of pathsUpTo(5).filter((each) => matches(p, each))) {
      const [name = "", version] = (path.at(-1) ?? "").split("@");
      const onIt = (policy: CopperPolicy, other: string): boolean =>
        matches(policy, [...path.slice(0, -1), `${name}@${other}`]);
      const versions = [...(mesh.services.get(name)?.versions.keys() ?? [])];
      const before = inOrder(all).filter(isCopper).slice(0, inOrder(all).indexOf(p));
      const matching = before
        .filter((policy) => versions.some((each) => onIt(policy, each)))
        .map((policy) => ({ policy, isForAll: versions.every((each) => onIt(policy, each)) }));
      const fixed = fixedVersion(name, matching);
      expect(fixed?.version, finding.detail).toBeDefined();
      expect(fixed?.version, finding.detail).not.toBe(version);
    }
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
  if (finding.kind === "allows-apart") {
    const together = outcomes([p, q], finding.path, requests).map(
      ([request]) => request?.reply === undefined,
    );
    const isRefusedApart = (["egress", "ingress"] as const).some((side) => {
      const apart = passesApart([p, q], finding.path, side, requests);
      return together.some((passes, request) => passes && apart[request] === false);
    });
    expect(isRefusedApart, finding.detail).toBe(true);
    return;
  }
  const orders = [outcomes([p, q], finding.path, requests), outcomes([q, p], finding.path, requests)];
  if (finding.kind === "order") {
    expect(orders[0]?.map(seen), finding.detail).not.toEqual(orders[1]?.map(seen));
    return;
  }
  /** `message`: the request, or the response with one of the statuses. */
  const isSo = (at: 0 | 1, request: number, message: number): boolean => {
    const outcome = orders[at]?.[request]?.[message];
    const effect = finding.outcomes?.[at];
    const header = (name: string): string | undefined =>
      outcome?.headers.find(([other]) => other === name)?.[1];
    if (effect?.what === "header") return header(effect.name) === effect.value;
    if (effect?.what === "version") return header("x-wire-version") === effect.version;
    return effect?.what === "denied" && outcome?.reply?.status === effect.status;
  };
  const [about] = finding.outcomes ?? [];
  const isOfResponse = about?.what === "header" && about.key.startsWith("response:");
  const messages = isOfResponse ? statuses.map((_, n) => n + 1) : [0];
  expect(
    requests.some((_, request) =>
      messages.some((message) => isSo(0, request, message) && isSo(1, request, message)),
    ),
    finding.detail,
  ).toBe(true);
}

function isSplit(policies: readonly CopperPolicy[]): boolean {
  const sides = new Set(policies.flatMap((policy) => policy.sections.map(({ side }) => side)));
  return sides.has("egress") && sides.has("ingress");
}

test("where the order of two policies matters and no priority gives it, there is a finding", () => {
  const property = fc.property(anyPolicies, (sources) => {
    const policies = copperOf(sources);
    const found = conflicts(policies, mesh);
    const requests = requestsFor(policies);
    for (const [at, p] of policies.entries()) {
      for (const q of policies.slice(at + 1)) {
        if (p.priority !== q.priority || isSplit([p, q])) continue;
        const isFound = found.some(
          (each) => each.outcomes !== undefined && each.policies.includes(p) && each.policies.includes(q),
        );
        for (const { path } of overlap(p, q, mesh)) {
          const orders = [outcomes([p, q], path, requests), outcomes([q, p], path, requests)];
          if (String(orders[0]?.map(seen)) !== String(orders[1]?.map(seen)))
            expect(isFound, `${path.join(" -> ")}`).toBe(true);
        }
      }
    }
  });
  fc.assert(property, { seed, numRuns: 500 });
});

test("every finding, of every kind, is confirmed by what the policies mean", () => {
  const confirmed = new Set<FindingKind | "dead by a route">();
  const property = fc.property(
    fc.oneof({ weight: 9, arbitrary: anyPolicies }, { weight: 1, arbitrary: routed }),
    (sources) => {
      const policies = copperOf(sources);
      for (const finding of conflicts(policies, mesh)) {
        confirm(finding, policies);
        const isByRoute = finding.kind === "dead" && finding.policies.length > 1;
        confirmed.add(isByRoute ? "dead by a route" : finding.kind);
      }
    },
  );
  fc.assert(property, { seed, numRuns: 1500 });
  expect([...confirmed].sort()).toEqual([
    "admits-nothing",
    "allows-apart",
    "contradiction",
    "dead",
    "dead by a route",
    "order",
    "shadowed",
  ]);
});
