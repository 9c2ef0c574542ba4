import type { RatesReport } from "../rates/create-rates.ts";
import { aligned } from "./aligned.ts";
import { counted } from "./counted.ts";

const hows = {
  counted: "counted by the caller's proxy",
  remainder: "what the callee's proxy counts, less the others",
  split: "a share of what the callee's proxy counts",
} as const;

/** One line for each call whose rate is known. */
export function ratesTable({ calls, unmeasured, windowSeconds }: RatesReport): readonly string[] {
  const rows = calls.map(({ from, to, rate, declared, basis, seconds }) => [
    `${from ?? "outside"} -> ${to}`,
    `${significant(rate)}`,
    declared === null ? "-" : `${declared}`,
    `${Math.round(seconds)} s`,
    hows[basis],
  ]);
  const [one] = unmeasured;
  return [
    ...(rows.length === 0
      ? [`no proxy has reported within the last ${windowSeconds} s`]
      : aligned([["call", "a second", "mesh file", "over", "how"], ...rows])),
    ...(one === undefined
      ? []
      : [
          `not known: ${counted(unmeasured.length, "call")} without a proxy on either side that has reported in the last ${windowSeconds} s, such as ${one.from ?? "outside"} -> ${one.to}`,
        ]),
  ];
}

/** Three figures: more would be of chance, and would make each file another. */
export function significant(rate: number): number {
  return Number(rate.toPrecision(3));
}
