import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { accessLog } from "./access-log.ts";
import type { Address } from "./address-plan.ts";
import { socketAddress } from "./cluster.ts";
import { ads } from "./config-source.ts";
import { controlHeaders, strippedHeaders } from "./control-headers.ts";
import { decisionLog } from "./decision-log.ts";
import { httpFilter } from "./extension.ts";
import { type CidrRange, CidrRangeSchema } from "./generated/envoy/config/core/v3/address_pb.ts";
import { TrafficDirection } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  type FilterChain,
  FilterChainSchema,
} from "./generated/envoy/config/listener/v3/listener_components_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import {
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManager_UpgradeConfigSchema,
  HttpConnectionManagerSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import type { Place } from "./laid-chain.ts";
import { localReplies } from "./local-replies.ts";
import type { Machinery } from "./machinery.ts";
import { filtersAfter, filtersBefore } from "./native-filters.ts";
import { atEnd, pathLog } from "./path-log.ts";
import { anyOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

export interface ListenerOptions {
  /** Also the name of its routes. */
  readonly name: string;
  readonly address: Address;
  readonly direction: "inbound" | "outbound";
  readonly service: string;
  readonly places: readonly Place[];
  readonly machinery: Machinery;
  /** The proxies whose hash keys count: they have stripped what others sent, and only a policy has set what they send. */
  readonly hashing?: readonly string[];
}

/** A listener whose filters are the places in order, each switched on by the routes. */
export function listener(options: ListenerOptions): Resource {
  const { hashing = [] } = options;
  const message = create(ListenerSchema, {
    name: options.name,
    address: socketAddress(options.address),
    trafficDirection: options.direction === "inbound" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    filterChains: [
      filterChain(options, { name: options.direction, stripped: strippedHeaders }),
      ...(hashing.length === 0
        ? []
        : [
            filterChain(options, {
              name: `${options.direction} from proxies that hash`,
              stripped: strippedHeaders.filter((name) => name !== controlHeaders.hash),
              from: hashing,
            }),
          ]),
    ],
  });
  return resource(options.name, typeUrl.listener, ListenerSchema, message);
}

/** `from`: only for connections from these addresses. */
function filterChain(
  options: ListenerOptions,
  {
    name,
    stripped,
    from = [],
  }: { readonly name: string; readonly stripped: readonly string[]; readonly from?: readonly string[] },
): FilterChain {
  const { service, direction, machinery } = options;
  const localReplyConfig = localReplies(machinery);
  const { tags, decisions, states } = machinery;
  const tagged = tags === undefined ? undefined : accessLog(service, direction, tags);
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: options.direction,
    codecType: HttpConnectionManager_CodecType.AUTO,
    routeSpecifier: { case: "rds", value: { configSource: ads(), routeConfigName: options.name } },
    httpFilters: [...filtersBefore(machinery), ...options.places.map(httpFilter), ...filtersAfter(machinery)],
    accessLog: [
      ...(tagged === undefined ? [] : [states === undefined ? tagged : atEnd(tagged)]),
      // When a request comes nothing has been decided about it.
      ...(decisions === undefined ? [] : [decisionLog(service, direction, decisions)]),
      ...(states === undefined ? [] : [pathLog(direction, states, machinery)]),
    ],
    ...(states === undefined ? {} : { accessLogOptions: { flushAccessLogOnNewRequest: true } }),
    // Before any route is chosen: a filter that removed the header would come after the first choice.
    earlyHeaderMutationExtensions: [
      {
        name: "strip-reserved-headers",
        typedConfig: anyOf(
          HeaderMutationSchema,
          create(HeaderMutationSchema, {
            mutations: stripped.map((value) => ({ action: { case: "remove" as const, value } })),
          }),
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
    upgradeConfigs: [create(HttpConnectionManager_UpgradeConfigSchema, { upgradeType: "websocket" })],
    streamIdleTimeout: create(DurationSchema, { seconds: 300n }),
    ...(localReplyConfig === undefined ? {} : { localReplyConfig }),
  });
  return create(FilterChainSchema, {
    name,
    ...(from.length === 0
      ? {}
      : {
          filterChainMatch: { sourcePrefixRanges: from.map((addressPrefix) => wholeAddress(addressPrefix)) },
        }),
    filters: [
      {
        name: "envoy.filters.network.http_connection_manager",
        configType: { case: "typedConfig", value: anyOf(HttpConnectionManagerSchema, manager) },
      },
    ],
  });
}

function wholeAddress(addressPrefix: string): CidrRange {
  return create(CidrRangeSchema, {
    addressPrefix,
    prefixLen: addressPrefix.includes(":") ? 128 : 32,
  });
}
