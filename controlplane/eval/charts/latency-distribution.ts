import { atComparedRate, type Comparison } from "../comparison.ts";
import { scenarios } from "../mode.ts";
import { type Chart, facets, meshColour } from "./chart.ts";

/** Which share of the requests takes how long at most, where meshes are compared. */
export function latencyDistribution(comparison: Comparison): Chart {
  const values = [...comparison.comparedAt.keys()].flatMap((application) =>
    scenarios.flatMap((scenario) =>
      atComparedRate(comparison, application, scenario).flatMap(({ mesh, distribution }) =>
        distribution.map(([share, ms]) => ({ application, scenario, mesh, share, ms })),
      ),
    ),
  );
  return {
    name: "latency-distribution",
    title: "Latency, whole",
    caption:
      "Which share of the requests is answered within how many milliseconds, at the rate where meshes are compared; medians of the rounds.",
    spec: {
      data: { values },
      facet: facets,
      spec: {
        width: 220,
        height: 160,
        mark: { type: "line", interpolate: "monotone" },
        encoding: {
          x: { field: "ms", type: "quantitative", title: "ms", scale: { type: "log" } },
          y: { field: "share", type: "quantitative", title: "share of requests", scale: { domain: [0, 1] } },
          color: meshColour,
          order: { field: "share" },
        },
      },
      resolve: { scale: { x: "independent" } },
    },
  };
}
