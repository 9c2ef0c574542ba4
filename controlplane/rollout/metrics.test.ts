import { expect, test } from "vitest";
import type { XdsCounts } from "../server/counts.ts";
import { typeUrl } from "../xds/type-url.ts";
import { createMetrics } from "./metrics.ts";

const counts: XdsCounts = {
  types: new Map([[typeUrl.cluster, { responses: 4, bytes: 1_024, acks: 3, nacks: 1 }]]),
  refusals: new Map([["permission_denied", 2]]),
  quarantined: new Map([[typeUrl.extension, 1]]),
  ...{ pushes: 5, nodes: 3, nodesConnected: 2, streams: 6, waiting: 7, loadStreams: 8, loadReports: 9 },
  ...{ logStreams: 10, logsUnread: 11 },
};

test("each figure of the server under its name, however often it is asked for", async () => {
  const metrics = createMetrics();
  await metrics.show(counts);
  const { body, contentType } = await metrics.show(counts);
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  const own = body.split("\n").filter((line) => /^wire_(xds|load|log)_[a-z_]+(\{.*\})? [^0]/.test(line));
  expect(own).toEqual([
    "wire_xds_streams 6",
    "wire_xds_nodes 3",
    "wire_xds_nodes_connected 2",
    "wire_xds_admission_waiting 7",
    "wire_load_streams 8",
    "wire_load_reports_total 9",
    "wire_log_streams 10",
    "wire_log_messages_unread_total 11",
    'wire_xds_responses_total{type="cluster"} 4',
    'wire_xds_sent_bytes_total{type="cluster"} 1024',
    'wire_xds_acks_total{type="cluster"} 3',
    'wire_xds_nacks_total{type="cluster"} 1',
    "wire_xds_pushes_total 5",
    'wire_xds_streams_refused_total{reason="permission_denied"} 2',
    'wire_xds_resources_quarantined{type="extension"} 1',
  ]);
  for (const each of [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "nodejs_heap_size_used_bytes",
  ])
    expect(body).toMatch(new RegExp(`^${each} \\d`, "m"));
});

test("calls are counted by how their rates are known", async () => {
  const call = { from: "a", to: "b", rate: 1, declared: 1, seconds: 60 };
  const { body } = await createMetrics().show(counts, {
    rates: {
      ...{ windowSeconds: 60, intervalSeconds: 10 },
      calls: [
        { ...call, basis: "counted" },
        { ...call, basis: "counted" },
        { ...call, basis: "split" },
      ],
      unmeasured: [{ from: "b", to: "c" }],
    },
    lost: 12,
  });
  expect(body).toContain("\nwire_lost_contexts_total 12\n");
  expect(body.split("\n").filter((line) => line.startsWith("wire_calls{"))).toEqual([
    'wire_calls{basis="counted"} 2',
    'wire_calls{basis="remainder"} 0',
    'wire_calls{basis="split"} 1',
    'wire_calls{basis="unmeasured"} 1',
  ]);
});

test("what happens is in seconds, by what became of it", async () => {
  const metrics = createMetrics();
  metrics.observe({ kind: "converged", of: "node", ms: 20 });
  metrics.observe({ kind: "converged", of: "all", ms: 2_000 });
  metrics.observe({ kind: "built", outcome: "built", ms: 500 });
  metrics.observe({ kind: "rolloutBegun", rollout: 1, isFirst: false });
  expect((await metrics.show(counts)).body).toContain("\nwire_rollouts_running 1\n");
  metrics.observe({ kind: "stageEnded", rollout: 1, stage: "callers told", ms: 1_500 });
  metrics.observe({ kind: "rolloutEnded", rollout: 1, outcome: "failed", ms: 3_000, reason: "no" });
  const { body } = await metrics.show(counts);
  for (const line of [
    'wire_xds_node_convergence_seconds_bucket{le="0.01"} 0',
    'wire_xds_node_convergence_seconds_bucket{le="0.025"} 1',
    "wire_xds_convergence_seconds_sum 2",
    'wire_build_duration_seconds_sum{outcome="built"} 0.5',
    'wire_rollout_stage_duration_seconds_sum{stage="callers_told"} 1.5',
    'wire_rollout_duration_seconds_sum{outcome="failed"} 3',
    'wire_rollouts_total{outcome="failed"} 1',
    'wire_rollouts_total{outcome="done"} 0',
    "wire_rollouts_running 0",
  ])
    expect(body.split("\n")).toContain(line);
});
