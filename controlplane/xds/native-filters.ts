import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { TokenProvider } from "../mesh/mesh.ts";
import { controlHeaders } from "./control-headers.ts";
import { HTTPFaultSchema } from "./generated/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import {
  JwtAuthenticationSchema,
  JwtProviderSchema,
} from "./generated/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { RouterSchema } from "./generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { UpstreamCodecSchema } from "./generated/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.ts";
import {
  type HttpFilter,
  HttpFilterSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { FractionalPercent_DenominatorType } from "./generated/envoy/type/v3/percent_pb.ts";
import type { Machinery } from "./machinery.ts";
import { anyOf, mapOf } from "./resource.ts";

/** Envoy's own filters that run before those of the policies: they find out what these ask for. */
export function filtersBefore({ providers }: Machinery): readonly HttpFilter[] {
  return providers === undefined ? [] : [tokens(providers)];
}

/** Envoy's own filters that run after those of the policies: they carry out what was decided. The last is the router. */
export function filtersAfter({ delays }: Machinery): readonly HttpFilter[] {
  return [...(delays ? [fault()] : []), router()];
}

/** Verifies the tokens that are there. A request without a good one goes on, without claims: the policies decide about it. */
function tokens(providers: ReadonlyMap<string, TokenProvider>): HttpFilter {
  const config = create(JwtAuthenticationSchema, {
    providers: mapOf(
      [...providers].map(([name, { issuer, audiences, jwks }]) => [
        name,
        create(JwtProviderSchema, {
          issuer,
          audiences: [...audiences],
          jwksSourceSpecifier: {
            case: "localJwks",
            value: { specifier: { case: "inlineString", value: jwks } },
          },
          // What passes is left as it is: the service may look at the token too.
          forward: true,
          // As the text that was signed: of the metadata a filter gets no value that is not a string. What comes in under this name is
          // stripped.
          forwardPayloadHeader: controlHeaders.claims,
        }),
      ]),
    ),
    rules: [
      {
        match: { pathSpecifier: { case: "prefix", value: "/" } },
        requirementType: {
          case: "requires",
          value: { requiresType: { case: "allowMissingOrFailed", value: create(EmptySchema) } },
        },
      },
    ],
  });
  return filter("envoy.filters.http.jwt_authn", anyOf(JwtAuthenticationSchema, config));
}

/**
 * Envoy's own filters behind the router, in a cluster: they take away what the router itself looks at when the routes have already taken
 * away what they were to.
 */
export function filtersOfCluster(removed: readonly string[]): readonly HttpFilter[] {
  if (removed.length === 0) return [];
  const config = create(HeaderMutationSchema, {
    mutations: { requestMutations: removed.map((value) => ({ action: { case: "remove" as const, value } })) },
  });
  return [
    filter("envoy.filters.http.header_mutation", anyOf(HeaderMutationSchema, config)),
    filter("envoy.filters.http.upstream_codec", anyOf(UpstreamCodecSchema, create(UpstreamCodecSchema))),
  ];
}

/** Does what the headers say and nothing else; whether it is this request's turn was decided before. */
function fault(): HttpFilter {
  const percentage = { numerator: 100, denominator: FractionalPercent_DenominatorType.HUNDRED };
  const config = create(HTTPFaultSchema, {
    delay: { faultDelaySecifier: { case: "headerDelay", value: {} }, percentage },
    abort: { errorType: { case: "headerAbort", value: {} }, percentage },
    // One stat for each caller's name otherwise, which is a header that anybody may send.
    disableDownstreamClusterStats: true,
  });
  return filter("envoy.filters.http.fault", anyOf(HTTPFaultSchema, config));
}

function router(): HttpFilter {
  return filter(
    "envoy.filters.http.router",
    anyOf(RouterSchema, create(RouterSchema, { suppressEnvoyHeaders: true })),
  );
}

function filter(name: string, value: ReturnType<typeof anyOf>): HttpFilter {
  return create(HttpFilterSchema, { name, configType: { case: "typedConfig", value } });
}
