import { strict as assert } from "node:assert";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createHost,
  createProxy,
  type Host,
  type HostStream,
  type VirtualProxy,
} from "../../filters/proxy-wasm-as/testing/index.ts";
import { commutes } from "../analysis/commutes.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { hasErrors } from "../language/diagnostic.ts";
import type { Side } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { pathsOf, pathTables } from "../placement/path-tables.ts";
import {
  type Case,
  type DraftMesh,
  type DraftPolicy,
  meshText,
  type Part,
  policySources,
  stampedCases,
} from "../placement/random-cases.test-helper.ts";
import { contextOf, walksOf } from "../placement/second-reading.test-helper.ts";
import { place } from "../placement/solve.ts";
import { nextStep, type Running } from "../placement/under-way.ts";
import { buildChains, createChainCache } from "./build-chains.ts";

const cache = createChainCache();
const walksMax = 60;

const versions: readonly Part[] = [
  { text: "b@v1", pattern: "B" },
  { text: "b@v2", pattern: "b" },
];

/** Each policy writes a header of its own, on requests or on responses, and some are for what comes to a version. Filter code is compiled for each case anew, and tried below. */
const cases = fc
  .record({
    drawn: stampedCases,
    responses: fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }),
    lasts: fc.array(fc.option(fc.constantFrom(...versions), { freq: 1, nil: undefined }), {
      minLength: 2,
      maxLength: 2,
    }),
  })
  .map(({ drawn, responses, lasts }) => ({
    ...drawn,
    policies: drawn.policies.map(({ filter: _, ...policy }, number) => ({
      ...policy,
      act: responses[number] === true ? ("Response" as const) : ("Request" as const),
      parts: lasts[number] === undefined ? policy.parts : [...policy.parts.slice(0, -1), lasts[number]],
      sections: policy.sections.map(({ heading }) => ({
        heading,
        operations: [{ action: { kind: "set" as const, header: policy.name, value: "1" } }],
      })),
    })),
  }));

test("the modules of proxies enforce a policy on each request whose path it is for, once, and on no other", async () => {
  const counts = { cases: 0, enforced: 0, joined: 0, met: 0 };
  const property = fc.asyncProperty(cases, async (drawn) => {
    const running = await runningOf(drawn, drawn.policies);
    if (running === undefined || running.paths.own === undefined) return;
    counts.cases++;
    const only = await hostsOf(running, drawn.mesh, new Map());
    for (const walk of requestsOf(drawn.mesh)) {
      const seen = sent(walk, { mesh: running.mesh, draft: drawn.mesh, wayOf: () => only });
      if (idsAlone(walk, drawn.mesh) !== "again") expect([walk, ...seen]).not.toContain(lost);
      for (const draft of drawn.policies) {
        const isFor = contextOf(draft).test(walk);
        const times = timesOf(draft, seen);
        const passed = idsAlone(walk, drawn.mesh);
        const right = [isFor ? 1 : 0, ...(passed === "again" ? [0] : [])];
        expect([walk, draft.name, right]).toEqual([walk, draft.name, expect.arrayContaining([times])]);
        counts.enforced += times;
        if (passed === "again") counts.met++;
        if (passed === "once") counts.joined += times;
      }
    }
  });
  await fc.assert(property, { numRuns: 150, seed: 8 });
  expect(counts.cases).toBeGreaterThan(1);
  expect(counts.enforced).toBeGreaterThan(10);
  expect(Math.min(counts.joined, counts.met)).toBeGreaterThan(3);
});

test("what a service on the way to an origin has lost is not taken for a path that begins there", async () => {
  const service = (name: string) => ({
    ...{ name, entry: name === "a", origin: name === "d", isStore: false, proxy: "any", replicas: 1 },
  });
  const call = (from: string, to: string) => ({ from, to, rate: 1 });
  const mesh: DraftMesh = {
    identity: "address",
    services: ["a", "c", "d", "e"].map(service),
    calls: [call("a", "c"), call("c", "d"), call("d", "e")],
  };
  const policy = (name: string, anchored: boolean, parts: readonly Part[]): DraftPolicy => ({
    ...{ name, act: "Request", priority: 0, mode: "enforce", anchored, parts },
    sections: [{ heading: "either", operations: [{ action: { kind: "set", header: name, value: "1" } }] }],
  });
  const [a, d, e, between] = [
    { text: "a", pattern: "a" },
    { text: "d", pattern: "d" },
    { text: "e", pattern: "e" },
    { text: ".*", pattern: "[a-z]*" },
  ];
  const policies = [policy("own", true, [d, e]), policy("others", false, [a, between, e])];
  const dataplanes = [{ name: "envoy", cost: 1, actions: "all" } as const];
  const running = await runningOf(
    { mesh, policies, dataplanes, before: { proxies: [], sides: [] } },
    policies,
  );
  assert(running !== undefined, "these can be placed");
  const only = await hostsOf(running, mesh, new Map());
  const met = (walk: string, drops?: string): readonly string[] =>
    sent(walk, { mesh: running.mesh, draft: mesh, wayOf: () => only, ...(drops && { drops }) }).filter(
      (name) => policies.some((each) => each.name === name),
    );
  expect(met("de")).toEqual(["own"]);
  expect(met("acde")).toEqual(["others"]);
  expect(met("acde", "c")).toEqual([]);
});

test("a state says another thing in front of each version of a service that does not stamp, to filter code too", async () => {
  const service = (name: string) => ({
    ...{ name, entry: name === "a", origin: false, isStore: false, proxy: "any", replicas: 1 },
  });
  const call = (from: string, to: string) => ({ from, to, rate: 1 });
  const mesh: DraftMesh = {
    identity: "address",
    services: ["a", "b", "c", "d"].map(service),
    calls: [call("a", "c"), call("a", "d"), call("c", "d"), call("d", "b")],
  };
  const policy = (name: string, version: Part, more: Partial<DraftPolicy>): DraftPolicy => ({
    ...{ name, act: "Request", priority: 0, mode: "enforce", anchored: false, ...more },
    parts: [{ text: "c", pattern: "c" }, { text: "d", pattern: "d" }, version],
    sections: [{ heading: "either", operations: [{ action: { kind: "set", header: name, value: "1" } }] }],
  });
  const [first, second] = versions;
  assert(first !== undefined && second !== undefined, "there are two");
  const policies = [policy("one", first, {}), policy("two", second, { filter: { isDeclared: true } })];
  const dataplanes = [{ name: "envoy", cost: 1, actions: "all" } as const];
  const running = await runningOf(
    { mesh, policies, dataplanes, before: { proxies: [], sides: [] } },
    policies,
  );
  assert(running !== undefined, "these can be placed");
  const only = await hostsOf(running, mesh, new Map());
  const met = (walk: string): readonly string[] =>
    sent(walk, { mesh: running.mesh, draft: mesh, wayOf: () => only }).filter((name) =>
      policies.some((each) => each.name === name),
    );
  expect(["acdB", "acdb", "adB", "adb"].map(met)).toEqual([["one"], ["two"], [], []]);
});

const heading = fc.constantFrom<Side>("either", "egress", "ingress");

/** Policies of which each has another context, another heading or both, or of which there are others. */
const changes = fc
  .record({
    before: cases,
    after: cases,
    identity: fc.constantFrom<Mesh["identity"]>("none", "none", "none", "address"),
    headings: fc.array(fc.tuple(heading, heading), { minLength: 2, maxLength: 2 }),
    areKept: fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }),
    areOthers: fc.nat({ max: 3 }).map((roll) => roll === 3),
    /** Of the calls of a path, which ones go the new way. */
    ways: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    /** The call that waits until the next step. */
    waits: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ before, after, identity, headings, areKept, areOthers, ...rest }) => {
    const under = (policy: DraftPolicy, number: number, which: 0 | 1): DraftPolicy => ({
      ...policy,
      sections: policy.sections.map((section) => ({
        ...section,
        heading: headings[number]?.[which] ?? section.heading,
      })),
    });
    const changed = (policy: DraftPolicy, number: number): DraftPolicy => {
      const { anchored, parts } = (areKept[number] === true ? undefined : after.policies[number]) ?? policy;
      return under({ ...policy, anchored, parts }, number, 1);
    };
    const policies = before.policies.map((policy, number) => under(policy, number, 0));
    return {
      ...rest,
      before: { ...before, mesh: { ...before.mesh, identity }, policies },
      after: areOthers ? after.policies : before.policies.map(changed),
    };
  });

/** Where policies are, on which side. */
function sidesOf({ placement }: Running): ReadonlySet<string> {
  return new Set(
    placement.proxies.flatMap(({ policies }) =>
      policies.flatMap(({ policy, side, calls }) => calls.map(([, to]) => `${policy} ${side} ${to}`)),
    ),
  );
}

test("while contexts change, a request is judged as before or as after, whichever proxies have changed", async () => {
  const counts = { changes: 0, steps: 0, enforced: 0, both: 0, moved: 0 };
  const property = fc.asyncProperty(changes, async ({ before, after, ways, waits }) => {
    const [from, to] = [await runningOf(before, before.policies), await runningOf(before, after)];
    if (from === undefined || to === undefined || from.paths.begin === to.paths.begin) return;
    const [sides, others] = [sidesOf(from), sidesOf(to)];
    const isMoved =
      [...sides].some((each) => !others.has(each)) && [...others].some((each) => !sides.has(each));
    if (!isMoved && counts.changes > 2 * counts.moved) return;
    counts.changes++;
    if (isMoved) counts.moved++;
    const proxies = new Map<string, VirtualProxy>();
    const states = [await hostsOf(from, before.mesh, proxies)];
    let isTaught = false;
    for (let current = from; current !== to; ) {
      assert(states.length < 5, "a change of states is made of three");
      const step = nextStep(current, to, current !== from);
      isTaught ||= step.kind === "taught";
      current =
        step.kind === "wanted"
          ? to
          : {
              ...to,
              ...(step.kind === "taught" ? current : {}),
              placement: step.placement,
              paths: step.paths,
            };
      states.push(await hostsOf(current, before.mesh, proxies));
      counts.steps++;
    }
    /** Each call by proxies as they are before a step or after it. A request may be under way in the first two, of three. */
    const steps = states.slice(1).map((_, step) => [step, step] as const);
    for (const [first, then] of [...steps, ...(isTaught ? [[0, 1] as const] : [])]) {
      const wayOf = (call: number): Hosts =>
        states[(call < waits ? first : then) + (ways[call % ways.length] === true ? 1 : 0)] ?? new Map();
      for (const walk of requestsOf(before.mesh)) {
        const seen = sent(walk, { mesh: to.mesh, draft: before.mesh, wayOf, isHonest: first < then });
        if (idsAlone(walk, before.mesh) !== "again") expect([walk, first, then, ...seen]).not.toContain(lost);
        for (const name of new Set([...before.policies, ...after].map((policy) => policy.name))) {
          const drafts = [before.policies, after].map((all) => all.find((each) => each.name === name));
          const verdicts = new Set([
            ...drafts.map((draft) => draft !== undefined && contextOf(draft).test(walk)),
            ...(idsAlone(walk, before.mesh) === "again" ? [false] : []),
          ]);
          const times = timesOf({ name }, seen);
          expect([walk, name, first, then, [...verdicts].map(Number)]).toEqual([
            walk,
            name,
            first,
            then,
            expect.arrayContaining([times]),
          ]);
          counts.enforced += times;
          if (!verdicts.has(false)) counts.both++;
        }
      }
    }
  });
  await fc.assert(property, { numRuns: 250, seed: 9 });
  expect(counts.steps).toBeGreaterThan(counts.changes);
  expect(Math.min(counts.enforced, counts.both)).toBeGreaterThan(100);
});

async function runningOf(
  { mesh: draft, dataplanes }: Case,
  policies: readonly DraftPolicy[],
): Promise<Running | undefined> {
  const { mesh } = fromYaml(
    { path: "mesh.yaml", text: meshText(draft) },
    dataplanes.map(({ name }) => name),
  );
  assert(mesh !== undefined, "a mesh without errors is one");
  const checked = checkPolicies(policySources(policies), mesh);
  if (hasErrors(checked.diagnostics)) return undefined;
  const { placement } = await place(checked.policies, mesh, { dataplanes });
  if (placement === undefined) return undefined;
  const tables = pathTables(placement, checked.policies, { mesh, dataplanes });
  assert(tables === undefined || !("kind" in tables), "so few services have few states");
  return { mesh, policies: checked.policies, dataplanes, placement, paths: pathsOf(tables) };
}

/** The filters of each proxy, by service, direction and version. */
type Hosts = ReadonlyMap<string, readonly Host[]>;

/** What a service's proxy has noted stays when its filters change: one for each service of a case. */
async function hostsOf(
  { mesh, policies, placement, paths }: Running,
  draft: DraftMesh,
  proxies: Map<string, VirtualProxy>,
): Promise<Hosts> {
  const built = await buildChains(policies, placement, mesh, {
    addressesOf: (service) => [addressOf(draft, service)],
    commutes,
    cache,
    paths,
  });
  expect(built.diagnostics).toEqual([]);
  return new Map(
    built.chains.map(({ service, direction, version, slots }) => {
      const proxy = proxies.get(service) ?? createProxy();
      proxies.set(service, proxy);
      return [
        `${service} ${direction} ${version ?? ""}`,
        slots.map(({ module, configuration, vmId }) =>
          createHost(module.bytes, { configuration, proxy, vmId }),
        ),
      ];
    }),
  );
}

/** How often a path passes services that hand on an id alone. Where it passes one again, nobody knows which of the two a request that leaves has come from. */
function idsAlone(walk: string, { services }: DraftMesh): "never" | "once" | "again" {
  const passed = [...walk.slice(0, -1).toLowerCase()].filter((letter) =>
    services.some(({ name, idAlone }) => idAlone === true && name === letter),
  );
  if (passed.length === 0) return "never";
  return new Set(passed).size === passed.length ? "once" : "again";
}

function addressOf({ services }: DraftMesh, name: string): string {
  return `10.0.0.${services.findIndex((service) => service.name === name) + 1}`;
}

function requestsOf(mesh: DraftMesh): readonly string[] {
  return walksOf(mesh)
    .filter(({ length }) => length > 1)
    .slice(0, walksMax);
}

interface World {
  readonly mesh: Mesh;
  readonly draft: DraftMesh;
  /** The proxies at both ends of a call of a path, by its number. */
  readonly wayOf: (call: number) => Hosts;
  /** A service that hands on nothing. */
  readonly drops?: string;
  /** Whether outside traffic brings no state of its own. What nobody takes away where nobody stamps yet is lost later. */
  readonly isHonest?: boolean;
}

/** The headers that filters have left on the last request of a path and on its response. */
function sent(walk: string, { mesh, draft, wayOf, drops, isHonest = false }: World): readonly string[] {
  const stops = [...walk].map((letter) => ({
    service: letter.toLowerCase(),
    version: letter === "B" ? "v1" : "v2",
  }));
  const isOutside = mesh.services.get(stops[0]?.service ?? "")?.entry === true;
  // What outside traffic brings changes nothing.
  let headers: Headers = isOutside && !isHonest ? [["tracestate", "a=1,wire=abcdef.2"]] : [];
  let seen: readonly string[] = [];
  const open: HostStream[] = [];
  for (const [at, { service, version }] of stops.entries()) {
    const before = stops[at - 1]?.service;
    if (at === 0 && !isOutside) continue;
    const hosts = wayOf(at);
    const out = before === undefined ? [] : (hosts.get(`${before} outbound `) ?? []);
    const inbound = hosts.get(`${service} inbound `) ?? hosts.get(`${service} inbound ${version}`) ?? [];
    const going = through(out, headers, { "xds.route_name": `${service}@x` });
    const source = before === undefined ? "10.9.9.9" : addressOf(draft, before);
    const coming = through(inbound, forwarded(going.headers, false), { "source.address": `${source}:40000` });
    open.push(...going.streams, ...coming.streams);
    headers =
      service === drops ? [] : forwarded(coming.headers, mesh.services.get(service)?.forwards !== undefined);
    seen = [...going.headers, ...going.answered, ...coming.headers, ...coming.answered].map(([name]) => name);
  }
  for (const stream of open) stream.end();
  return seen;
}

function timesOf({ name }: Pick<DraftPolicy, "name">, seen: readonly string[]): number {
  return seen.filter((each) => each === name).length;
}

type Headers = readonly (readonly [string, string])[];

/** What libraries pass on from a request to those that it leads to, or what is all that some services do. */
function forwarded(headers: Headers, isIdAlone: boolean): Headers {
  return headers.filter(([name]) => name === "traceparent" || (name === "tracestate" && !isIdAlone));
}

/** Stands among the headers of a request for a path that was lost on its last call. */
const lost = "(lost)";

/** How many requests a filter has counted whose paths were lost. */
function lostBy({ metrics }: Host): number {
  return [...metrics].reduce(
    (sum, [name, value]) => (name.startsWith("wire.lost.") ? sum + Number(value) : sum),
    0,
  );
}

/** A request through the filters of a chain, and the answer to it. It is in hand until its streams are ended. */
function through(
  chain: readonly Host[],
  headers: Headers,
  properties: Readonly<Record<string, string>>,
): { readonly headers: Headers; readonly answered: Headers; readonly streams: readonly HostStream[] } {
  const streams: HostStream[] = [];
  let [request, answered]: Headers[] = [headers, []];
  for (const host of chain) {
    const lostBefore = lostBy(host);
    const stream = host.open({
      headers: [[":method", "GET"], [":path", "/"], ...(request ?? [])],
      properties,
    });
    stream.respond({});
    streams.push(stream);
    if (lostBy(host) > lostBefore) answered = [...(answered ?? []), [lost, ""]];
    const { requestHeaders, response, localReply } = stream.result();
    expect([host.failure, localReply]).toEqual([null, undefined]);
    request = requestHeaders.filter(([name]) => !name.startsWith(":"));
    answered = [...(answered ?? []), ...(response?.headers ?? [])];
  }
  return { headers: request ?? [], answered: answered ?? [], streams };
}
