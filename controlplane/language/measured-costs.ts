import type { Amounts } from "./cost.ts";

export const measuredCosts: {
  readonly proxy: Required<Amounts>;
  readonly actionNs: Readonly<Record<string, number>>;
} = { proxy: { cpuMilli: 1, memoryMib: 60, requestNs: 40_000 }, actionNs: {} };
