import type { Side } from "../language/policy.ts";
import type { PlacedSide, Placement } from "./placement.ts";

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
  return {
    cost: { before: before?.cost ?? null, after: after.cost },
    bound: { before: before?.bound ?? null, after: after.bound },
    status: { before: before?.status ?? null, after: after.status },
    proxies: changed(had, has).map(([service, sides]) => ({ service, ...sides })),
    policies: moved(seats(before?.proxies ?? []), seats(after.proxies)),
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

type Sides = ReadonlyMap<Side, PlacedSide>;

function moved(
  before: ReadonlyMap<string, Sides>,
  after: ReadonlyMap<string, Sides>,
): Difference["policies"] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [policy, from, to] = JSON.parse(key) as [string, string | null, string];
    const [one, other] = [before.get(key) ?? new Map(), after.get(key) ?? new Map()];
    return paired(one, other).map((sides) => ({ policy, call: [from, to] as const, ...sides }));
  });
}

/** What changes for the sections of one policy on one call. Of those whose headings changed, what is still enforced at a side has not moved. */
function paired(
  before: Sides,
  after: Sides,
): readonly { readonly before?: PlacedSide; readonly after?: PlacedSide }[] {
  const kept = [...before].flatMap(([section, side]) => {
    const now = after.get(section);
    return now === undefined || now === side ? [] : [{ before: side, after: now }];
  });
  const [lost, won] = [onlyIn(before, after), onlyIn(after, before)];
  const went = lost.filter((side) => !won.includes(side));
  const came = won.filter((side) => !lost.includes(side));
  const others = Array.from({ length: Math.max(went.length, came.length) }, (_, index) => {
    const [from, to] = [went[index], came[index]];
    return { ...(from === undefined ? {} : { before: from }), ...(to === undefined ? {} : { after: to }) };
  });
  return [...kept, ...others];
}

function onlyIn(one: Sides, other: Sides): readonly PlacedSide[] {
  return [...one].flatMap(([section, side]) => (other.has(section) ? [] : [side]));
}

/** The side of every section of every policy on every call. */
function seats(proxies: Placement["proxies"]): ReadonlyMap<string, Sides> {
  const found = new Map<string, Map<Side, PlacedSide>>();
  for (const { policy, section, side, calls } of proxies.flatMap(({ policies }) => policies)) {
    for (const [from, to] of calls) {
      const key = JSON.stringify([policy, from, to]);
      const sides = found.get(key) ?? new Map<Side, PlacedSide>();
      found.set(key, sides.set(section, side));
    }
  }
  return found;
}
