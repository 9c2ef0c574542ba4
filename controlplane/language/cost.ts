/** What one proxy of a data plane costs: a bare number, of which only the ratio to others counts, or amounts. */
export type ProxyCost = number | Amounts;

/** What a proxy takes; what is absent is the measured default (`measured-costs.ts`). */
export interface Amounts {
  /** CPU of a proxy that no request comes through, in thousandths of one. */
  readonly cpuMilli?: number;
  readonly memoryMib?: number;
  /** CPU of a request through the proxy before any action is done, in nanoseconds. */
  readonly requestNs?: number;
  /** CPU of one update of the state that a request's path has. */
  readonly stampNs?: number;
  /** CPU of one look at that state before a policy. */
  readonly checkNs?: number;
}

/** What one execution of an action costs: a bare number where the proxy's cost is one, or CPU time. */
export type ActionCost = number | { readonly cpuNs: number };

/** The keys of amounts as they are written, what they are, and how. */
export const amountKeys = {
  cpu: { amount: "cpuMilli", what: "amount of CPU", write: "`120mCPU` or `0.12CPU`" },
  memory: { amount: "memoryMib", what: "amount of memory", write: "`45MiB` or `0.5GiB`" },
  request: { amount: "requestNs", what: "CPU time of a request", write: "`40us`" },
  stamp: { amount: "stampNs", what: "CPU time of a stamp", write: "`4us`" },
  check: { amount: "checkNs", what: "CPU time of a look at a path", write: "`2us`" },
} as const;

const times = new Map([
  ["ns", 1],
  ["us", 1000],
  ["ms", 1_000_000],
]);

/** Factors of units to what amounts are in. */
export const amountUnits: Readonly<Record<keyof typeof amountKeys, ReadonlyMap<string, number>>> = {
  cpu: new Map([
    ["mCPU", 1],
    ["CPU", 1000],
  ]),
  memory: new Map([
    ["MiB", 1],
    ["GiB", 1024],
  ]),
  request: times,
  stamp: times,
  check: times,
};
