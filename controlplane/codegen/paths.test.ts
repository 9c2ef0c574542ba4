import fc from "fast-check";
import { expect, test } from "vitest";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";
import { commutes } from "../analysis/commutes.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { pathTables } from "../placement/path-tables.ts";
import { type Case, meshText, policySources, stampedCases } from "../placement/random-cases.test-helper.ts";
import { contextOf, walksOf } from "../placement/second-reading.test-helper.ts";
import { place } from "../placement/solve.ts";
import { buildChains, createChainCache } from "./build-chains.ts";

const cache = createChainCache();
const walksMax = 60;

/** Each policy writes a header of its own, on requests or on responses. */
const cases = fc
  .record({ drawn: stampedCases, responses: fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }) })
  .map(({ drawn, responses }) => ({
    ...drawn,
    policies: drawn.policies.map((policy, number) => ({
      ...policy,
      act: responses[number] === true ? ("Response" as const) : ("Request" as const),
      sections: policy.sections.map(({ heading }) => ({
        heading,
        operations: [{ action: { kind: "set" as const, header: policy.name, value: "1" } }],
      })),
    })),
  }));

test("the modules of proxies enforce a policy on each request whose path it is for, once, and on no other", async () => {
  const counts = { cases: 0, walks: 0, enforced: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async (drawn) => await check(drawn, counts)),
    { numRuns: 25 },
  );
  expect(counts.cases).toBeGreaterThan(1);
  expect(counts.enforced).toBeGreaterThan(10);
});

async function check(drawn: Case, counts: { cases: number; walks: number; enforced: number }): Promise<void> {
  const { dataplanes } = drawn;
  const { mesh } = fromYaml(
    { path: "mesh.yaml", text: meshText(drawn.mesh) },
    dataplanes.map(({ name }) => name),
  );
  if (mesh === undefined) throw new Error("a mesh without errors is one");
  const { policies } = checkPolicies(policySources(drawn.policies), mesh);
  const { placement } = await place(policies, mesh, { dataplanes, stamps: true });
  const tables = placement && pathTables(placement, policies, { mesh, dataplanes });
  if (placement === undefined || tables === undefined || tables === "tooManyStates") return;
  const names = [...mesh.services.keys()];
  const addressOf = (service: string): string => `10.0.0.${names.indexOf(service) + 1}`;
  const built = await buildChains(policies, placement, mesh, {
    addressesOf: (service) => [addressOf(service)],
    commutes,
    cache,
    tables: [tables],
  });
  expect(built.diagnostics).toEqual([]);
  const hosts = new Map<string, readonly Host[]>(
    built.chains.map(({ service, direction, version, slots }) => [
      `${service} ${direction} ${version ?? ""}`,
      slots.map(({ module, configuration }) => createHost(module.bytes, { configuration })),
    ]),
  );
  counts.cases++;
  for (const walk of walksOf(drawn.mesh)
    .filter(({ length }) => length > 1)
    .slice(0, walksMax)) {
    const stops = [...walk].map((letter) => ({
      service: letter.toLowerCase(),
      version: letter === "B" ? "v1" : "v2",
    }));
    const isOutside = mesh.services.get(stops[0]?.service ?? "")?.entry === true;
    // What outside traffic brings changes nothing.
    let headers: Headers = isOutside ? [["tracestate", `a=1,wire=${tables.revision}.2`]] : [];
    let seen: readonly string[] = [];
    for (const [at, { service, version }] of stops.entries()) {
      const before = stops[at - 1]?.service;
      if (at === 0 && !isOutside) continue;
      const out = before === undefined ? [] : (hosts.get(`${before} outbound `) ?? []);
      const inbound = hosts.get(`${service} inbound `) ?? hosts.get(`${service} inbound ${version}`) ?? [];
      const sent = through(out, headers, { "xds.route_name": `${service}@x` });
      const source = before === undefined ? "10.9.9.9" : addressOf(before);
      const got = through(inbound, forwarded(sent.headers), { "source.address": `${source}:40000` });
      headers = forwarded(got.headers);
      seen = [...sent.headers, ...sent.answered, ...got.headers, ...got.answered].map(([name]) => name);
    }
    counts.walks++;
    for (const draft of drawn.policies) {
      const isFor = contextOf(draft).test(walk);
      expect([walk, draft.name, seen.filter((name) => name === draft.name).length]).toEqual([
        walk,
        draft.name,
        isFor ? 1 : 0,
      ]);
      if (isFor) counts.enforced++;
    }
  }
}

type Headers = readonly (readonly [string, string])[];

/** What libraries pass on from a request to those that it leads to. */
function forwarded(headers: Headers): Headers {
  return headers.filter(([name]) => name === "tracestate" || name === "traceparent");
}

/** A request through the filters of a chain, and the answer to it. */
function through(
  chain: readonly Host[],
  headers: Headers,
  properties: Readonly<Record<string, string>>,
): { readonly headers: Headers; readonly answered: Headers } {
  let [request, answered]: Headers[] = [headers, []];
  for (const host of chain) {
    const { requestHeaders, response, localReply } = host.exchange({
      headers: [[":method", "GET"], [":path", "/"], ...(request ?? [])],
      properties,
      response: {},
    });
    expect([host.failure, localReply]).toEqual([null, undefined]);
    request = requestHeaders.filter(([name]) => !name.startsWith(":"));
    answered = [...(answered ?? []), ...(response?.headers ?? [])];
  }
  return { headers: request ?? [], answered: answered ?? [] };
}
