import type { Mesh } from "../mesh/mesh.ts";
import type { PathsInUse } from "../placement/path-tables.ts";
import { addressPlan } from "../xds/address-plan.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { type Probe, probeDigits, probeHeaders, probeId, stateHeaderOf, stateOf } from "../xds/probe.ts";
import type { Examination, Examined } from "./examination.ts";
import { neededServices } from "./needed.ts";
import { reachable, sightsOf } from "./sights.ts";

export interface Examinable {
  readonly mesh: Mesh;
  readonly paths: PathsInUse;
  readonly chains: readonly LaidChain[];
}

/** Probes for the services that have to hand on states: for all, or for these and all that they lead to, which may be at fault for what is seen of them. */
export function makeExamination(
  { mesh, paths, chains }: Examinable,
  {
    services,
    random,
  }: {
    readonly services: readonly string[] | undefined;
    /** Hexadecimal digits, so many. */
    readonly random: (digits: number) => string;
  },
): Examination {
  const sights = sightsOf(mesh, chains);
  const header = stateHeaderOf(mesh.stateHeader);
  const plan = addressPlan(mesh);
  const wanted = services && reachable(services, sights.calls);
  return {
    ...{ id: random(32), stateHeader: mesh.stateHeader, ...sights },
    services: neededServices(mesh, paths)
      .filter(({ service }) => wanted?.has(service) ?? true)
      .map(({ service, state }) => {
        const probe: Probe = { id: probeId(random(probeDigits)), state };
        return {
          service,
          protocol: mesh.services.get(service)?.protocol ?? "http",
          endpoints: plan.instances(service).map(({ address, port }) => ({ address, port })),
          probe: probe.id,
          headers: probeHeaders(probe, header),
          state: stateOf(probe, header),
          ...forwardsOf(mesh, service),
        };
      }),
  };
}

function forwardsOf({ services }: Mesh, service: string): Pick<Examined, "forwards"> {
  const forwards = services.get(service)?.forwards;
  return forwards === undefined ? {} : { forwards };
}
