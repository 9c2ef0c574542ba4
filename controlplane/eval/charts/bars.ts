import { atComparedRate, type Comparison, type Measured } from "../comparison.ts";
import { scenarios } from "../mode.ts";
import type { Estimate } from "../statistics.ts";
import { type Chart, facets, meshColour } from "./chart.ts";

interface Bars extends Pick<Chart, "name" | "title" | "caption"> {
  readonly unit: string;
  readonly of: (measured: Measured) => Estimate;
}

/** What the proxies of each mesh take where meshes are compared. */
function bars(comparison: Comparison, { of, unit, ...which }: Bars): Chart {
  const values = [...comparison.comparedAt.keys()].flatMap((application) =>
    scenarios.flatMap((scenario) =>
      atComparedRate(comparison, application, scenario)
        .filter(({ mesh }) => mesh !== "none")
        .map((each) => {
          const { median, low, high } = of(each);
          return { application, scenario, mesh: each.mesh, median, low, high };
        }),
    ),
  );
  const x = { field: "mesh", type: "nominal", title: null, sort: meshColour.sort } as const;
  const y = { type: "quantitative", title: unit } as const;
  return {
    ...which,
    spec: {
      data: { values },
      facet: facets,
      spec: {
        width: 140,
        height: 140,
        layer: [
          {
            mark: "bar",
            encoding: { x, y: { ...y, field: "median" }, color: { ...meshColour, legend: null } },
          },
          { mark: "rule", encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } } },
        ],
      },
      resolve: { scale: { y: "independent" } },
    },
  };
}

export function cpuBars(comparison: Comparison): Chart {
  return bars(comparison, {
    name: "cpu",
    title: "CPU of the proxies",
    caption: "Cores that all proxies together keep busy, at the rate where meshes are compared.",
    unit: "cores",
    of: ({ proxyCores }) => proxyCores,
  });
}

export function memoryBars(comparison: Comparison): Chart {
  return bars(comparison, {
    name: "memory",
    title: "Memory of the proxies",
    caption: "Resident memory of all proxies together, the code of each included, at the same rate.",
    unit: "MiB",
    of: ({ proxyMib }) => proxyMib,
  });
}
