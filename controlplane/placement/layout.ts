import { at0 } from "./network.ts";
import type { PlacedCall, PlacedPolicy, PlacedProxy } from "./placement.ts";
import type { Demand } from "./policy-demands.ts";
import type { NumberedCall, Problem } from "./problem.ts";

/** The calls of a mesh as a placement writes them down, and their numbers in that order. */
interface Written {
  readonly calls: readonly PlacedCall[];
  readonly order: readonly number[];
}

const known = new WeakMap<readonly NumberedCall[], Written>();

/** What proxies were made from: those of a service of which nothing changed are the same objects again. */
export interface Layout {
  readonly problem: Problem;
  /** The numbers of the data planes by service. */
  readonly values: Int32Array;
  /** By unit: 1 when it is enforced at ingress. */
  readonly sides: Uint8Array;
  readonly stamps: ReadonlySet<string>;
  /** The units of service `s` are `own[first[s]]` up to `own[first[s + 1]]`, in the order of their calls. */
  readonly first: Int32Array;
  readonly own: Int32Array;
  readonly callOf: Int32Array;
  /** By number of the service; undefined where there is none. */
  readonly proxies: readonly (PlacedProxy | undefined)[];
}

/** The proxies of these data planes, with what each enforces; those that neither enforce nor stamp are none. */
export function layOut(
  problem: Problem,
  { values, sides, stamps }: Pick<Layout, "values" | "sides" | "stamps">,
  before: Layout | undefined,
): Layout {
  const { services, calls, demands, starts, units, dataplanes } = problem;
  const written = writtenOf(calls);
  const heads = headsOf(demands);
  const [first, own] = byService(problem, written.order, sides);
  const callOf = new Int32Array(units.length);
  for (let call = 0; call < calls.length; call++) callOf.fill(call, at0(starts, call), at0(starts, call + 1));
  const layout = { problem, values, sides, stamps, first, own, callOf };
  const isAsBefore = before?.problem.mesh === problem.mesh ? comparison(layout, before) : () => false;
  const proxies = services.map(({ name }, number): PlacedProxy | undefined => {
    const mine = own.subarray(at0(first, number), at0(first, number + 1));
    if (mine.length === 0 && !stamps.has(name)) return undefined;
    if (isAsBefore(number)) return before?.proxies[number];
    // Sections in the order of enforcement, and the calls of one in theirs: numbers sort faster than what is compared by a function.
    const keys = Float64Array.from(
      mine,
      (unit, place) => (at0(heads, at0(units, unit)) * 2 + at0(sides, unit)) * mine.length + place,
    ).sort();
    const policies: PlacedPolicy[] = [];
    let list: PlacedCall[] = [];
    let last = -1;
    for (const key of keys) {
      const unit = at0(mine, key % mine.length);
      const group = Math.floor(key / mine.length);
      const { policy, section, versions } = demands[at0(units, unit)] as Demand;
      if (group !== last) {
        last = group;
        list = [];
        const side = at0(sides, unit) === 1 ? "ingress" : "egress";
        policies.push({ policy: policy.name, side, section: section.name, calls: list });
      }
      const call = written.calls[at0(callOf, unit)] as PlacedCall;
      // The caller's proxy has it only where all requests go to such a version.
      const isChecked = versions !== undefined && at0(sides, unit) === 1;
      list.push(isChecked ? [call[0], call[1], versions] : call);
    }
    return {
      service: name,
      dataplane: dataplanes[at0(values, number) - 1]?.name ?? "",
      stamps: stamps.has(name),
      policies,
    };
  });
  return { ...layout, proxies };
}

/** The proxies that there are, by name. */
export function placedProxies({ proxies }: Layout): readonly PlacedProxy[] {
  return proxies.filter((proxy) => proxy !== undefined).sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** Whether the proxy of a service enforces just what it did. */
function comparison(now: Omit<Layout, "proxies">, before: Layout): (service: number) => boolean {
  const numbers = new Map(before.problem.demands.map((demand, number) => [demand, number]));
  /** The same demands as of before, by their numbers then. */
  const known = Int32Array.from(now.problem.demands, (demand) => numbers.get(demand) ?? -1);
  const planes = (layout: Pick<Layout, "problem" | "values">, service: number): string | undefined =>
    layout.problem.dataplanes[at0(layout.values, service) - 1]?.name;
  return (service) => {
    const [from, then] = [at0(now.first, service), at0(before.first, service)];
    const count = at0(now.first, service + 1) - from;
    if (at0(before.first, service + 1) - then !== count) return false;
    if (planes(now, service) !== planes(before, service)) return false;
    const name = now.problem.services[service]?.name ?? "";
    if (now.stamps.has(name) !== before.stamps.has(name)) return false;
    for (let each = 0; each < count; each++) {
      const [unit, other] = [at0(now.own, from + each), at0(before.own, then + each)];
      if (
        at0(known, at0(now.problem.units, unit)) !== at0(before.problem.units, other) ||
        at0(now.sides, unit) !== at0(before.sides, other) ||
        at0(now.callOf, unit) !== at0(before.callOf, other)
      )
        return false;
    }
    return true;
  };
}

function writtenOf(calls: readonly NumberedCall[]): Written {
  const found = known.get(calls);
  if (found !== undefined) return found;
  const texts = calls.map(({ from, to }) => `${from ?? ""} ${to}`);
  const written = {
    calls: calls.map(({ from, to }): PlacedCall => [from, to]),
    order: [...calls.keys()].sort((a, b) => ((texts[a] ?? "") < (texts[b] ?? "") ? -1 : 1)),
  };
  known.set(calls, written);
  return written;
}

/** By demand, the first one of the same section: demands are in the order of enforcement. */
function headsOf(demands: readonly Demand[]): Int32Array {
  const heads = Int32Array.from(demands.keys());
  for (let number = 1; number < demands.length; number++) {
    const [before, own] = [demands[number - 1], demands[number]];
    if (before?.policy === own?.policy && before?.section === own?.section)
      heads[number] = at0(heads, number - 1);
  }
  return heads;
}

/** The units by the services whose proxies enforce them, each service's in the order of their calls. */
function byService(
  { services, calls, starts }: Problem,
  order: readonly number[],
  sides: Uint8Array,
): readonly [first: Int32Array, units: Int32Array] {
  const first = new Int32Array(services.length + 1);
  for (const [call, { caller, callee }] of calls.entries()) {
    for (let unit = at0(starts, call); unit < at0(starts, call + 1); unit++) {
      const service = at0(sides, unit) === 1 ? callee : caller;
      first[service + 1] = at0(first, service + 1) + 1;
    }
  }
  for (let service = 0; service < services.length; service++)
    first[service + 1] = at0(first, service + 1) + at0(first, service);
  const next = first.slice();
  const own = new Int32Array(sides.length);
  for (const call of order) {
    const { caller, callee } = calls[call] as NumberedCall;
    for (let unit = at0(starts, call); unit < at0(starts, call + 1); unit++) {
      const service = at0(sides, unit) === 1 ? callee : caller;
      const place = at0(next, service);
      own[place] = unit;
      next[service] = place + 1;
    }
  }
  return [first, own];
}
