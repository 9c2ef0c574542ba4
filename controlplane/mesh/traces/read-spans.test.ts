import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callOf } from "./attributes.ts";
import { readJaeger } from "./read-jaeger.ts";
import { readOtlp } from "./read-otlp.ts";

const resource = { attributes: [{ key: "service.name", value: { stringValue: "a" } }] };

describe("readOtlp", () => {
  test("kinds by number and by name, parents of zeros, namespaces", () => {
    const spans = [
      {
        traceId: "AB",
        spanId: "01",
        parentSpanId: "00",
        kind: 2,
        startTimeUnixNano: "1000000",
        endTimeUnixNano: "2000000",
      },
      { traceId: "AB", spanId: "02", parentSpanId: "01", kind: "SPAN_KIND_CLIENT", startTimeUnixNano: 1e6 },
      { traceId: "AB", spanId: "03", startTimeUnixNano: "1000000" },
    ];
    const namespaced = {
      attributes: [...resource.attributes, { key: "service.namespace", value: { stringValue: "n" } }],
    };
    expect(readOtlp({ resource: namespaced, scopeSpans: [{ spans }] })).toEqual({
      spans: [
        { trace: "ab", id: "01", service: "n/a", kind: "server", startMs: 1, endMs: 2 },
        { trace: "ab", id: "02", parent: "01", service: "n/a", kind: "client", startMs: 1, endMs: 1 },
        { trace: "ab", id: "03", service: "n/a", startMs: 1, endMs: 1 },
      ],
      faults: [],
    });
    expect(readOtlp({ resource, instrumentationLibrarySpans: [{ spans }] }).spans).toHaveLength(3);
  });

  test("what is missing is said, and the rest read", () => {
    const good = { traceId: "ab", spanId: "01", startTimeUnixNano: "1" };
    const spans = [{ spanId: "01" }, { traceId: "ab", spanId: "01" }, good];
    expect(readOtlp({ resource, scopeSpans: [{ spans }] }).faults).toEqual([
      "a span without `traceId` or `spanId`",
      "a span without `startTimeUnixNano`",
    ]);
    expect(readOtlp({ scopeSpans: [{ spans: [good, good] }] })).toEqual({
      spans: [],
      faults: ["spans without `service.name`"],
    });
  });
});

describe("readJaeger", () => {
  test("processes, references and tags", () => {
    const trace = {
      traceID: "t",
      processes: { p1: { serviceName: "a", tags: [{ key: "hostname", value: "a-0" }] } },
      spans: [
        {
          ...{ traceID: "t", spanID: "2", processID: "p1", startTime: 5000, duration: 1000 },
          references: [
            { refType: "FOLLOWS_FROM", traceID: "u", spanID: "9" },
            { refType: "CHILD_OF", traceID: "t", spanID: "1" },
          ],
          tags: [
            { key: "span.kind", value: "client" },
            { key: "db.type", value: "redis" },
          ],
        },
        { traceID: "t", spanID: "3", processID: "p2", startTime: 1 },
        { traceID: "t", spanID: "4", processID: "p1" },
      ],
    };
    expect(readJaeger(trace)).toEqual({
      spans: [
        {
          ...{ trace: "t", id: "2", parent: "1", service: "a", instance: "a-0", kind: "client" },
          ...{ protocol: "tcp", peer: "redis", startMs: 5, endMs: 6 },
        },
      ],
      faults: ["a span of a process without `serviceName`", "a span without `startTime`"],
    });
  });
});

test("whatever comes is read or said, and nothing throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [readOtlp, readJaeger]) {
        read(value);
        read({ resource, scopeSpans: [{ spans: [value] }], spans: [value], processes: value });
      }
    }),
  );
});

test.each([
  [{ "rpc.system": "grpc", "server.address": "search" }, "client", { protocol: "grpc", peer: "search" }],
  [{ "http.method": "GET", "http.url": "http://Rate:8080/x" }, "client", { protocol: "http", peer: "rate" }],
  [{ "http.request.method": "GET", "server.address": "10.0.0.7" }, "client", { protocol: "http" }],
  [{ "http.request.method": "GET", "server.address": "[fd00::7]:80" }, "client", { protocol: "http" }],
  [{ "db.system": "mysql", "db.name": "users" }, "client", { protocol: "tcp", peer: "mysql-users" }],
  [
    { "db.system.name": "redis", "server.address": "localhost" },
    "client",
    { protocol: "tcp", peer: "redis" },
  ],
  [
    { "db.system": "redis", "net.peer.name": "cart.shop.svc:6379" },
    "client",
    { protocol: "tcp", peer: "cart" },
  ],
  [{ "messaging.system": "kafka" }, "producer", { protocol: "tcp", peer: "kafka" }],
  [{ "peer.service": "Pay", "http.host": "x" }, "client", { peer: "Pay" }],
  [{}, "server", {}],
] as const)("%o of a %s is %o", (attributes, kind, call) => {
  expect(callOf(new Map(Object.entries(attributes)), kind)).toEqual(call);
});
