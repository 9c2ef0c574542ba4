import type { Chain } from "../codegen/module.ts";
import type { Mesh } from "../mesh/mesh.ts";

/** These chains, and bare ones wherever a proxy of these services has none: all that comes to the service and goes from it passes the proxy. */
export function everywhere(
  mesh: Mesh,
  chains: readonly Chain[],
  services: Iterable<string>,
): readonly Chain[] {
  return [...chains, ...[...services].flatMap((service) => bareOf(mesh, chains, service))];
}

/** The bare chains by which a service calls others over HTTP. */
export function outboundOnly(mesh: Mesh, chains: readonly Chain[]): readonly Chain[] {
  const bare = [...mesh.services.keys()].flatMap((service) => bareOf(mesh, chains, service));
  return [
    ...chains,
    ...bare.filter(({ direction, callee }) => direction === "outbound" && callee === undefined),
  ];
}

function bareOf(mesh: Mesh, chains: readonly Chain[], service: string): readonly Chain[] {
  const own = chains.filter((chain) => chain.service === service);
  const callees = mesh.calls.filter(({ from }) => from === service).map(({ to }) => to);
  const isStore = (name: string): boolean => mesh.services.get(name)?.protocol === "tcp";
  const hasOutbound = own.some(({ direction, callee }) => direction === "outbound" && callee === undefined);
  const bare = { service, isBare: true, slots: [] } as const;
  return [
    ...(own.some(({ direction }) => direction === "inbound")
      ? []
      : [{ ...bare, direction: "inbound" as const }]),
    ...(hasOutbound || callees.every(isStore) ? [] : [{ ...bare, direction: "outbound" as const }]),
    ...callees
      .filter((callee) => isStore(callee) && !own.some((chain) => chain.callee === callee))
      .map((callee) => ({ ...bare, direction: "outbound" as const, callee })),
  ];
}
