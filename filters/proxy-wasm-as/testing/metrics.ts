import { status } from "../abi/table.ts";

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

/** Metrics are Envoy's, not a worker's. An id says the kind in its last two bits, as there. */
export interface Metrics {
  /** Of counters and gauges the value, of histograms how many values were recorded. */
  readonly values: ReadonlyMap<string, number>;
  readonly histograms: ReadonlyMap<string, readonly number[]>;
  /** The id; undefined for a kind that there is not. */
  define(kind: number, name: string): number | undefined;
  increment(id: number, by: number): number;
  record(id: number, value: number): number;
  /** The value, or the status that says why there is none. */
  get(id: number): { readonly value: number } | { readonly status: number };
}

export function createMetrics(): Metrics {
  const values = new Map<string, number>();
  const histograms = new Map<string, number[]>();
  const names = new Map<number, string>();
  const add = (name: string, by: number): void => void values.set(name, (values.get(name) ?? 0) + by);
  return {
    values,
    histograms,
    define(kind, name) {
      if (kind > HISTOGRAM) return undefined;
      if (!values.has(name)) values.set(name, 0);
      if (kind === HISTOGRAM && !histograms.has(name)) histograms.set(name, []);
      const id = (names.size + 1) * 4 + kind;
      names.set(id, name);
      return id;
    },
    increment(id, by) {
      const kind = id & 3;
      if (kind > GAUGE) return status.badArgument;
      const name = names.get(id);
      if (name === undefined) return status.notFound;
      // A counter only goes up.
      if (kind === COUNTER && by <= 0) return status.badArgument;
      add(name, by);
      return status.ok;
    },
    record(id, value) {
      const name = names.get(id);
      if (name === undefined) return status.notFound;
      const kind = id & 3;
      if (kind === GAUGE) values.set(name, value);
      else add(name, kind === COUNTER ? value : 1);
      if (kind === HISTOGRAM) histograms.get(name)?.push(value);
      return status.ok;
    },
    get(id) {
      if ((id & 3) > GAUGE) return { status: status.badArgument };
      const name = names.get(id);
      return name === undefined ? { status: status.notFound } : { value: values.get(name) ?? 0 };
    },
  };
}
