import { strict as assert } from "node:assert";
import fc from "fast-check";
import { expect } from "vitest";
import { commutes } from "../../controlplane/analysis/commutes.ts";
import { buildChains, createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import { hasErrors } from "../../controlplane/language/diagnostic.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { pathsOf, pathTables } from "../../controlplane/placement/path-tables.ts";
import {
  type Case,
  type DraftMesh,
  type DraftPolicy,
  meshText,
  type Operation,
  type Part,
  policySources,
  stampedCases,
} from "../../controlplane/placement/random-cases.test-helper.ts";
import { walksOf } from "../../controlplane/placement/second-reading.test-helper.ts";
import { place } from "../../controlplane/placement/solve.ts";
import type { Running } from "../../controlplane/placement/under-way.ts";
import {
  createHost,
  createProxy,
  type Host,
  type HostStream,
  type VirtualProxy,
} from "../../filters/proxy-wasm-as/testing/index.ts";

/*
 * Requests that pass the modules of whole random meshes, call by call.
 */

const cache = createChainCache();
const walksMax = 60;

export const versions: readonly Part[] = [
  { text: "b@v1", pattern: "B" },
  { text: "b@v2", pattern: "b" },
];

/** Stands before the name of the policy that has written the header which all of them write. */
export const lastWord = "last";

/** What a service says of a request that it sends, for policies that refuse some. */
const wish = "wish";

/**
 * Each policy writes a header of its own, on requests or on responses, and then one that all write; some are for what comes to a version. Filter code is compiled for each case
 * anew, and is tried by itself.
 */
export const pathCases: fc.Arbitrary<Case> = fc
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
        operations: operationsOf(policy.name),
      })),
    })),
  }));

/** Whether a policy refuses requests, beside what it writes: those that say `no`, or those that say neither `all` nor its name. */
export type Judging = "writes" | "denies" | "allows";

/** What a policy does. */
export function operationsOf(name: string, judging: Judging = "writes"): readonly Operation[] {
  const set = (header: string, value: string): Operation => ({ action: { kind: "set", header, value } });
  const judged: Readonly<Record<Judging, readonly Operation[]>> = {
    writes: [],
    denies: [{ when: { header: wish, value: "no" }, action: { kind: "deny", status: 403 } }],
    allows: ["all", name].map((value) => ({
      when: { header: wish, value },
      action: { kind: "allow", caller: "*" },
    })),
  };
  return [set(name, "1"), set(lastWord, name), ...judged[judging]];
}

export async function runningOf(
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
export type Hosts = ReadonlyMap<string, readonly Host[]>;

/** What a service's proxy has noted stays when its filters change: one for each service of a case. */
export async function hostsOf(
  { mesh, policies, placement, paths }: Running,
  proxies: Map<string, VirtualProxy>,
): Promise<Hosts> {
  const built = await buildChains(policies, placement, mesh, {
    addressesOf: (service) => [addressOf(service)],
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
export function idsAlone(walk: string, { services }: DraftMesh): "never" | "once" | "again" {
  const passed = [...walk.slice(0, -1).toLowerCase()].filter((letter) =>
    services.some(({ name, idAlone }) => idAlone === true && name === letter),
  );
  if (passed.length === 0) return "never";
  return new Set(passed).size === passed.length ? "once" : "again";
}

/** Which stays the same where others come and go. */
function addressOf(name: string): string {
  return `10.0.0.${name.charCodeAt(0)}`;
}

export function requestsOf(mesh: DraftMesh): readonly string[] {
  return walksOf(mesh)
    .filter(({ length }) => length > 1)
    .slice(0, walksMax);
}

interface World {
  readonly mesh: Mesh;
  /** The proxies at both ends of a call of a path, by its number. */
  readonly wayOf: (call: number) => Hosts;
  /** A service that hands on nothing. */
  readonly drops?: string;
  /** Whether outside traffic brings no state of its own. */
  readonly isHonest?: boolean;
  /** What the last call says to policies that refuse some; default `all`, as the others do. */
  readonly wishes?: string;
}

/** The headers that filters have left on the last request of a path and on its response; where it was refused on its way, that it was lost. */
export function sent(
  walk: string,
  { mesh, wayOf, drops, isHonest = false, wishes = "all" }: World,
): readonly string[] {
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
    const said: Headers = [[wish, at === stops.length - 1 ? wishes : "all"]];
    const going = through(out, [...headers, ...said], { "xds.route_name": `${service}@x` });
    const source = before === undefined ? "10.9.9.9" : addressOf(before);
    const coming = through(going.isRefused ? [] : inbound, [...forwarded(going.headers, false), ...said], {
      "source.address": `${source}:40000`,
    });
    open.push(...going.streams, ...coming.streams);
    if (at === stops.length - 1 && [going, coming].some(({ isDenied }) => isDenied)) {
      seen = [refused];
      break;
    }
    if (at < stops.length - 1 && (going.isRefused || coming.isRefused)) {
      seen = [lost];
      break;
    }
    headers =
      service === drops ? [] : forwarded(coming.headers, mesh.services.get(service)?.forwards !== undefined);
    seen = [...going.headers, ...going.answered, ...coming.headers, ...coming.answered].map(
      ([name, value]) => (name === lastWord ? `${lastWord} ${value}` : name),
    );
  }
  for (const stream of open) stream.end();
  return seen;
}

export function timesOf({ name }: Pick<DraftPolicy, "name">, seen: readonly string[]): number {
  return seen.filter((each) => each === name).length;
}

/** Those of policies for requests that were met, as they come in order: who has the last word on what they all write is the last of them. */
export function metInOrder(
  policies: readonly DraftPolicy[],
  seen: readonly string[],
): { readonly met: readonly string[]; readonly last: string | undefined } {
  const met = policies
    .filter((policy) => policy.act === "Request" && timesOf(policy, seen) > 0)
    .sort((p, q) => q.priority - p.priority || (p.name < q.name ? -1 : 1))
    .map(({ name }) => name);
  const words = seen.filter((each) => met.some((name) => each === `${lastWord} ${name}`));
  return { met, last: words.at(-1)?.slice(lastWord.length + 1) };
}

type Headers = readonly (readonly [string, string])[];

/** What libraries pass on from a request to those that it leads to, or what is all that some services do. */
function forwarded(headers: Headers, isIdAlone: boolean): Headers {
  return headers.filter(([name]) => name === "traceparent" || (name === "tracestate" && !isIdAlone));
}

/** Stands among the headers of a request for a path that was lost on its last call. */
export const lost = "(lost)";

/** Stands for all of them where a policy has refused the last call. */
export const refused = "(refused)";

/** How many requests a filter has counted whose paths were lost. */
function lostBy({ metrics }: Host): number {
  return [...metrics].reduce(
    (sum, [name, value]) => (name.startsWith("wire.lost.") ? sum + Number(value) : sum),
    0,
  );
}

interface Passed {
  readonly headers: Headers;
  readonly answered: Headers;
  /** Whether it has got no further: a policy that is to deny what is lost has done so, or one has refused what it says. */
  readonly isRefused: boolean;
  readonly isDenied: boolean;
  readonly streams: readonly HostStream[];
}

/** A request through the filters of a chain, and the answer to it. It is in hand until its streams are ended. */
function through(
  chain: readonly Host[],
  headers: Headers,
  properties: Readonly<Record<string, string>>,
): Passed {
  const streams: HostStream[] = [];
  let [request, answered]: Headers[] = [headers, []];
  let [isRefused, isDenied] = [false, false];
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
    isRefused = localReply !== undefined;
    isDenied = isRefused && answered?.at(-1)?.[0] !== lost;
    expect(host.failure).toBe(null);
    if (isRefused) break;
    request = requestHeaders.filter(([name]) => !name.startsWith(":"));
    answered = [...(answered ?? []), ...(response?.headers ?? [])];
  }
  return { headers: request ?? [], answered: answered ?? [], isRefused, isDenied, streams };
}
