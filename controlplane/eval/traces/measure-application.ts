import { strict as assert } from "node:assert";
import { checkPolicies } from "../../language/check-policies.ts";
import { hasErrors } from "../../language/diagnostic.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Placement } from "../../placement/placement.ts";
import { replicasOf } from "../../placement/problem.ts";
import { type PlaceResult, place } from "../../placement/solve.ts";
import type { Application } from "./application-mesh.ts";
import { dataplanes, tcpDataplane } from "./dataplanes.ts";
import type { PlacementRecord } from "./placement-record.ts";
import { policySets } from "./policy-sets.ts";

/** What a record says of one application and set, without what is the same in all of a run. */
export type Measured = Omit<PlacementRecord, "source" | "seed" | "commit" | "node" | "cpu" | "cores">;

export interface MeasureOptions {
  readonly timeLimitS: number;
  /** The time in milliseconds, from any moment on. */
  readonly now: () => number;
}

/** Place an application with each set of policies that there is for it, one after the other. */
export async function* measureApplication(
  application: Application,
  { timeLimitS, now }: MeasureOptions,
): AsyncGenerator<Measured> {
  const { mesh, sets } = policySets(application.mesh, application.seed);
  for (const { name, policies: count, source } of sets) {
    // What is known of a mesh is kept with it: no set has the work of the one before.
    const own = { ...mesh };
    const { policies, diagnostics } = checkPolicies([source], own);
    assert(!hasErrors(diagnostics), "the policies are right");
    const start = now();
    const result = await place(policies, own, { dataplanes, timeLimitS });
    const ms = Math.round((now() - start) * 1000) / 1000;
    yield {
      kind: "placement",
      application: application.name,
      ...sizes(own),
      requests: application.requests,
      drawnReplicas: application.drawnReplicas,
      set: name,
      policies: count,
      ms,
      ...outcome(result, own),
    };
  }
}

function sizes(mesh: Mesh): Pick<Measured, "services" | "replicas" | "calls" | "leaves" | "leafReplicas"> {
  const callers = new Set(mesh.calls.map(({ from }) => from));
  const leaves = [...mesh.services.keys()].filter((name) => !callers.has(name));
  return {
    services: mesh.services.size,
    replicas: replicas(mesh, [...mesh.services.keys()]),
    calls: mesh.calls.length,
    leaves: leaves.length,
    leafReplicas: replicas(mesh, leaves),
  };
}

function outcome(
  { placement }: PlaceResult,
  mesh: Mesh,
): Pick<Measured, "status" | "proxies" | "tcpProxies" | "servicesWithout" | "replicasWithout"> {
  if (placement === undefined)
    return { status: "none", proxies: null, tcpProxies: null, servicesWithout: null, replicasWithout: null };
  const { status, proxies } = placement;
  const without = withoutProxy(placement, mesh);
  return {
    status,
    proxies: proxies.length,
    tcpProxies: proxies.filter(({ dataplane }) => dataplane === tcpDataplane).length,
    servicesWithout: without.length,
    replicasWithout: replicas(mesh, without),
  };
}

function withoutProxy({ proxies }: Placement, { services }: Mesh): readonly string[] {
  const having = new Set(proxies.map(({ service }) => service));
  return [...services.keys()].filter((name) => !having.has(name));
}

function replicas({ services }: Mesh, names: readonly string[]): number {
  return names.reduce((sum, name) => {
    const service = services.get(name);
    return sum + (service === undefined ? 0 : replicasOf(service));
  }, 0);
}
