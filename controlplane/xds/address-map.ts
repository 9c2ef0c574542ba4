import type { Mesh } from "../mesh/mesh.ts";
import type { Address, AddressPlan } from "./address-plan.ts";
import type { LaidChain } from "./laid-chain.ts";
import { inboundListeners, outboundListener, storeListener } from "./snapshot.ts";

/** Where a caller reaches a callee: the callee (or its proxy's inbound listener), or the outbound listener of its own proxy. */
export interface Target {
  readonly via: "direct" | "proxy";
  readonly address: string;
  readonly port: number;
}

/** Caller → callee → where; several targets are taken in turn. Requests from outside have the caller `outside`. */
export type AddressMap = Readonly<Record<string, Readonly<Record<string, readonly Target[]>>>>;

export const outside = "outside";

/** What every service has to know to call through the proxies that have something to do, and through no other. */
export function addressMap(mesh: Mesh, addresses: AddressPlan, reached: readonly LaidChain[]): AddressMap {
  const callers = Map.groupBy(callsOf(mesh), ({ from }) => from);
  return Object.fromEntries(
    [...callers].map(([from, calls]) => [
      from,
      Object.fromEntries(calls.map(({ to }) => [to, targetsOf(mesh, addresses, reached, from, to)])),
    ]),
  );
}

function callsOf(mesh: Mesh): readonly { readonly from: string; readonly to: string }[] {
  const entries = [...mesh.services.values()].filter((service) => service.entry);
  return [
    ...entries.map((service) => ({ from: outside, to: service.name })),
    ...mesh.calls.flatMap(({ from, to }) => (from === null ? [] : [{ from, to }])),
  ];
}

function targetsOf(
  mesh: Mesh,
  addresses: AddressPlan,
  reached: readonly LaidChain[],
  from: string,
  to: string,
): readonly Target[] {
  const world = { mesh, addresses };
  const isStore = mesh.services.get(to)?.protocol === "tcp";
  const own = (): Address | undefined =>
    isStore ? storeListener(world, reached, from, to) : outboundListener(world, reached, from);
  const out = from === outside ? undefined : own();
  if (out !== undefined) return [{ via: "proxy", address: out.address, port: out.port }];
  const listeners: readonly Address[] = inboundListeners(world, reached, to);
  const places = listeners.length > 0 ? listeners : addresses.instances(to);
  return places.map(({ address, port }) => ({ via: "direct", address, port }));
}
