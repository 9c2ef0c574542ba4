import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { DoctorReport } from "../../controlplane/cli/doctor.ts";
import type { LostContext } from "../../controlplane/doctor/lost-context.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { runWire } from "../cli/run-wire.ts";
import { type ServedMesh, serveMesh } from "./serve-mesh.ts";
import { visitsOf } from "./start-wire.ts";

// Two entries lead over two services without proxies to three that policies are for. One of those on the way does not hand on the header.

const mesh = (stateHeader: string): string => `name: doctor
identity: address
stateHeader: ${stateHeader}
services:
  front: { entry: true, protocol: http }
  batch: { entry: true, protocol: http }
  middle: { protocol: grpc, proxy: never }
  near: { protocol: http }
  far: { protocol: grpc }
  aside: { protocol: http }
calls:
  front: [middle]
  batch: [middle]
  middle: [near]
  near: [far, aside]
`;

const policies = {
  "gate.cup": `policy gate ( act (Request r) context ('front -> .* -> far') onLost (deny) ) { [Ingress] SetHeader(r, 'x-gate', 'yes'); }`,
  "mark.cup": `policy mark ( act (Request r) context ('front -> .* -> aside') onLost (skip) ) { [Ingress] SetHeader(r, 'x-mark', 'yes'); }`,
  "seen.cup": `policy seen ( act (Request r) context ('front -> .* -> near') onLost (skip) ) { [Ingress] SetHeader(r, 'x-seen', 'yes'); }`,
};

async function ask({ entry }: ServedMesh, service: string): Promise<CallTree> {
  const { address, port } = entry(service);
  const [response]: IncomingMessage[] = await once(get({ host: address, port, agent: false }), "response");
  if (response === undefined) throw new Error("a response comes with its event");
  return JSON.parse(await textOf(response));
}

/** What came of a request: the status of each service, and whether its policy was enforced. */
async function came(running: ServedMesh, entry = "front"): Promise<Readonly<Record<string, unknown>>> {
  const tree = await ask(running, entry);
  const of = (service: string, header: string): unknown =>
    visitsOf(tree, service).map(({ status, headers }) => [status, headers?.[header] !== undefined]);
  return { near: of("near", "x-seen"), far: of("far", "x-gate"), aside: of("aside", "x-mark") };
}

async function doctor(running: ServedMesh, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runWire(["doctor", "--url", running.http, "--json", ...args]);
  if (!stdout.startsWith("{")) throw new Error(stderr);
  const { services, ...report }: DoctorReport = JSON.parse(stdout);
  return {
    code,
    ...report,
    verdicts: Object.fromEntries(services.map(({ service, verdict }) => [service, verdict])),
  };
}

const all = ["traceparent", "x-request-id", "b3", "x-b3-traceid"];
const [forwards, yes] = [{ kind: "forwards" }, [[200, true]]] as const;

describe.each([
  { stateHeader: "tracestate" },
  { stateHeader: "tracestate", pathKey: "ab".repeat(32) },
  { stateHeader: "baggage" },
  { stateHeader: "header:x-canary" },
])("where states are as in %j", ({ stateHeader, pathKey }) => {
  const header = stateHeader.replace("header:", "");

  test("the service that drops it is found, and policies do as `onLost` says", {
    timeout: 120_000,
  }, async () => {
    const drops: string[] = [];
    await using running = await serveMesh({
      mesh: mesh(stateHeader),
      policies,
      ...(pathKey === undefined ? {} : { pathKey }),
      as: (service) => (service.service === "near" ? { ...service, drops } : service),
    });
    expect(await came(running)).toEqual({ near: yes, far: yes, aside: yes });
    expect(await came(running, "batch")).toEqual({
      ...{ near: [[200, false]], far: [[200, false]], aside: [[200, false]] },
    });
    const names = ["front", "batch", "middle", "near"];
    expect(await doctor(running)).toEqual({
      code: 0,
      stateHeader,
      unneeded: [],
      verdicts: Object.fromEntries(names.map((name) => [name, forwards])),
    });

    drops.push(header);
    for (let time = 0; time < 3; time++)
      expect(await came(running)).toEqual({ near: yes, far: [[403, false]], aside: [[200, false]] });
    const found = await doctor(running);
    expect(found).toMatchObject({
      code: 1,
      verdicts: {
        ...{ front: forwards, batch: forwards, middle: forwards },
        near: {
          kind: "drops",
          headers: expect.arrayContaining(all),
          to: expect.arrayContaining(["far", "aside"]),
        },
      },
    });
    const status = await runWire(["status", "--url", running.http, "--json"]);
    const { lost }: { readonly lost: readonly LostContext[] } = JSON.parse(status.stdout);
    expect(lost).toMatchObject(
      ["gate far", "mark aside"].map((place) => {
        const [policy, proxy] = place.split(" ");
        return { policy, proxy, caller: "near", requests: 3, suspects: ["near"] };
      }),
    );
    const { stdout } = await runWire(["status", "--url", running.http]);
    expect(stdout).toMatch(
      /`gate` has lost the path of 3 requests from near .* in the proxy of far: near does not hand on/,
    );
    const metrics = await (await fetch(`${running.http}/metrics`)).text();
    expect(metrics).toContain("\nwire_lost_contexts_total 6\n");
    const calls = await (await fetch(`${running.http}/metrics/calls`)).text();
    expect(calls).toContain('wire_call_lost_contexts_total{policy="gate",caller="near",proxy="far"} 3');

    drops.splice(0, drops.length, "*");
    const silent = await doctor(running, "near", "middle", "aside");
    expect(silent).toMatchObject({
      ...{ code: 1, unneeded: ["aside"] },
      verdicts: { middle: forwards, near: { kind: "silent", status: 200 } },
    });

    drops.splice(0);
    expect(await came(running)).toEqual({ near: yes, far: yes, aside: yes });
    expect((await doctor(running, "near")).code).toBe(0);
  });
});

test("what is lost in front of a service that begins paths itself is found, and none of its own", {
  timeout: 120_000,
}, async () => {
  const drops: string[] = [];
  await using running = await serveMesh({
    mesh: `name: doctor
identity: address
services:
  front: { entry: true, protocol: http }
  near: { protocol: http, proxy: never }
  batch: { origin: true, protocol: http }
  far: { protocol: grpc }
calls:
  front: [near]
  near: [batch]
  batch: [far]
`,
    policies: {
      "gate.cup": `policy gate ( act (Request r) context ('^batch -> far') ) { [Ingress] Allow(r, '*', '*'); }`,
    },
    as: (service) => (service.service === "near" ? { ...service, drops } : service),
  });
  const statuses = async (): Promise<readonly number[]> =>
    visitsOf(await ask(running, "front"), "far").map(({ status }) => status);
  expect(await statuses()).toEqual([200]);
  drops.push("tracestate");
  expect(await statuses()).toEqual([403]);
  expect(await doctor(running, "near")).toMatchObject({ code: 1, verdicts: { near: { kind: "drops" } } });
  const status = await runWire(["status", "--url", running.http, "--json"]);
  const { lost }: { readonly lost: readonly LostContext[] } = JSON.parse(status.stdout);
  expect(lost).toMatchObject([{ policy: "gate", proxy: "far", caller: "batch", requests: 1 }]);
});
