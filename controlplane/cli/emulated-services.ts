import { tracingHeaders } from "../../envoy/emulator/forwarded-headers.ts";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { AddressPlan } from "../xds/address-plan.ts";
import { stateHeaderOf } from "../xds/probe.ts";

/** Every replica of every service of the mesh, as the emulator wants it. What does not hand on an id alone hands on the states of paths, in whichever header they are. */
export function emulatedServices(mesh: Mesh, addresses: AddressPlan): readonly EmulatedService[] {
  const all = [...new Set([...tracingHeaders, stateHeaderOf(mesh.stateHeader).name])];
  return [...mesh.services.values()].flatMap((service) =>
    addresses.instances(service.name).map((instance) => ({
      service: service.name,
      ...(instance.version === undefined ? {} : { version: instance.version }),
      address: instance.address,
      port: instance.port,
      protocol: service.protocol,
      forwards: service.forwards === undefined ? all : [service.forwards],
      calls: mesh.calls
        .filter((call) => call.from === service.name)
        .map((call) => ({ to: call.to, protocol: mesh.services.get(call.to)?.protocol ?? "http" })),
    })),
  );
}
