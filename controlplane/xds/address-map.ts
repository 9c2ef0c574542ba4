import type { Mesh } from "../mesh/mesh.ts";
import type { Address } from "./address-plan.ts";
import { inboundListeners, type SnapshotInput, slotsOf } from "./snapshot.ts";

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
export function addressMap(input: SnapshotInput): AddressMap {
  const map: Record<string, Record<string, readonly Target[]>> = {};
  for (const { from, to } of callsOf(input.mesh)) {
    const targets = map[from] ?? {};
    map[from] = targets;
    targets[to] = targetsOf(input, from, to);
  }
  return map;
}

function callsOf(mesh: Mesh): readonly { readonly from: string; readonly to: string }[] {
  const entries = [...mesh.services.values()].filter((service) => service.entry);
  return [
    ...entries.map((service) => ({ from: outside, to: service.name })),
    ...mesh.calls.flatMap(({ from, to }) => (from === null ? [] : [{ from, to }])),
  ];
}

function targetsOf(input: SnapshotInput, from: string, to: string): readonly Target[] {
  const isStore = input.mesh.services.get(to)?.protocol === "tcp";
  if (from !== outside && !isStore && slotsOf(input.reached, from, "outbound").length > 0) {
    const { address, outboundPort } = input.addresses.proxy(from);
    return [{ via: "proxy", address, port: outboundPort }];
  }
  const listeners: readonly Address[] = inboundListeners(input, to);
  const places = listeners.length > 0 ? listeners : input.addresses.instances(to);
  return places.map(({ address, port }) => ({ via: "direct", address, port }));
}
