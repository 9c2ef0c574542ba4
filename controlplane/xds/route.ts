import { create } from "@bufbuild/protobuf";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { controlHeaders } from "./control-headers.ts";
import {
  FilterConfigSchema,
  type HeaderMatcher,
  HeaderMatcherSchema,
  RetryPolicy_RetryHostPredicateSchema,
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "./generated/envoy/config/route/v3/route_pb.ts";
import { PreviousHostsPredicateSchema } from "./generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import type { Machinery } from "./machinery.ts";
import { anyOf, mapOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

/** Requests to one service: its names, the filters that run for it, and the clusters that take it. */
export interface Destination {
  readonly service: string;
  readonly domains: readonly string[];
  /** Names of the slots that are switched on. */
  readonly filters: readonly string[];
  /** In order. The last one takes the rest. */
  readonly targets: readonly RouteTarget[];
  readonly machinery: Pick<Machinery, "hashes" | "hosts" | "retries">;
  /** Control headers that are not read by anybody behind the routes. */
  readonly left: readonly string[];
}

export interface RouteTarget {
  readonly name: string;
  readonly cluster: string;
  /** Takes requests whose filter picked this version. */
  readonly when?: string;
  /** Takes requests of which a filter wants a copy to go to this version as well, by this cluster. */
  readonly mirror?: { readonly version: string; readonly cluster: string };
}

/** The routes of one listener; a request for an unknown host is answered 404. */
export function routes(name: string, destinations: readonly Destination[]): Resource {
  const message = create(RouteConfigurationSchema, {
    name,
    virtualHosts: destinations.map(virtualHost),
    // All clusters are known before the routes are sent (P21); a proxy that disagrees should say so.
    validateClusters: true,
  });
  return resource(name, typeUrl.route, RouteConfigurationSchema, message);
}

function virtualHost(destination: Destination): VirtualHost {
  return create(VirtualHostSchema, {
    name: destination.service,
    domains: [...destination.domains],
    routes: destination.targets.map((target) => route(target, destination.machinery)),
    // After the choice is made; the service behind must not see it. The other is Envoy's own, for peers not in a private range.
    requestHeadersToRemove: [controlHeaders.version, ...destination.left, "x-envoy-external-address"],
    typedPerFilterConfig: mapOf(
      destination.filters.map((filter) => [
        filter,
        // An empty Any inside is what switches a filter on; `FilterConfig{}` alone is rejected.
        anyOf(FilterConfigSchema, create(FilterConfigSchema, { config: create(AnySchema) })),
      ]),
    ),
  });
}

function route(
  { name, cluster, when, mirror }: RouteTarget,
  { hashes, hosts, retries }: Destination["machinery"],
): Route {
  return create(RouteSchema, {
    name,
    match: {
      pathSpecifier: { case: "prefix", value: "/" },
      headers: [
        ...(when === undefined ? [] : [isExactly(controlHeaders.version, when)]),
        ...(mirror === undefined ? [] : [isExactly(controlHeaders.mirror, mirror.version)]),
      ],
    },
    action: {
      case: "route",
      value: {
        clusterSpecifier: { case: "cluster", value: cluster },
        // Without one Envoy cuts requests after 15 s, which no policy asked for.
        timeout: create(DurationSchema, { seconds: 0n }),
        // How often and when is for the filter to say; this only says where: where it has not been tried, as long as there is a choice.
        ...(retries
          ? { retryPolicy: { retryHostPredicate: [elsewhere], hostSelectionRetryMaxAttempts } }
          : {}),
        ...(hosts
          ? { hostRewriteSpecifier: { case: "hostRewriteHeader" as const, value: controlHeaders.host } }
          : {}),
        // A cluster that a header names would be looked up after the header is gone, so each has a route of its own.
        requestMirrorPolicies:
          mirror === undefined ? [] : [{ cluster: mirror.cluster, disableShadowHostSuffixAppend: true }],
        hashPolicy: hashes
          ? [{ policySpecifier: { case: "header", value: { headerName: controlHeaders.hash } } }]
          : [],
      },
    },
  });
}

/**
 * How often Envoy draws again before it takes an instance that has been tried. Each draw is blind to the ones before: with half of the
 * instances tried, three of them miss one time in sixteen, 64 never. A draw takes a microsecond or less.
 */
const hostSelectionRetryMaxAttempts = 64n;

const elsewhere = create(RetryPolicy_RetryHostPredicateSchema, {
  name: "envoy.retry_host_predicates.previous_hosts",
  configType: {
    case: "typedConfig",
    value: anyOf(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
  },
});

function isExactly(name: string, exact: string): HeaderMatcher {
  return create(HeaderMatcherSchema, {
    name,
    headerMatchSpecifier: {
      case: "stringMatch",
      value: { matchPattern: { case: "exact", value: exact } },
    },
  });
}
