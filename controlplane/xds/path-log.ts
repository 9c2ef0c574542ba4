import { create } from "@bufbuild/protobuf";
import {
  type AccessLog,
  type AccessLogFilter,
  AccessLogFilterSchema,
  AccessLogSchema,
} from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { ApiVersion } from "./generated/envoy/config/core/v3/config_source_pb.ts";
import type { HeaderMatcher } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { AccessLogType } from "./generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { ExpressionFilterSchema } from "./generated/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.ts";
import { HttpGrpcAccessLogConfigSchema } from "./generated/envoy/extensions/access_loggers/grpc/v3/als_pb.ts";
import { StringMatcherSchema } from "./generated/envoy/type/matcher/v3/string_pb.ts";
import { probeSigns, type StateHeader } from "./probe.ts";
import { anyOf } from "./resource.ts";

/** The cluster of the control plane, which the bootstrap has. */
const controlPlaneCluster = "wire-xds";

/** What modules say of a path that they have lost: `POLICY CALLER;POLICY CALLER`. */
export const lostRecord = "wasm.wire.lost";

/**
 * Tells the control plane of two kinds of requests, and of no others: of the doctor's probes as they come, before any filter has changed their headers,
 * and where policies ask for paths, of those that have no state where one asks, when they are over.
 */
export function pathLog(
  direction: "inbound" | "outbound",
  header: StateHeader,
  { loses }: { readonly loses: boolean },
): AccessLog {
  const signs = probeSigns(header);
  const isProbe = allFilters(ofType(AccessLogType.DownstreamStart), anyFilter(...signs.map(hasSign)));
  const config = create(HttpGrpcAccessLogConfigSchema, {
    commonConfig: {
      logName: direction,
      transportApiVersion: ApiVersion.V3,
      grpcService: {
        targetSpecifier: { case: "envoyGrpc", value: { clusterName: controlPlaneCluster } },
      },
      filterStateObjectsToLog: [lostRecord],
    },
    additionalRequestHeadersToLog: signs.map((sign) => sign.header),
  });
  return create(AccessLogSchema, {
    name: "envoy.access_loggers.http_grpc",
    configType: { case: "typedConfig", value: anyOf(HttpGrpcAccessLogConfigSchema, config) },
    // To look at the state of filters takes a proxy more than all the rest, so that it is done where no state is in sight.
    filter: loses
      ? anyFilter(isProbe, allFilters(ofType(AccessLogType.DownstreamEnd), hadNoState(header), isLost()))
      : isProbe,
  });
}

/** The same log without what listeners say because of `pathLog` before a request has gone through. */
export function atEnd(log: AccessLog): AccessLog {
  return { ...log, filter: ofType(AccessLogType.DownstreamEnd) };
}

function anyFilter(...filters: readonly AccessLogFilter[]): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: "orFilter", value: { filters: [...filters] } },
  });
}

function allFilters(...filters: readonly AccessLogFilter[]): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: "andFilter", value: { filters: [...filters] } },
  });
}

function ofType(type: AccessLogType): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: "logTypeFilter", value: { types: [type] } },
  });
}

function hasSign({ header, how, text }: ReturnType<typeof probeSigns>[number]): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "headerFilter",
      value: {
        header: {
          name: header,
          headerMatchSpecifier: {
            case: "stringMatch",
            value: { matchPattern: { case: how, value: text } },
          },
        },
      },
    },
  });
}

/** A state that nobody can read is none that a service has dropped: it is counted by Envoy alone. An origin's proxy writes `-.0` where there was none. */
function hadNoState(header: StateHeader): AccessLogFilter {
  const { name, isList } = header;
  const sign = isList
    ? ({ header: name, how: "contains", text: "wire=-." } as const)
    : ({ header: name, how: "prefix", text: "-." } as const);
  return anyFilter(hasNoState(header), hasSign(sign));
}

function hasNoState({ name, isList }: StateHeader): AccessLogFilter {
  const match: HeaderMatcher["headerMatchSpecifier"] = isList
    ? {
        case: "stringMatch",
        value: create(StringMatcherSchema, { matchPattern: { case: "contains", value: "wire=" } }),
      }
    : { case: "presentMatch", value: true };
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "headerFilter",
      value: {
        header: {
          name,
          headerMatchSpecifier: match,
          invertMatch: true,
          // Else what is not there would not be looked at.
          treatMissingHeaderAsEmpty: isList,
        },
      },
    },
  });
}

function isLost(): AccessLogFilter {
  const expression = `"${lostRecord}" in filter_state`;
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "extensionFilter",
      value: {
        name: "lost",
        configType: {
          case: "typedConfig",
          value: anyOf(ExpressionFilterSchema, create(ExpressionFilterSchema, { expression })),
        },
      },
    },
  });
}
