import type { TopLevelSpec } from "vega-lite";
import { modes } from "../mode.ts";
import { setNames } from "../traces/placement-record.ts";

/** A picture of some figures: data, and what of it is drawn how, as Vega-Lite has it. */
export interface Chart {
  /** Of its files, without an ending. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen, in a sentence. */
  readonly caption: string;
  readonly spec: TopLevelSpec;
}

const meshes: string[] = [...modes];

/** One colour for one mesh in all charts, to be told apart by those who see few colours too (Okabe and Ito). */
export const meshColour: {
  readonly field: "mesh";
  readonly type: "nominal";
  readonly title: "mesh";
  readonly sort: string[];
  readonly scale: { readonly domain: string[]; readonly range: string[] };
} = {
  field: "mesh",
  type: "nominal",
  title: "mesh",
  sort: meshes,
  scale: { domain: meshes, range: ["#999999", "#d55e00", "#e69f00", "#0072b2", "#009e73"] },
};

const sets: string[] = [...setNames];

/** One colour for one set of policies. */
export const setColour: {
  readonly field: "set";
  readonly type: "nominal";
  readonly title: "policies";
  readonly sort: string[];
  readonly scale: { readonly domain: string[]; readonly range: string[] };
} = {
  field: "set",
  type: "nominal",
  title: "policies",
  sort: sets,
  scale: { domain: sets, range: ["#56b4e9", "#cc79a7", "#000000"] },
};

/** Applications beside each other, scenarios below each other. */
export const facets = {
  column: { field: "application", type: "nominal", title: null },
  row: { field: "scenario", type: "nominal", title: null },
} as const;
