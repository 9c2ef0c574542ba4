import { strict as assert } from "node:assert";
import { create, toBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { defaultDataplanes } from "../placement/dataplane.ts";
import { pathsOf, pathTables } from "../placement/path-tables.ts";
import { place } from "../placement/solve.ts";
import { addressPlan } from "../xds/address-plan.ts";
import {
  AccessLogType,
  type HTTPAccessLogEntry,
  HTTPAccessLogEntrySchema,
} from "../xds/generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { lostRecord } from "../xds/path-log.ts";
import { callMetrics } from "./call-metrics.ts";
import { doctorAnswer, doctorCommand } from "./doctor-api.ts";
import { createPathReports, type PathReports, type PathReportsOptions } from "./path-reports.ts";

type Running = NonNullable<ReturnType<PathReportsOptions["current"]>>;
let running: Running;
let reports: PathReports;
let nowMs: number;

beforeAll(async () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: m
identity: address
services: { front: { entry: true }, batch: { entry: true }, middle: { protocol: grpc, proxy: never }, near: {}, far: {} }
calls: { front: [middle], batch: [middle], middle: [near], near: [far] }
`,
  });
  assert(mesh !== undefined, "a mesh without errors is one");
  const text = "policy gate ( act (Request r) context ('front -> .* -> far') ) { [Ingress] Deny(r); }";
  const { policies } = checkPolicies([{ path: "gate.cup", text }], mesh);
  const { placement } = await place(policies, mesh);
  assert(placement !== undefined, "it has a placement");
  const tables = pathTables(placement, policies, { mesh, dataplanes: defaultDataplanes });
  assert(tables !== undefined && !("kind" in tables), "the policy asks");
  // Of the chains nothing is looked at but whether they look at paths.
  const looking = (service: string): LaidChain => ({
    ...{ service, direction: "inbound", generation: "", places: [] },
    slots: [{ configuration: "@self\tx\n@path\ttracestate\tlist\n" } as LaidChain["slots"][number]],
  });
  running = { mesh, policies, paths: pathsOf(tables), chains: ["front", "batch", "far"].map(looking) };
});

beforeEach(() => {
  nowMs = Date.parse("2026-11-30T06:00:00Z");
  let drawn = 0;
  reports = createPathReports({
    current: () => running,
    nowMs: () => nowMs,
    random: (digits) => `${++drawn}`.padStart(digits, "0"),
  });
});

function entry(
  type: AccessLogType,
  {
    from,
    headers = {},
    lost,
  }: { readonly from?: string; readonly headers?: Readonly<Record<string, string>>; readonly lost?: string },
): HTTPAccessLogEntry {
  const address = from === undefined ? "192.0.2.1" : addressPlan(running.mesh).service(from).address;
  const value = toBinary(
    BytesValueSchema,
    create(BytesValueSchema, { value: new TextEncoder().encode(lost ?? "") }),
  );
  return create(HTTPAccessLogEntrySchema, {
    commonProperties: {
      accessLogType: type,
      downstreamDirectRemoteAddress: {
        address: {
          case: "socketAddress",
          value: { address, portSpecifier: { case: "portValue", value: 40_000 } },
        },
      },
      filterStateObjects: lost === undefined ? {} : { [lostRecord]: { typeUrl: "", value } },
    },
    request: { requestHeaders: headers },
  });
}

function lose(node: string, how: Parameters<typeof entry>[1], log = "inbound"): void {
  reports.onEntries({ node, log, entries: [entry(AccessLogType.DownstreamEnd, how)] });
}

function come(node: string, how: Parameters<typeof entry>[1], log = "inbound"): void {
  reports.onEntries({ node, log, entries: [entry(AccessLogType.DownstreamStart, how)] });
}

describe("lost paths", () => {
  test("are counted by policy, caller and proxy, with the services that may be at fault", async () => {
    lose("far", { lost: "gate near" });
    nowMs += 1_000;
    lose("far", { lost: "gate near;gate near;gone near" });
    // The address says what the module does not know.
    lose("far", { from: "middle", lost: "gate unknown" });
    lose("far", { lost: "gate unknown" });
    const at = { since: "2026-11-30T06:00:01.000Z", last: "2026-11-30T06:00:01.000Z" };
    const suspects = ["near", "middle", "front", "batch"];
    expect(reports.lost()).toEqual([
      { policy: "gate", proxy: "far", requests: 1, ...at, suspects },
      { policy: "gate", caller: "middle", proxy: "far", requests: 1, ...at, suspects: suspects.slice(1) },
      {
        policy: "gate",
        caller: "near",
        proxy: "far",
        requests: 2,
        ...at,
        since: "2026-11-30T06:00:00.000Z",
        suspects,
      },
    ]);
    expect(reports.lostRequests()).toBe(4);
    const { body } = await callMetrics({ calls: [] }, reports.lost());
    expect(body.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      'wire_call_lost_contexts_total{policy="gate",caller="unknown",proxy="far"} 1',
      'wire_call_lost_contexts_total{policy="gate",caller="middle",proxy="far"} 1',
      'wire_call_lost_contexts_total{policy="gate",caller="near",proxy="far"} 2',
    ]);
  });

  test("are not told of where the policy has gone", () => {
    lose("far", { lost: "gate near" });
    const before = running;
    running = { ...before, policies: [] };
    expect(reports.lost()).toEqual([]);
    running = before;
    expect(reports.lost()).toHaveLength(1);
  });

  test("are none where nothing of ours is said", () => {
    lose("far", {});
    lose("far", { lost: "" });
    lose("far", { lost: "other near" });
    lose("nobody", { lost: "gate near" });
    expect(reports.lost()).toEqual([]);
    expect(reports.lostRequests()).toBe(0);
  });

  test("of a probe are none, but whoever only says that it is one is counted", () => {
    const [near] = reports.examine(["near"])?.services ?? [];
    lose("far", { lost: "gate near", headers: { b3: `${near?.probe}-1-0` } });
    expect(reports.lostRequests()).toBe(0);
    lose("far", { lost: "gate near", headers: { b3: `${near?.probe.slice(0, -1)}f-1-0` } });
    expect(reports.lostRequests()).toBe(1);
  });
});

describe("an examination", () => {
  test("has a probe for each service that has to hand on states", () => {
    const all = reports.examine();
    expect(all).toMatchObject({
      stateHeader: "tracestate",
      inbound: ["front", "batch", "far"],
      outbound: [],
    });
    expect(all?.services.map(({ service, protocol }) => [service, protocol])).toEqual([
      ["front", "http"],
      ["batch", "http"],
      ["middle", "grpc"],
      ["near", "http"],
    ]);
    expect(new Set(all?.services.map(({ probe }) => probe)).size).toBe(4);
    const [front] = all?.services ?? [];
    expect(front?.headers["tracestate"]).toBe(`wire=${front?.state},wire-doctor=${front?.probe}`);
    expect(front?.endpoints).toEqual(
      [addressPlan(running.mesh).service("front")].map(({ address, port }) => ({ address, port })),
    );
    // What is seen of `middle` has come through `near`.
    expect(reports.examine(["middle"])?.services.map(({ service }) => service)).toEqual(["middle", "near"]);
    expect(reports.examine(["far"])?.services).toEqual([]);
  });

  test("keeps what proxies have seen of its own probes, in order", () => {
    const examination = reports.examine();
    const [front, batch] = examination?.services ?? [];
    assert(examination !== undefined && front !== undefined && batch !== undefined, "there are some");
    come("far", { from: "near", headers: front.headers });
    come("far", { headers: { b3: `${batch.probe}-1-0`, tracestate: "a=1" } });
    come("front", { headers: { traceparent: batch.headers["traceparent"] ?? "" } }, "outbound");
    come("far", { headers: { b3: `${front.probe.slice(0, -1)}f-1-0` } });
    expect(reports.seen(examination.id)).toEqual([
      {
        ...{ probe: front.probe, service: "far", direction: "inbound", from: "near", state: front.state },
        by: ["traceparent", "x-request-id", "b3", "x-b3-traceid", "tracestate"],
      },
      { probe: batch.probe, service: "far", direction: "inbound", by: ["b3"] },
      { probe: batch.probe, service: "front", direction: "outbound", by: ["traceparent"] },
    ]);
  });

  test("is kept among the latest sixteen, for ten minutes", () => {
    const ids = Array.from({ length: 17 }, () => reports.examine()?.id ?? "");
    expect(ids.map((id) => reports.seen(id) !== undefined)).toEqual([false, ...ids.slice(1).map(() => true)]);
    nowMs += 600_001;
    reports.examine();
    expect(ids.filter((id) => reports.seen(id) !== undefined)).toEqual([]);
  });

  test("keeps so many sightings", () => {
    const examination = reports.examine();
    const [front] = examination?.services ?? [];
    for (let n = 0; n < 10_001; n++) come("far", { headers: { b3: `${front?.probe}-1-0` } });
    expect(reports.seen(examination?.id ?? "")).toHaveLength(10_000);
  });
});

describe("over HTTP", () => {
  const isService = (name: string): boolean => running.mesh.services.has(name);
  const begin = (body: unknown) => doctorCommand(reports, isService)(body);

  test("one is begun, and then asked for", async () => {
    const { status, value } = await begin({});
    expect([status, value]).toMatchObject([200, { services: [{ service: "front" }, {}, {}, {}] }]);
    const { id } = value as { readonly id: string };
    const answer = doctorAnswer(reports);
    expect(await answer([id], new URLSearchParams())).toEqual({ status: 200, value: { sightings: [] } });
    expect(await answer(["other"], new URLSearchParams())).toMatchObject({ status: 404 });
    expect(await answer([id, "more"], new URLSearchParams())).toMatchObject({ status: 404 });
    expect(await answer([], new URLSearchParams())).toMatchObject({ status: 404 });
    expect(await begin({ services: ["near"] })).toMatchObject({ value: { services: [{ service: "near" }] } });
  });

  test("what is none", async () => {
    for (const body of [undefined, null, [], "near", { services: "near" }, { services: [1] }])
      expect(await begin(body)).toMatchObject({ status: 400 });
    expect(await begin({ services: ["near", "noone"] })).toEqual({
      status: 404,
      value: { error: "the mesh has no service `noone`" },
    });
    const none = createPathReports({ current: () => undefined, nowMs: () => 0, random: () => "0" });
    expect(await doctorCommand(none, isService)({})).toEqual({
      status: 409,
      value: { error: "nothing is in force yet" },
    });
    expect(none.lost()).toEqual([]);
  });
});
