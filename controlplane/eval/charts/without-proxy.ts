import type { PlacementRecord } from "../traces/placement-record.ts";
import { summary } from "../traces/summary.ts";
import { type Chart, setColour } from "./chart.ts";

/** Which share of the services, and of their replicas, of an application of traces has no proxy, by how many services it has. */
export function withoutProxy(records: readonly PlacementRecord[]): Chart {
  const rows = summary(records);
  const values = rows.flatMap(({ set, size, servicesWithout, replicasWithout }) => [
    ...(servicesWithout === undefined ? [] : [{ set, size, of: "services", share: servicesWithout.mean }]),
    ...(replicasWithout === undefined ? [] : [{ set, size, of: "replicas", share: replicasWithout.mean }]),
  ]);
  return {
    name: "without-proxy",
    title: "Without a proxy",
    caption:
      "Of an application of traces, the share of its services and of their replicas that have no proxy, in the mean, by set of policies and by how many services it has.",
    spec: {
      data: { values },
      facet: { column: { field: "of", type: "nominal", title: null, sort: ["services", "replicas"] } },
      spec: {
        width: 320,
        height: 200,
        mark: "bar",
        encoding: {
          x: {
            field: "size",
            type: "nominal",
            title: "services",
            sort: [...new Set(rows.map(({ size }) => size))],
          },
          xOffset: { field: "set", sort: setColour.sort },
          y: {
            field: "share",
            type: "quantitative",
            title: "share without a proxy",
            scale: { domain: [0, 1] },
          },
          color: setColour,
        },
      },
    },
  };
}
