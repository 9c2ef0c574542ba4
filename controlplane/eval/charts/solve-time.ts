import type { PlacementRecord } from "../traces/placement-record.ts";
import { type Chart, setColour } from "./chart.ts";

/** Which share of the applications of traces is placed within how many milliseconds. */
export function solveTime(records: readonly PlacementRecord[]): Chart {
  const values = [...Map.groupBy(records, ({ set }) => set)].flatMap(([set, own]) => {
    const times = own.map(({ ms }) => ms).toSorted((a, b) => a - b);
    return times.map((ms, at) => ({ set, ms, share: (at + 1) / times.length }));
  });
  return {
    name: "solve-time",
    title: "Time to place",
    caption:
      "Which share of the applications of traces is placed within how many milliseconds, by set of policies.",
    spec: {
      data: { values },
      width: 420,
      height: 220,
      mark: { type: "line", interpolate: "step-after" },
      encoding: {
        x: { field: "ms", type: "quantitative", title: "ms", scale: { type: "log" } },
        y: {
          field: "share",
          type: "quantitative",
          title: "share of applications",
          scale: { domain: [0, 1] },
        },
        color: setColour,
        order: { field: "share" },
      },
    },
  };
}
