import { status } from "../abi/table.ts";

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

/** Metrics are Envoy's, not a worker's. */
export interface Metrics {
  /** Of counters and gauges the value, of histograms how many values were recorded. */
  readonly values: ReadonlyMap<string, number>;
  readonly histograms: ReadonlyMap<string, readonly number[]>;
  /** The same metrics as one VM sees them. */
  view(): MetricView;
}

/** Ids are a VM's: they say the kind in their last two bits, and each definition has a new one, of the same name too. */
export interface MetricView {
  /** The id; undefined for a kind that there is not. */
  define(kind: number, name: string): number | undefined;
  increment(id: number, by: bigint): number;
  record(id: number, value: bigint): number;
  /** The value, or the status that says why there is none. */
  get(id: number): { readonly value: bigint } | { readonly status: number };
}

export function createMetrics(): Metrics {
  const values = new Map<string, number>();
  const histograms = new Map<string, number[]>();
  const numbers = new Map<string, bigint>();
  const store = (kind: number, name: string, value: bigint): void => {
    const stored = BigInt.asUintN(64, value);
    numbers.set(`${kind} ${name}`, stored);
    // A gauge that went below nothing shows so, where Envoy shows a huge number.
    values.set(name, Number(kind === GAUGE ? BigInt.asIntN(64, stored) : stored));
  };
  const load = (kind: number, name: string): bigint => numbers.get(`${kind} ${name}`) ?? 0n;
  return {
    values,
    histograms,
    view() {
      const names = new Map<number, string>();
      const next = [COUNTER, GAUGE, HISTOGRAM];
      return {
        define(kind, name) {
          const last = next[kind];
          if (last === undefined) return undefined;
          if (!values.has(name)) values.set(name, 0);
          if (kind === HISTOGRAM && !histograms.has(name)) histograms.set(name, []);
          const id = last + 4;
          next[kind] = id;
          names.set(id, name);
          return id;
        },
        increment(id, by) {
          const kind = id & 3;
          if (kind > GAUGE) return status.badArgument;
          const name = names.get(id);
          if (name === undefined) return status.notFound;
          // A counter only goes up.
          if (kind === COUNTER && by <= 0n) return status.badArgument;
          store(kind, name, load(kind, name) + by);
          return status.ok;
        },
        record(id, value) {
          const name = names.get(id);
          if (name === undefined) return status.notFound;
          const kind = id & 3;
          if (kind === GAUGE) store(kind, name, value);
          else store(kind, name, load(kind, name) + (kind === COUNTER ? value : 1n));
          if (kind === HISTOGRAM) histograms.get(name)?.push(Number(value));
          return status.ok;
        },
        get(id) {
          if ((id & 3) > GAUGE) return { status: status.badArgument };
          const name = names.get(id);
          return name === undefined ? { status: status.notFound } : { value: load(id & 3, name) };
        },
      };
    },
  };
}
