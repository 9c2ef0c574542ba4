import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Slot } from "../codegen/module.ts";
import type { Address } from "./address-plan.ts";
import { socketAddress } from "./cluster.ts";
import { ads } from "./config-source.ts";
import { httpFilter } from "./extension.ts";
import { TrafficDirection } from "./generated/envoy/config/core/v3/base_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { RouterSchema } from "./generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import {
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { anyOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

/** A filter names the version it picked in this header; the routes that carry it out read it. Reserved: no one else may set it. */
export const versionHeader = "x-wire-version";

export interface ListenerOptions {
  /** Also the name of its routes. */
  readonly name: string;
  readonly address: Address;
  readonly direction: "inbound" | "outbound";
  readonly slots: readonly Slot[];
}

/** A listener whose filters are the slots in order, each switched on by the routes. */
export function listener(options: ListenerOptions): Resource {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: options.direction,
    codecType: HttpConnectionManager_CodecType.AUTO,
    routeSpecifier: { case: "rds", value: { configSource: ads(), routeConfigName: options.name } },
    httpFilters: [
      ...options.slots.map(httpFilter),
      {
        name: "envoy.filters.http.router",
        configType: {
          case: "typedConfig",
          value: anyOf(RouterSchema, create(RouterSchema, { suppressEnvoyHeaders: true })),
        },
      },
    ],
    // Before any route is chosen: a filter that removed the header would come after the first choice.
    earlyHeaderMutationExtensions: [
      {
        name: "strip-reserved-headers",
        typedConfig: anyOf(
          HeaderMutationSchema,
          create(HeaderMutationSchema, { mutations: [{ action: { case: "remove", value: versionHeader } }] }),
        ),
      },
    ],
    // The peer's address says who calls, so it must be the connection's and never what X-Forwarded-For claims.
    useRemoteAddress: true,
    // What passes is otherwise left as it is.
    skipXffAppend: true,
    generateRequestId: false,
    preserveExternalRequestId: true,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    streamIdleTimeout: create(DurationSchema, { seconds: 300n }),
  });
  const message = create(ListenerSchema, {
    name: options.name,
    address: socketAddress(options.address),
    trafficDirection: options.direction === "inbound" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    filterChains: [
      {
        name: options.direction,
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            configType: { case: "typedConfig", value: anyOf(HttpConnectionManagerSchema, manager) },
          },
        ],
      },
    ],
  });
  return resource(options.name, typeUrl.listener, ListenerSchema, message);
}
