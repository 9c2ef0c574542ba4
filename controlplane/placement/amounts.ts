import { callGraph } from "../analysis/call-graph.ts";
import { keyOf } from "../analysis/verdicts.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { byPath } from "./by-path.ts";
import type { Placement } from "./placement.ts";
import { costOf } from "./policy-demands.ts";
import type { PricedDataplane } from "./priced.ts";
import { problem, replicasOf } from "./problem.ts";
import { sectionsOf } from "./section.ts";

/** What all proxies of a placement take together. */
export interface TotalAmounts {
  readonly cpuMilli: number;
  readonly memoryMib: number;
}

/** Undefined where the costs of data planes have no units. Priced together they are the placement's cost. */
export function amountsOf(
  { proxies }: Placement,
  policies: readonly Policy[],
  { mesh, dataplanes }: { readonly mesh: Mesh; readonly dataplanes: readonly PricedDataplane[] },
): TotalAmounts | undefined {
  const known = new Map(dataplanes.map((dataplane) => [dataplane.name, dataplane]));
  if (dataplanes.every(({ amounts }) => amounts === undefined)) return undefined;
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const { calls: all } = callGraph(mesh);
  const said = new Map(mesh.calls.map((call) => [keyOf(call), call.rate]));
  const rates = new Map(all.map((call) => [keyOf(call), said.get(keyOf(call)) ?? 1]));
  const through = new Map<string | null, number>();
  const into = new Map<string, number>();
  for (const call of all) {
    into.set(call.to, (into.get(call.to) ?? 0) + (rates.get(keyOf(call)) ?? 0));
    for (const end of [call.from, call.to])
      through.set(end, (through.get(end) ?? 0) + (rates.get(keyOf(call)) ?? 0));
  }
  const isByPath = byPath(problem(policies, mesh, dataplanes));
  let [cpuMilli, memoryMib] = [0, 0];
  for (const proxy of proxies) {
    const dataplane = known.get(proxy.dataplane);
    const service = mesh.services.get(proxy.service);
    if (dataplane?.amounts === undefined || service === undefined) continue;
    cpuMilli += replicasOf(service) * dataplane.amounts.cpuMilli;
    memoryMib += replicasOf(service) * dataplane.amounts.memoryMib;
    cpuMilli += (dataplane.requestCost ?? 0) * (through.get(service.name) ?? 0);
    if (proxy.stamps) cpuMilli += (dataplane.stampCost ?? 0) * (into.get(service.name) ?? 0);
    for (const placed of proxy.policies) {
      const { policy: name, section: heading, calls } = placed;
      const policy = byName.get(name);
      const section = policy && sectionsOf(policy).find((each) => each.name === heading);
      const each = policy && section ? costOf(dataplane, { policy, section }) : 0;
      for (const [from, to] of calls) {
        const check = isByPath(placed, { from, to }) ? (dataplane.checkCost ?? 0) : 0;
        cpuMilli += (each + check) * (rates.get(keyOf({ from, to })) ?? 0);
      }
    }
  }
  return { cpuMilli: exact(cpuMilli), memoryMib: exact(memoryMib) };
}

/** Without what sums of fractions are off by. */
function exact(sum: number): number {
  return Number(sum.toPrecision(12));
}
