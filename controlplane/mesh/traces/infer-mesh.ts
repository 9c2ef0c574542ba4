import { processesMax, rateMax } from "../limits.ts";
import type { Call, Mesh, Service } from "../mesh.ts";
import { plainService } from "../suite.ts";
import type { Observed, ObservedService, Tally } from "./observations.ts";
import { type ServiceLabels, serviceLabels } from "./service-labels.ts";

/** What is observed, under the names of a mesh file. */
export interface Labelled {
  readonly labels: ServiceLabels;
  readonly services: ReadonlyMap<string, ObservedService>;
  /** Rates in requests per second; undefined where the traces are too short to say. From null: from outside. */
  readonly calls: readonly LabelledCall[];
  /** Calls of a service to itself: no proxy sees them. */
  readonly toItself: number;
  /** Calls that several clocks have seen: their rates are sums. */
  readonly addedUp: number;
}

export interface LabelledCall {
  readonly from: string | null;
  readonly to: string;
  readonly count: number;
  readonly rate: number | undefined;
}

/** `sampling` is the share of requests that were traced. Services and calls are in the order of their names. */
export function labelled(observed: Observed, sampling: number): Labelled {
  const labels = serviceLabels(observed.services.keys());
  const of = (name: string): string => labels.labels.get(name) ?? name;
  const rated = (from: string | null, to: string, { count, perSecond }: Tally): LabelledCall => ({
    ...{ from, to, count },
    rate:
      perSecond === undefined ? undefined : Math.min(rateMax, Number((perSecond / sampling).toPrecision(3))),
  });
  const services = [...observed.services.values()]
    .map((service) => [of(service.name), service] as const)
    .sort(byName);
  const own = observed.calls.filter(({ from, to }) => from === to);
  const calls = observed.calls
    .filter(({ from, to }) => from !== to)
    .map((call) => rated(of(call.from), of(call.to), call))
    .sort((a, b) => compare(a.from ?? "", b.from ?? "") || compare(a.to, b.to));
  return {
    labels,
    services: new Map(services),
    calls: [
      ...services.flatMap(([label, { fromOutside }]) =>
        fromOutside.count > 0 ? [rated(null, label, fromOutside)] : [],
      ),
      ...calls,
    ],
    toItself: own.reduce((sum, { count }) => sum + count, 0),
    addedUp: observed.calls.filter(({ from, to, clocks }) => from !== to && clocks > 1).length,
  };
}

/** What a mesh was made of that traces did not say, in sentences. */
export interface Inferred {
  readonly mesh: Mesh;
  readonly notes: readonly string[];
}

/** A mesh with the services and calls that were observed, in which every service is reached. */
export function inferMesh(observed: Labelled, name: string): Inferred {
  const notes = observed.labels.collisions.map(
    ({ label, names }) =>
      `${names.map((each) => `\`${each}\``).join(" and ")} would all be \`${label}\`: only one is`,
  );
  const calls = observed.calls.flatMap(({ from, to, rate = 1 }): readonly Call[] =>
    from === null ? [] : [{ from, to, rate }],
  );
  const unrated = observed.calls.filter(({ rate }) => rate === undefined).length;
  if (unrated > 0)
    notes.push(
      `the traces ${unrated === observed.calls.length ? "" : `of ${unrated} of the calls `}are of less than a second: ${unrated === observed.calls.length ? "calls" : "these"} have no rates`,
    );
  const begins = new Set(
    [...observed.services].filter(([, { fromOutside }]) => fromOutside.count > 0).map(([label]) => label),
  );
  const origins = new Set(
    [...observed.services].filter(([, { started }]) => started > 0).map(([label]) => label),
  );
  const guessed = unreached(observed, new Set([...begins, ...origins]));
  if (guessed.length > 0)
    notes.push(
      `no request is known to reach ${listed(guessed)}: taken for ${guessed.length === 1 ? "an entry" : "entries"}, since ${guessed.length === 1 ? "its" : "their"} callers may not have been traced`,
    );
  const services = [...observed.services].map(([label, { protocol, instances }]): Service => {
    const replicas = Math.min(Math.max(1, instances), processesMax);
    return plainService(label, {
      protocol,
      replicas,
      entry: begins.has(label) || guessed.includes(label),
      origin: origins.has(label),
    });
  });
  return {
    mesh: {
      name,
      // Whether addresses or certificates say who calls is not in traces.
      identity: "none",
      stateHeader: "tracestate",
      services: new Map(services.map((service) => [service.name, service])),
      calls,
    },
    notes,
  };
}

/** Services that must begin paths so that all are reached: those that nobody calls, and of what only leads to itself one. */
function unreached({ services, calls }: Labelled, begins: ReadonlySet<string>): readonly string[] {
  const callees = Map.groupBy(calls, ({ from }) => from);
  const called = new Set(calls.flatMap(({ from, to }) => (from === null ? [] : [to])));
  const reached = new Set<string>();
  const reach = (service: string): void => {
    const fresh = new Set([service]);
    for (const name of fresh) {
      if (reached.has(name)) continue;
      reached.add(name);
      for (const { to } of callees.get(name) ?? []) fresh.add(to);
    }
  };
  for (const name of begins) reach(name);
  const guessed: string[] = [];
  const names = [...services.keys()];
  for (const name of [...names.filter((each) => !called.has(each)), ...names]) {
    if (reached.has(name)) continue;
    guessed.push(name);
    reach(name);
  }
  return guessed;
}

/** As many as can be read at a glance. */
function listed(names: readonly string[]): string {
  const shown = names.length > 8 ? names.slice(0, 5) : names;
  const rest = names.length - shown.length;
  return [...shown.map((name) => `\`${name}\``), ...(rest === 0 ? [] : [`${rest} more`])].join(", ");
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compare(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
