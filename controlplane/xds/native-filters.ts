import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { TokenProvider } from "../mesh/mesh.ts";
import { controlHeaders } from "./control-headers.ts";
import { HeaderValueOption_HeaderAppendAction } from "./generated/envoy/config/core/v3/base_pb.ts";
import { HTTPFaultSchema } from "./generated/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import {
  JwtAuthenticationSchema,
  JwtProviderSchema,
} from "./generated/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { RouterSchema } from "./generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
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
export function filtersAfter({ hosts, faults }: Machinery): readonly HttpFilter[] {
  return [...(hosts ? [host()] : []), ...(faults ? [fault()] : []), router()];
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
          // As text, because the metadata have numbers as doubles only. What comes in under this name is stripped.
          forwardPayloadHeader: controlHeaders.claims,
          payloadInMetadata: "jwt_payload",
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

/** The route stays the one that was chosen by the host that the client named: nothing chooses anew after this. */
function host(): HttpFilter {
  const config = create(HeaderMutationSchema, {
    mutations: {
      requestMutations: [
        {
          action: {
            case: "append",
            value: {
              // Without the header the value is empty, and nothing happens.
              header: { key: ":authority", value: `%REQ(${controlHeaders.host})%` },
              appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
            },
          },
        },
        { action: { case: "remove", value: controlHeaders.host } },
      ],
    },
  });
  return filter("envoy.filters.http.header_mutation", anyOf(HeaderMutationSchema, config));
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
