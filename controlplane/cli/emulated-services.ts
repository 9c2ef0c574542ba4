import type { EmulatedService } from "../../envoy/emulator/service.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { AddressPlan } from "../xds/address-plan.ts";

/** Every replica of every service of the mesh, as the emulator wants it. */
export function emulatedServices(mesh: Mesh, addresses: AddressPlan): readonly EmulatedService[] {
  return [...mesh.services.values()].flatMap((service) =>
    addresses.instances(service.name).map((instance) => ({
      service: service.name,
      ...(instance.version === undefined ? {} : { version: instance.version }),
      address: instance.address,
      port: instance.port,
      protocol: service.protocol,
      ...(service.forwards === undefined ? {} : { forwards: [service.forwards] }),
      calls: mesh.calls
        .filter((call) => call.from === service.name)
        .map((call) => ({ to: call.to, protocol: mesh.services.get(call.to)?.protocol ?? "http" })),
    })),
  );
}
