import type { Policy, Statement } from "../language/policy.ts";
import { callsIn, statementsIn, textOf } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { CallName } from "./call-graph.ts";
import { verdicts } from "./verdicts.ts";

/** By number of a call: the version of the callee that all its requests go to, and which policy, by its number, sends them there. */
export type FixedRoutes = ReadonlyMap<number, { readonly version: string; readonly by: number }>;

const routing: ReadonlySet<string> = new Set(["RouteToVersion", "SplitByWeight", "Mirror"]);

/**
 * The routes that decide versions for the policies after them (design §3): a policy routes all requests of a call, whatever they are
 * like, and none after it routes them elsewhere. A mirrored copy is a request too, and may go to another version.
 */
export function fixedRoutes(inOrder: readonly Policy[], mesh: Mesh): FixedRoutes {
  const routes = new Map<number, { readonly version: string; readonly by: number }>();
  const mirrored = new Set<number>();
  const versioned = new Set(
    [...mesh.services.values()].filter(({ versions }) => versions.size > 0).map(({ name }) => name),
  );
  for (const [by, policy] of versioned.size === 0 ? [] : inOrder.entries()) {
    if (policy.mode !== "enforce" || !policy.actions.some((action) => routing.has(action))) continue;
    const bodies = policy.kind === "copper" ? policy.sections.map(({ body }) => body) : [[]];
    const all = bodies.flatMap(callsIn).filter(({ action }) => routing.has(action));
    for (const { call, verdict, from, to } of verdicts(policy, mesh).calls) {
      if (from === null || !versioned.has(to)) continue;
      const made = all.filter((each) => textOf(each, 0) === to || textOf(each, 0) === "");
      // What filter code does, nobody reads.
      if (policy.kind === "copper" && made.length === 0) continue;
      if (made.some(({ action }) => action === "Mirror")) mirrored.add(call);
      const version = made.length === 1 && verdict === "always" ? bodies.map(plainRoute(to)).join("") : "";
      if (version === "") routes.delete(call);
      else routes.set(call, { version, by });
    }
  }
  for (const call of mirrored) routes.delete(call);
  return routes;
}

/** The routes of the policies, and which of these in their order it is that asks. */
export interface Standing {
  readonly routes: FixedRoutes;
  readonly number: number;
}

/** A call of which all requests go to a version that an earlier policy, by its number, sends them to. */
export interface DecidedCall {
  readonly call: CallName;
  readonly version: string;
  readonly by: number;
}

/** The first of the calls that a policy would match, if the requests of all of them did not go to other versions than it is for. */
export function decidedOtherwise(policy: Policy, mesh: Mesh, standing: Standing): DecidedCall | undefined {
  const decided = verdicts(policy, mesh).calls.map(({ call, from, to, versions }) => {
    const version = versions && decidedVersion(standing, call);
    const by = standing.routes.get(call)?.by;
    return version === undefined || by === undefined || versions?.includes(version)
      ? undefined
      : { call: { from, to }, version, by };
  });
  return decided.includes(undefined) ? undefined : decided[0];
}

/** The version of the callee to which earlier policies send all requests of a call. */
export function decidedVersion({ routes, number }: Standing, call: number): string | undefined {
  const route = routes.get(call);
  return route !== undefined && route.by < number ? route.version : undefined;
}

/** By call, that version, where there is one. */
export function decidedVersions({ routes, number }: Standing): ReadonlyMap<number, string> {
  return new Map([...routes].flatMap(([call, { by, version }]) => (by < number ? [[call, version]] : [])));
}

/** The version to which a body routes every request for a service that it does not end; "" where there is none. */
function plainRoute(service: string): (body: readonly Statement[]) => string {
  return (body) => {
    const at = body.findIndex(
      (each) =>
        each.kind === "do" && each.call.action === "RouteToVersion" && textOf(each.call, 0) === service,
    );
    const route = body[at];
    if (route?.kind !== "do") return "";
    const mayEndBefore = statementsIn(body.slice(0, at)).some(({ kind }) => kind === "return");
    return mayEndBefore ? "" : textOf(route.call, 1);
  };
}
