import { strict as assert } from "node:assert";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RatesReport } from "../rates/create-rates.ts";
import type { TypeCounts, XdsCounts } from "../server/counts.ts";
import { typeUrl } from "../xds/type-url.ts";
import type { ControlPlaneEvent } from "./event.ts";

/** What Prometheus is told, in its text format. */
export interface Metrics {
  observe(event: ControlPlaneEvent): void;
  /** The answer to `GET /metrics`, with how the server is then. */
  show(
    counts: XdsCounts,
    more?: { readonly rates?: RatesReport | undefined; readonly lost?: number },
  ): Promise<{ readonly contentType: string; readonly body: string }>;
}

const quickS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const slowS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** All label values are known beforehand, so that there are no more series in a mesh of thousands than in one of two. */
export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });

  let now: XdsCounts | undefined;
  let rates: RatesReport | undefined;
  let lost = 0;
  const counts = (): XdsCounts => {
    assert(now !== undefined, "metrics are collected when they are shown");
    return now;
  };
  /** Read whenever somebody asks. */
  function gauge(name: string, help: string, value: (counts: XdsCounts) => number): void {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value(counts()));
      },
    });
  }
  function counter(name: string, help: string, value: (counts: XdsCounts) => number): void {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(value(counts()));
      },
    });
  }
  function byType(name: string, help: string, figure: keyof TypeCounts): void {
    new Counter({
      ...{ name, help, registers, labelNames: ["type"] as const },
      collect() {
        const { types } = counts();
        this.reset();
        for (const [type, url] of Object.entries(typeUrl)) this.inc({ type }, types.get(url)?.[figure] ?? 0);
      },
    });
  }

  gauge("wire_xds_streams", "Streams that proxies have open.", ({ streams }) => streams);
  gauge("wire_xds_nodes", "Proxies that have a configuration or a stream.", ({ nodes }) => nodes);
  gauge("wire_xds_nodes_connected", "Proxies that have a stream.", ({ nodesConnected }) => nodesConnected);
  gauge("wire_xds_admission_waiting", "Streams that wait to be let in.", ({ waiting }) => waiting);
  gauge("wire_load_streams", "Streams on which proxies report their load.", ({ loadStreams }) => loadStreams);
  counter("wire_load_reports_total", "Reports of load that have come.", ({ loadReports }) => loadReports);
  gauge("wire_log_streams", "Streams on which proxies tell of lost paths.", ({ logStreams }) => logStreams);
  counter(
    "wire_log_messages_unread_total",
    "Messages of these that were let go of, since they were too many.",
    ({ logsUnread }) => logsUnread,
  );
  counter("wire_lost_contexts_total", "Requests of which a policy has lost the path.", () => lost);
  new Gauge({
    ...{ name: "wire_calls", help: "Calls of the mesh, by how their rates are known.", registers },
    labelNames: ["basis"],
    collect() {
      for (const basis of ["counted", "remainder", "split"] as const)
        this.set({ basis }, rates?.calls.filter((call) => call.basis === basis).length ?? 0);
      this.set({ basis: "unmeasured" }, rates?.unmeasured.length ?? 0);
    },
  });
  byType("wire_xds_responses_total", "Responses sent to proxies.", "responses");
  byType("wire_xds_sent_bytes_total", "Bytes of the responses, without what gRPC and TLS add.", "bytes");
  byType("wire_xds_acks_total", "Responses that proxies have acknowledged.", "acks");
  byType("wire_xds_nacks_total", "Responses that proxies have refused.", "nacks");
  counter(
    "wire_xds_pushes_total",
    "Configurations that were begun to be sent to a proxy.",
    ({ pushes }) => pushes,
  );
  new Counter({
    ...{
      name: "wire_xds_streams_refused_total",
      help: "Streams that the server has turned away or ended.",
      registers,
    },
    labelNames: ["reason"],
    collect() {
      const { refusals } = counts();
      this.reset();
      for (const reason of [
        ...(["invalid_argument", "permission_denied"] as const),
        ...(["resource_exhausted", "unauthenticated"] as const),
      ])
        this.inc({ reason }, refusals.get(reason) ?? 0);
    },
  });
  new Gauge({
    ...{
      name: "wire_xds_resources_quarantined",
      help: "Resources held back since a proxy refused them.",
      registers,
    },
    labelNames: ["type"],
    collect() {
      const { quarantined } = counts();
      for (const [type, url] of Object.entries(typeUrl)) this.set({ type }, quarantined.get(url) ?? 0);
    },
  });

  const convergence = {
    all: histogram(
      "wire_xds_convergence_seconds",
      "From a change to the last acknowledgement of all proxies.",
      quickS,
    ),
    node: histogram(
      "wire_xds_node_convergence_seconds",
      "From a change to the last acknowledgement of a proxy.",
      quickS,
    ),
  };
  const built = histogram(
    "wire_build_duration_seconds",
    "Checking, placing and compiling the policies.",
    slowS,
    "outcome",
  );
  const rollouts = new Counter({
    ...{ name: "wire_rollouts_total", help: "Rollouts that have ended.", registers },
    labelNames: ["outcome"],
  });
  for (const outcome of ["done", "replaced", "failed"]) rollouts.inc({ outcome }, 0);
  const running = new Gauge({
    name: "wire_rollouts_running",
    help: "Rollouts that have not ended.",
    registers,
  });
  const rolled = histogram(
    "wire_rollout_duration_seconds",
    "From the beginning of a rollout to its end.",
    slowS,
    "outcome",
  );
  const staged = histogram("wire_rollout_stage_duration_seconds", "Stages of rollouts.", slowS, "stage");

  function histogram(name: string, help: string, buckets: number[], ...labelNames: string[]): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers });
  }

  return {
    observe: (event) => {
      switch (event.kind) {
        case "converged":
          convergence[event.of].observe(event.ms / 1_000);
          break;
        case "built":
          built.observe({ outcome: event.outcome }, event.ms / 1_000);
          break;
        case "rolloutBegun":
          running.set(1);
          break;
        case "stageEnded":
          staged.observe({ stage: event.stage.replaceAll(" ", "_") }, event.ms / 1_000);
          break;
        case "rolloutEnded":
          running.set(0);
          rollouts.inc({ outcome: event.outcome });
          rolled.observe({ outcome: event.outcome }, event.ms / 1_000);
          break;
      }
    },
    show: async (latest, more = {}) => {
      now = latest;
      rates = more.rates;
      lost = more.lost ?? 0;
      return { contentType: register.contentType, body: await register.metrics() };
    },
  };
}
