import type { Policy } from "../language/policy.ts";
import { callsIn } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { PlacedPolicy, PlacedProxy, Placement } from "./placement.ts";

/** One line for each proxy, in plain words: which policies and calls need it, and why the other end of a call would not do. */
export function explainPlacement(
  placement: Placement,
  policies: readonly Policy[],
  mesh: Mesh,
): readonly string[] {
  const known = new Map(policies.map((policy) => [policy.name, policy]));
  return placement.proxies.map((proxy) => {
    const reasons = proxy.policies.map((placed) => reasonFor(placed, known.get(placed.policy), mesh));
    // There is but one kind where nobody declares others.
    const kind = proxy.dataplane === "envoy" ? "" : ` (${proxy.dataplane})`;
    return `${proxy.service}${kind}: ${[...new Set(reasons)].join("; ")}${countOf(proxy)}`;
  });
}

function reasonFor(placed: PlacedPolicy, policy: Policy | undefined, mesh: Mesh): string {
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
  return `${what} (cheapest side)`;
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

function calleesText(to: string, versions: readonly string[] | undefined): string {
  return versions === undefined ? to : versions.map((version) => `${to}@${version}`).join(" or ");
}

function countOf(proxy: PlacedProxy): string {
  const calls = new Set(
    proxy.policies.flatMap((placed) => placed.calls.map(([from, to]) => `${from} ${to}`)),
  );
  return calls.size > 1 ? ` [${calls.size} calls]` : "";
}
