import type { Mesh } from "../mesh.ts";
import type { Labelled, LabelledCall } from "./infer-mesh.ts";

/** Where a mesh file and what was observed differ. From null: requests from outside. Origins start requests that nobody asked them for. */
export interface Drift {
  /** Declared and never observed. */
  readonly unobserved: readonly { readonly from: string | null; readonly to: string }[];
  /** Observed and not declared. */
  readonly undeclared: readonly LabelledCall[];
  /** Declared with another rate than the observed one. */
  readonly rates: readonly {
    readonly from: string;
    readonly to: string;
    readonly declared: number;
    readonly observed: number;
  }[];
  readonly unobservedOrigins: readonly string[];
  readonly undeclaredOrigins: readonly { readonly service: string; readonly count: number }[];
}

/** Of fewer requests, neither seen nor expected, chance says more than a rate. */
const requestsMin = 10;

/**
 * Compare the calls of a mesh with those observed. A rate of 1 is what a mesh file says that says nothing, and is not compared; others are
 * when they are more than `factor` times apart. A call of which fewer than one request was to be expected may be one that did not come. Without
 * `showStarts` the traces are such as do not tell who starts requests.
 */
export function drift(
  mesh: Mesh,
  observed: Labelled,
  {
    factor,
    seconds,
    showStarts,
  }: { readonly factor: number; readonly seconds: number; readonly showStarts: boolean },
): Drift {
  const declared = [
    ...[...mesh.services.values()]
      .filter(({ entry }) => entry)
      .map(({ name }) => ({ from: null, to: name, rate: 1 })),
    ...mesh.calls,
  ];
  const seen = new Map(observed.calls.map((call) => [keyOf(call), call]));
  const known = new Set(declared.map(keyOf));
  const callers = new Set(observed.calls.map(({ from }) => from));
  const startedBy = (service: string): number => observed.services.get(service)?.started ?? 0;
  return {
    unobserved: declared.flatMap((call) => {
      const isRare = call.rate !== 1 && call.rate * seconds < 1;
      return seen.has(keyOf(call)) || isRare ? [] : [{ from: call.from, to: call.to }];
    }),
    undeclared: observed.calls.filter((call) => !known.has(keyOf(call))),
    rates: declared.flatMap(({ from, to, rate }) => {
      const found = seen.get(keyOf({ from, to }));
      if (from === null || rate === 1 || found?.rate === undefined) return [];
      const isFew = Math.max(found.count, rate * seconds) < requestsMin;
      const isNear = found.rate <= rate * factor && rate <= found.rate * factor;
      return isFew || isNear ? [] : [{ from, to, declared: rate, observed: found.rate }];
    }),
    unobservedOrigins: [...mesh.services.values()].flatMap(({ name, origin }) =>
      origin && showStarts && startedBy(name) === 0 ? [name] : [],
    ),
    // Of what calls nobody no path begins.
    undeclaredOrigins: [...observed.services].flatMap(([service, { started: count }]) =>
      count > 0 && callers.has(service) && mesh.services.get(service)?.origin !== true
        ? [{ service, count }]
        : [],
    ),
  };
}

function keyOf({ from, to }: { readonly from: string | null; readonly to: string }): string {
  return `${from ?? ""}>${to}`;
}
