import { create } from "@bufbuild/protobuf";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  FilterConfigSchema,
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "./generated/envoy/config/route/v3/route_pb.ts";
import { versionHeader } from "./listener.ts";
import { anyOf, mapOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

/** Requests to one service: its names, the filters that run for it, and the clusters that take it. */
export interface Destination {
  readonly service: string;
  readonly domains: readonly string[];
  /** Names of the slots that are switched on. */
  readonly filters: readonly string[];
  /** In order. A target with `when` takes requests whose filter picked that version; the last one takes the rest. */
  readonly targets: readonly { readonly name: string; readonly cluster: string; readonly when?: string }[];
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
    routes: destination.targets.map(route),
    // After the choice is made; the service behind must not see it. The other is Envoy's own, for peers not in a private range.
    requestHeadersToRemove: [versionHeader, "x-envoy-external-address"],
    typedPerFilterConfig: mapOf(
      destination.filters.map((filter) => [
        filter,
        // An empty Any inside is what switches a filter on; `FilterConfig{}` alone is rejected.
        anyOf(FilterConfigSchema, create(FilterConfigSchema, { config: create(AnySchema) })),
      ]),
    ),
  });
}

function route(target: Destination["targets"][number]): Route {
  return create(RouteSchema, {
    name: target.name,
    match: {
      pathSpecifier: { case: "prefix", value: "/" },
      headers:
        target.when === undefined
          ? []
          : [
              {
                name: versionHeader,
                headerMatchSpecifier: {
                  case: "stringMatch",
                  value: { matchPattern: { case: "exact", value: target.when } },
                },
              },
            ],
    },
    action: {
      case: "route",
      value: {
        clusterSpecifier: { case: "cluster", value: target.cluster },
        // Without one Envoy cuts requests after 15 s, which no policy asked for.
        timeout: create(DurationSchema, { seconds: 0n }),
      },
    },
  });
}
