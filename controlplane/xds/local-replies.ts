import { create } from "@bufbuild/protobuf";
import {
  AccessLogFilterSchema,
  ResponseFlagFilterSchema,
} from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { DataSourceSchema } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  type LocalReplyConfig,
  LocalReplyConfigSchema,
  ResponseMapperSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { Machinery } from "./machinery.ts";

/**
 * What Envoy's own answers say. The fault filter ends only what it has held back for longer than its timeout: that is answered as the router
 * answers it, where another proxy holds it back.
 */
export function localReplies({ delays }: Machinery): LocalReplyConfig | undefined {
  if (!delays) return undefined;
  return create(LocalReplyConfigSchema, {
    mappers: [
      create(ResponseMapperSchema, {
        filter: create(AccessLogFilterSchema, {
          filterSpecifier: {
            case: "responseFlagFilter",
            value: create(ResponseFlagFilterSchema, { flags: ["FI"] }),
          },
        }),
        body: create(DataSourceSchema, {
          specifier: { case: "inlineString", value: "upstream request timeout" },
        }),
      }),
    ],
  });
}
