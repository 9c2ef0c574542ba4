import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSpanLinker } from "./link-spans.ts";
import { createObservations } from "./observations.ts";
import type { Span } from "./span.ts";

function span(id: string, service: string, own: Partial<Span> = {}): Span {
  return { trace: "t", id, service, startMs: 0, endMs: 1000, ...own };
}

function link(spans: readonly Span[]) {
  const observations = createObservations();
  const linker = createSpanLinker(observations.on("clock"));
  for (const each of spans) linker.add(each);
  const unlinked = linker.finish();
  const { services, calls } = observations.result();
  return {
    unlinked,
    calls: calls.map(({ from, to, count }) => `${from} ${to} ${count}`).sort(),
    services: Object.fromEntries(
      [...services.values()].map(({ name, protocol, fromOutside, started }) => [
        name,
        [protocol, fromOutside.count, started],
      ]),
    ),
  };
}

describe("createSpanLinker", () => {
  const all: readonly Span[] = [
    span("1", "front", { kind: "server", protocol: "http" }),
    span("2", "front", { kind: "client", parent: "1", protocol: "grpc" }),
    span("3", "search", { kind: "server", parent: "2", protocol: "grpc" }),
    span("4", "search", { kind: "internal", parent: "3" }),
    span("5", "search", { kind: "client", parent: "4", protocol: "tcp", peer: "store" }),
    span("6", "front", { kind: "producer", parent: "1", protocol: "tcp", peer: "queue" }),
    span("7", "mail", { kind: "consumer", parent: "6", protocol: "tcp", peer: "queue" }),
    span("8", "job", { kind: "internal" }),
    span("9", "job", { kind: "client", parent: "8", protocol: "http" }),
    // Without kinds, as old tracers write: another service's child was called by it.
    span("a", "old", { trace: "u" }),
    span("b", "older", { trace: "u", parent: "a" }),
    span("c", "lost", { kind: "server", parent: "nowhere" }),
    span("d", "search", { kind: "client", parent: "3", protocol: "http" }),
    span("e", "search", { kind: "server", parent: "d", protocol: "http" }),
  ];
  const expected = {
    unlinked: { orphans: 1, unnamed: 1, toItself: 1 },
    calls: ["front queue 1", "front search 1", "mail queue 1", "old older 1", "search store 1"],
    services: {
      front: ["http", 1, 0],
      search: ["grpc", 0, 0],
      store: ["tcp", 0, 0],
      queue: ["tcp", 0, 0],
      mail: ["http", 0, 1],
      job: ["http", 0, 1],
      old: ["http", 1, 0],
      older: ["http", 0, 0],
    },
  };

  test("calls, requests from outside, what begins by itself, and what is not known", () => {
    expect(link(all)).toEqual(expected);
  });

  test("in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...all], { minLength: all.length }), (shuffled) => {
        expect(link(shuffled)).toEqual(expected);
      }),
    );
  });

  test("a server that shares its span with the client", () => {
    const shared = [
      span("1", "a", { kind: "server" }),
      span("2", "a", { kind: "client", parent: "1" }),
      span("2", "b", { kind: "server", parent: "1" }),
      span("3", "b", { kind: "client", parent: "2", peer: "c" }),
    ];
    expect(link(shared).calls).toEqual(["a b 1", "b c 1"]);
    expect(link(shared.toReversed()).calls).toEqual(["a b 1", "b c 1"]);
  });
});
