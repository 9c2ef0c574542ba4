import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "./generated/envoy/config/core/v3/config_source_pb.ts";

/** Everything comes over the one aggregated stream, and nothing starts without what it asked for. */
export function ads(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: "ads", value: {} },
    resourceApiVersion: ApiVersion.V3,
    // Zero waits for ever: a proxy that gave up waiting would serve requests that nothing enforces.
    initialFetchTimeout: create(DurationSchema, { seconds: 0n }),
  });
}
