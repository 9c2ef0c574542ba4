import { strict as assert } from "node:assert";
import { callsOf } from "../analysis/call-graph.ts";
import { splits } from "../analysis/splits.ts";
import { inOrder } from "../language/in-order.ts";
import type { Policy } from "../language/policy.ts";
import { callsIn } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { byPath } from "./by-path.ts";
import type { Input } from "./changes.ts";
import { compare, type Difference } from "./compare.ts";
import { type Dataplane, defaultDataplanes } from "./dataplane.ts";
import { forcingOf, type Need } from "./forcing.ts";
import { type Freeings, freeingOf } from "./freeing.ts";
import type { LeastCost, PlacedPolicy, PlacedProxy, PlacedSide, Placement } from "./placement.ts";
import { problem } from "./problem.ts";
import { sectionsOf } from "./section.ts";
import { place } from "./solve.ts";
import { type StampReason, stampReasons, stampReasonText } from "./stamp-reasons.ts";

/** One line for each proxy, in plain words: which policies and calls need it, and why the other end of a call would not do. */
export function explainPlacement(
  placement: Placement,
  policies: readonly Policy[],
  mesh: Mesh,
  dataplanes: readonly Dataplane[] = defaultDataplanes,
): readonly string[] {
  const stamps = stampReasons(placement, { policies, mesh }, dataplanes);
  const known = new Map(policies.map((policy) => [policy.name, policy]));
  return placement.proxies.map((proxy) => {
    const stamp = stamps.get(proxy.service);
    const stamping =
      stamp === undefined ? "requests that are under way have states of before" : stampReasonText(stamp);
    const reasons = [
      ...(proxy.stamps ? [stamping] : []),
      ...proxy.policies.map((placed) => reasonFor(placed, known, mesh, proxy.policies)),
    ];
    // There is but one kind where nobody declares others.
    const kind = proxy.dataplane === "envoy" ? "" : ` (${proxy.dataplane})`;
    return `${proxy.service}${kind}: ${[...new Set(reasons)].join("; ")}${countOf(proxy)}`;
  });
}

/** Why one service has a proxy, and how it would not need one. */
export interface ProxyReasons {
  readonly service: string;
  readonly dataplane: string;
  /** `free` when there is a placement as cheap without a proxy here; `undecided` when the time was up before that was known. */
  readonly need: Need;
  /** Why it stamps, where it does. */
  readonly stamp?: StampReason;
  /** The placement without it that differs the least. */
  readonly instead?: Difference;
  readonly freeing: Freeings;
}

/** What one policy leads to. */
export interface PolicyReasons {
  readonly policy: string;
  readonly calls: readonly {
    readonly from: string | null;
    readonly to: string;
    /** Of the callee, where it is not for all. */
    readonly versions?: readonly string[];
    readonly side: PlacedSide;
    /** What the proxy has to look at before it enforces the policy, since not all that comes to it is concerned. */
    readonly check: "none" | "call" | "caller" | "version" | "caller and version";
    /** Whether it is only for some of these requests, by the paths that they have come by. */
    readonly byPath: boolean;
  }[];
  /** What everything would cost without it: nothing where the others then cannot be enforced, and `undecided` where nothing was found in time. */
  readonly without: LeastCost | "impossible" | "undecided";
}

/** What the placement is of. */
interface Asked {
  readonly input: Input;
  readonly dataplanes: readonly Dataplane[];
  /** How long the solver may think about one question. */
  readonly timeLimitS: number;
}

export async function explainProxy(
  proxy: PlacedProxy,
  placement: Placement,
  { input, dataplanes, timeLimitS }: Asked,
): Promise<ProxyReasons> {
  const { service, dataplane } = proxy;
  const reason = stampReasons(placement, input, dataplanes).get(service);
  const stamp = reason === undefined ? {} : { stamp: reason };
  const need = await forcingOf(problem(input.policies, input.mesh, dataplanes), proxy, timeLimitS);
  if (need.kind === "undecided")
    return { service, dataplane, need, ...stamp, freeing: { found: [], isComplete: false, untried: 0 } };
  if (need.kind === "free") {
    const services = new Map(input.mesh.services);
    const own = services.get(service);
    assert(own !== undefined, "proxies are of services of the mesh");
    services.set(service, { ...own, proxy: "never" });
    const other = await place(
      input.policies,
      { ...input.mesh, services },
      { dataplanes, previous: placement, timeLimitS },
    );
    // Where the time was up before it was found, nothing is said of it.
    const isAsCheap = other.placement !== undefined && other.placement.cost <= placement.cost;
    const instead = isAsCheap ? { instead: compare(placement, other.placement) } : {};
    return {
      service,
      dataplane,
      need,
      ...stamp,
      ...instead,
      freeing: { found: [], isComplete: true, untried: 0 },
    };
  }
  const freeing = await freeingOf(input, { service, forcing: need.forcing, dataplanes, timeLimitS });
  return { service, dataplane, need, ...stamp, freeing };
}

export async function explainPolicy(
  policy: string,
  placement: Placement,
  { input, dataplanes, timeLimitS }: Asked,
): Promise<PolicyReasons> {
  const into = Map.groupBy(callsOf(input.mesh), ({ to }) => to);
  const outOf = Map.groupBy(callsOf(input.mesh), ({ from }) => from);
  const isByPath = byPath(problem(input.policies, input.mesh, dataplanes));
  const placed = placement.proxies.flatMap(({ service, policies }) =>
    policies
      .filter((placed) => placed.policy === policy)
      .flatMap(({ section, side, calls: own }) => {
        const all = (side === "ingress" ? into : outOf).get(service) ?? [];
        const others = own.length < all.length;
        return own.map(([from, to, versions]) => {
          const caller = side === "ingress" && others;
          const check: PolicyReasons["calls"][number]["check"] =
            versions === undefined
              ? caller
                ? "caller"
                : others
                  ? "call"
                  : "none"
              : caller
                ? "caller and version"
                : "version";
          return {
            ...{ from, to, ...(versions === undefined ? {} : { versions }), side, check },
            byPath: isByPath({ policy, section, side }, { from, to }),
          };
        });
      }),
  );
  // Two sections may be at one side.
  const calls = [...new Map(placed.map((call) => [JSON.stringify(call), call])).values()];
  const rest = { ...input, policies: input.policies.filter(({ name }) => name !== policy) };
  const without = await place(rest.policies, rest.mesh, { dataplanes, timeLimitS });
  if (without.placement === undefined) {
    // The code of none having been found in time, and none being known to be impossible.
    const isUndecided = without.diagnostics.some(({ code }) => code === "PLC0108");
    return { policy, calls, without: isUndecided ? "undecided" : "impossible" };
  }
  const { cost, bound } = without.placement;
  return { policy, calls, without: { cost, bound } };
}

function reasonFor(
  placed: PlacedPolicy,
  policies: ReadonlyMap<string, Policy>,
  mesh: Mesh,
  beside: readonly PlacedPolicy[],
): string {
  const policy = policies.get(placed.policy);
  const what = `${placed.policy} at ${placed.side} for ${callsText(placed.calls)}`;
  if (routes(placed, policy)) return `${what} (the caller chooses the version)`;
  if (placed.section !== "either") return `${what} (its heading asks for ${placed.side})`;
  if (placed.calls.some(([, , versions]) => versions !== undefined))
    return `${what} (only there is the version known)`;
  if (placed.calls.some(([from]) => from === null))
    return `${what} (a request from outside has no other proxy)`;
  const elsewhere = placed.calls.map(([from, to]) => (placed.side === "egress" ? to : from));
  const closed = elsewhere.find((name) => name !== null && mesh.services.get(name)?.proxy === "never");
  if (closed !== undefined) return `${what} (${closed} never takes a proxy)`;
  const holder = holderOf(placed, beside, policies);
  if (holder === undefined) return `${what} (cheapest side)`;
  return `${what} (stays with ${holder.policy === placed.policy ? `its heading for ${holder.section}` : holder.policy})`;
}

/** The policy that keeps one from the other side of some call that has no heading: one that cannot be there itself, or is kept from there, too. */
function holderOf(
  placed: PlacedPolicy,
  beside: readonly PlacedPolicy[],
  policies: ReadonlyMap<string, Policy>,
): PlacedPolicy | undefined {
  const rest = beside.filter((other) => other !== placed);
  return rest.find(
    (other) =>
      keeps(other, placed, policies) &&
      (isFixed(other, policies) || holderOf(other, rest, policies) !== undefined),
  );
}

function isFixed({ policy, section }: PlacedPolicy, policies: ReadonlyMap<string, Policy>): boolean {
  const known = policies.get(policy);
  return (
    known !== undefined && sectionsOf(known).some(({ name, sides }) => name === section && sides.length === 1)
  );
}

function keeps(other: PlacedPolicy, placed: PlacedPolicy, policies: ReadonlyMap<string, Policy>): boolean {
  const [holder, held] = [policies.get(other.policy), policies.get(placed.policy)];
  if (holder === undefined || held === undefined || other.side !== placed.side) return false;
  const keys = new Set(other.calls.map(([from, to]) => `${from} ${to}`));
  if (!placed.calls.some(([from, to]) => keys.has(`${from} ${to}`))) return false;
  const own = { policy: held, heading: placed.section };
  const others = { policy: holder, heading: other.section };
  const order = inOrder([holder, held]);
  return placed.side === "egress"
    ? splits(others, own, order[1] === held) !== undefined
    : splits(own, others, order[1] === holder) !== undefined;
}

function routes({ section }: PlacedPolicy, policy: Policy | undefined): boolean {
  if (policy?.kind !== "copper") return policy?.actions.some(choosesVersion) === true;
  return policy.sections.some(
    ({ side, body }) => side === section && callsIn(body).some(({ action }) => choosesVersion(action)),
  );
}

function choosesVersion(action: string): boolean {
  return action === "RouteToVersion" || action === "SplitByWeight";
}

function callsText(calls: PlacedPolicy["calls"]): string {
  const shown = calls
    .slice(0, 3)
    .map(([from, to, versions]) => `${from ?? "outside"} -> ${calleesText(to, versions)}`);
  const more = calls.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** A callee with the versions of it that are meant, where these are not all. */
export function calleesText(to: string, versions: readonly string[] | undefined): string {
  return versions === undefined ? to : versions.map((version) => `${to}@${version}`).join(" or ");
}

function countOf(proxy: PlacedProxy): string {
  const calls = new Set(
    proxy.policies.flatMap((placed) => placed.calls.map(([from, to]) => `${from} ${to}`)),
  );
  return calls.size > 1 ? ` [${calls.size} calls]` : "";
}
