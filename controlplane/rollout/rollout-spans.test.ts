import { SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import type { ControlPlaneEvent } from "./event.ts";
import { createRolloutSpans } from "./rollout-spans.ts";

test("a rollout is a trace: its stages in it, and in these what each proxy took", async () => {
  // A time of today: one that is smaller than the age of the process is taken for an age.
  const begin = Date.UTC(2026, 0, 1);
  let nowMs = begin;
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const trace = createRolloutSpans(provider.getTracer("wire"), () => nowMs);
  const stage = "new side on";
  const events: readonly (readonly [atMs: number, event: ControlPlaneEvent])[] = [
    [1_000, { kind: "rolloutBegun", rollout: 4, isFirst: false, revision: 17 }],
    [1_005, { kind: "planned", rollout: 4, plan: { kind: "staged", waves: [["rate"], ["geo"]] } }],
    [1_010, { kind: "stageBegun", rollout: 4, isFirst: false, stage, proxies: ["rate", "geo"] }],
    [1_012, { kind: "connected", node: "rate", address: "", identities: [] }],
    [1_030, { kind: "acknowledged", rollout: 4, stage, node: "rate", ms: 20 }],
    [1_040, { kind: "waiting", rollout: 4, node: "geo", outcome: "nacked" }],
    [1_050, { kind: "stageEnded", rollout: 4, stage, ms: 40 }],
    [
      1_055,
      {
        ...{ kind: "judged", rollout: 4, wave: 1, of: 2, proxies: ["rate"], reason: "no" },
        ...{ vmFailures: 0, requests: 9, failed: 1, restarts: 0 },
      },
    ],
    [1_060, { kind: "takenBack", rollout: 4, proxies: ["rate"] }],
    [1_070, { kind: "rolloutEnded", rollout: 4, outcome: "failed", ms: 70, reason: "geo refuses" }],
    [2_000, { kind: "rolloutBegun", rollout: 5, isFirst: false }],
    [2_001, { kind: "rolloutEnded", rollout: 5, outcome: "replaced", ms: 1 }],
  ];
  for (const [atMs, event] of events) {
    nowMs = begin + atMs;
    trace(event);
  }
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  const idOf = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  const ms = ([s, ns]: readonly [number, number]): number => s * 1_000 + ns / 1e6;
  const first = spans.filter((span) => span.spanContext().traceId === spans[0]?.spanContext().traceId);
  expect(
    first.map(({ name, parentSpanContext, startTime, endTime, attributes, status, events: happened }) => ({
      ...{ name, attributes, from: ms(startTime) - begin, to: ms(endTime) - begin, code: status.code },
      ...{ in: idOf.get(parentSpanContext?.spanId ?? ""), happened: happened.map((each) => each.name) },
    })),
  ).toEqual([
    {
      ...{
        name: "acknowledgement",
        in: "stage",
        from: 1_010,
        to: 1_030,
        attributes: { "wire.node": "rate" },
      },
      ...{ code: SpanStatusCode.UNSET, happened: [] },
    },
    {
      ...{ name: "stage", in: "rollout", from: 1_010, to: 1_050 },
      attributes: { "wire.stage": stage, "wire.proxies": 2 },
      ...{ code: SpanStatusCode.UNSET, happened: ["waiting"] },
    },
    {
      ...{ name: "rollout", in: undefined, from: 1_000, to: 1_070 },
      attributes: {
        "wire.revision": 17,
        "wire.rollout": 4,
        "wire.rollout.first": false,
        "wire.waves": 2,
        "wire.outcome": "failed",
      },
      ...{ code: SpanStatusCode.ERROR, happened: ["judged", "taken back"] },
    },
  ]);
  expect(spans.map(({ name }) => name)).toEqual(["acknowledgement", "stage", "rollout", "rollout"]);
});
