import { create } from "@bufbuild/protobuf";
import { type Any, DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Slot } from "../codegen/module.ts";
import type { Address } from "./address-plan.ts";
import { socketAddress } from "./cluster.ts";
import { ads } from "./config-source.ts";
import { plugin } from "./extension.ts";
import { TrafficDirection } from "./generated/envoy/config/core/v3/base_pb.ts";
import { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { type Filter, FilterSchema } from "./generated/envoy/config/listener/v3/listener_components_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { RBACSchema } from "./generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts";
import { TcpProxySchema } from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { WasmSchema } from "./generated/envoy/extensions/filters/network/wasm/v3/wasm_pb.ts";
import { anyOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

export interface TcpListenerOptions {
  readonly name: string;
  readonly address: Address;
  readonly direction: "inbound" | "outbound";
  readonly slots: readonly Slot[];
  /** The one cluster that all connections go to. */
  readonly cluster: string;
}

/** A listener whose connections pass the slots in order and go on to one cluster: a connection says nothing of whom it is for. */
export function tcpListener(options: TcpListenerOptions): Resource {
  const proxy = create(TcpProxySchema, {
    statPrefix: options.direction,
    clusterSpecifier: { case: "cluster", value: options.cluster },
    // Without one Envoy closes connections that are silent for an hour, which no policy asked for.
    idleTimeout: create(DurationSchema, { seconds: 0n }),
  });
  const message = create(ListenerSchema, {
    name: options.name,
    address: socketAddress(options.address),
    trafficDirection: options.direction === "inbound" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    filterChains: [
      {
        name: options.direction,
        filters: [
          ...options.slots.map(networkFilter),
          {
            name: "envoy.filters.network.tcp_proxy",
            configType: { case: "typedConfig", value: anyOf(TcpProxySchema, proxy) },
          },
        ],
      },
    ],
  });
  return resource(options.name, typeUrl.listener, ListenerSchema, message);
}

/** A slot's module as the ECDS resource that its network filter asks for. */
export function networkExtension(slot: Slot): Resource {
  const wasm = create(WasmSchema, { config: plugin(slot) });
  const message = create(TypedExtensionConfigSchema, {
    name: slot.name,
    typedConfig: anyOf(WasmSchema, wasm),
  });
  return resource(slot.name, typeUrl.extension, TypedExtensionConfigSchema, message);
}

/** The place of a slot in a chain, safe before its module is there. */
function networkFilter(slot: Slot): Filter {
  return create(FilterSchema, {
    name: slot.name,
    configType: {
      case: "configDiscovery",
      value: {
        configSource: ads(),
        defaultConfig: whileAbsent(slot.module.failure),
        applyDefaultConfigWithoutWarming: true,
        typeUrls: [WasmSchema, RBACSchema].map((schema) => `type.googleapis.com/${schema.typeName}`),
      },
    },
  });
}

/** Rules without a policy admit nothing; an RBAC filter without rules does nothing. */
function whileAbsent(failure: "closed" | "open"): Any {
  const rules = failure === "closed" ? { rules: {} } : {};
  return anyOf(RBACSchema, create(RBACSchema, { statPrefix: "wire", ...rules }));
}
