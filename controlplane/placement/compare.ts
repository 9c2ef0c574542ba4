import type { PlacedCall, PlacedSide, Placement } from "./placement.ts";

/** What is otherwise in one placement than in another. */
export interface Difference {
  /** Null where there was no placement. */
  readonly cost: { readonly before: number | null; readonly after: number };
  /** No placement costs less. */
  readonly bound: { readonly before: number | null; readonly after: number };
  readonly status: { readonly before: Placement["status"] | null; readonly after: Placement["status"] };
  readonly proxies: readonly {
    readonly service: string;
    /** Data planes; absent for no proxy. */
    readonly before?: string;
    readonly after?: string;
  }[];
  /** Calls on which a policy is enforced elsewhere, or newly, or no more. */
  readonly policies: readonly {
    readonly policy: string;
    readonly call: readonly [from: string | null, to: string];
    readonly before?: PlacedSide;
    readonly after?: PlacedSide;
  }[];
}

/** The difference from a placement, or from there being none. */
export function compare(before: Placement | undefined, after: Placement): Difference {
  const [had, has] = [before?.proxies ?? [], after.proxies].map(
    (proxies) => new Map(proxies.map(({ service, dataplane }) => [service, dataplane])),
  ) as [Map<string, string>, Map<string, string>];
  const [sat, sits] = [seats(before?.proxies ?? []), seats(after.proxies)];
  return {
    cost: { before: before?.cost ?? null, after: after.cost },
    bound: { before: before?.bound ?? null, after: after.bound },
    status: { before: before?.status ?? null, after: after.status },
    proxies: changed(had, has).map(([service, sides]) => ({ service, ...sides })),
    policies: changed(sat, sits).map(([key, sides]) => {
      const [policy, , from, to] = JSON.parse(key) as [string, string, string | null, string];
      return { policy, call: [from, to] as const, ...sides };
    }),
  };
}

function changed<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): readonly (readonly [string, { readonly before?: T; readonly after?: T }])[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [one, other] = [before.get(key), after.get(key)];
    if (one === other) return [];
    return [
      [
        key,
        { ...(one === undefined ? {} : { before: one }), ...(other === undefined ? {} : { after: other }) },
      ],
    ];
  });
}

/** The side of every section on every call. */
function seats(proxies: Placement["proxies"]): ReadonlyMap<string, PlacedSide> {
  const seat = (policy: string, section: string, [from, to]: PlacedCall): string =>
    JSON.stringify([policy, section, from, to]);
  return new Map(
    proxies.flatMap(({ policies }) =>
      policies.flatMap(({ policy, section, side, calls }) =>
        calls.map((call) => [seat(policy, section, call), side] as const),
      ),
    ),
  );
}
