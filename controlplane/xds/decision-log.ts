import { create } from "@bufbuild/protobuf";
import { request, standardOutput } from "./access-log.ts";
import {
  type AccessLog,
  type AccessLogFilter,
  AccessLogFilterSchema,
} from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { ExpressionFilterSchema } from "./generated/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.ts";
import { FractionalPercent_DenominatorType } from "./generated/envoy/type/v3/percent_pb.ts";
import { anyOf } from "./resource.ts";

/** What modules have recorded of a request, by the key in its line: `POLICY FILE:LINE ACTION; ...` each. */
const recorded = ["denied", "changed", "wouldDeny", "wouldChange"] as const;
const million = 1_000_000;

/** A line of JSON on Envoy's standard output for this share of the requests that policies have denied or changed, or would have. */
export function decisionLog(service: string, direction: "inbound" | "outbound", share: number): AccessLog {
  return {
    ...standardOutput({
      log: "decision",
      ...request(service, direction),
      callee: "%ROUTE_NAME%",
      ...Object.fromEntries(recorded.map((key) => [key, `%FILTER_STATE(wasm.wire.${key}:PLAIN)%`])),
    }),
    filter: both(sampled(share), isDecided()),
  };
}

function both(...filters: readonly AccessLogFilter[]): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: "andFilter", value: { filters: [...filters] } },
  });
}

/** Drawn, and not by the id of the request: callers choose that, and could choose one that is never logged. */
function sampled(share: number): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "runtimeFilter",
      value: {
        runtimeKey: "wire.decision_log",
        percentSampled: {
          numerator: Math.max(1, Math.round(share * million)),
          denominator: FractionalPercent_DenominatorType.MILLION,
        },
        useIndependentRandomness: true,
      },
    },
  });
}

function isDecided(): AccessLogFilter {
  const expression = recorded.map((key) => `"wasm.wire.${key}" in filter_state`).join(" || ");
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "extensionFilter",
      value: {
        name: "decided",
        configType: {
          case: "typedConfig",
          value: anyOf(ExpressionFilterSchema, create(ExpressionFilterSchema, { expression })),
        },
      },
    },
  });
}
