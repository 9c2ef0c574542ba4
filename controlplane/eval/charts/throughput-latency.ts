import type { Comparison } from "../comparison.ts";
import { type Chart, facets, meshColour } from "./chart.ts";

/** How long the slowest of a hundred requests takes, by how many are answered. */
export function throughputLatency({ measured }: Comparison): Chart {
  const values = measured.flatMap(({ application, scenario, mesh, rate, answeredRate, p99Ms }) =>
    p99Ms === undefined
      ? []
      : [
          {
            ...{ application, scenario, mesh, rate, answered: answeredRate.median },
            ...{ p99: p99Ms.median, low: p99Ms.low, high: p99Ms.high },
          },
        ],
  );
  const x = {
    field: "answered",
    type: "quantitative",
    title: "answered requests a second",
    scale: { zero: true },
    axis: { format: "~f" },
  } as const;
  const y = { type: "quantitative", title: "p99, ms", scale: { type: "log" } } as const;
  return {
    name: "throughput-latency",
    title: "Throughput and latency",
    caption:
      "The 99th percentile of latency, from when a request was due, by how many requests are answered; lines go from rate to rate, bars are confidence intervals.",
    spec: {
      data: { values },
      facet: facets,
      spec: {
        width: 220,
        height: 160,
        layer: [
          {
            mark: { type: "line", point: true },
            encoding: { x, y: { ...y, field: "p99" }, color: meshColour, order: { field: "rate" } },
          },
          {
            mark: "rule",
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: meshColour },
          },
        ],
      },
      resolve: { scale: { x: "independent", y: "independent" } },
    },
  };
}
