import { create } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type Any, DurationSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Module, Slot } from "../codegen/module.ts";
import { ads } from "./config-source.ts";
import { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { RBACSchema } from "./generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import { WasmSchema } from "./generated/envoy/extensions/filters/http/wasm/v3/wasm_pb.ts";
import {
  type HttpFilter,
  HttpFilterSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import {
  FailurePolicy,
  type PluginConfig,
  PluginConfigSchema,
} from "./generated/envoy/extensions/wasm/v3/wasm_pb.ts";
import type { LaidSlot, Place } from "./laid-chain.ts";
import { anyOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

/** A slot's module as the ECDS resource that its filter asks for, the Wasm bytes inline. */
export function extension(slot: LaidSlot): Resource {
  const config = plugin(slot);
  if (slot.module.exports.some((name) => /^proxy_on_(request|response)_body$/.test(name)))
    holdHeaders(config);
  const wasm = create(WasmSchema, { config });
  return extensionNamed(slot.place, anyOf(WasmSchema, wasm));
}

/** What a place runs that no slot takes: nothing. */
export function spareExtension(place: string): Resource {
  return extensionNamed(place, anyOf(RBACSchema, create(RBACSchema)));
}

function extensionNamed(name: string, typedConfig: Any): Resource {
  const message = create(TypedExtensionConfigSchema, { name, typedConfig });
  return resource(name, typeUrl.extension, TypedExtensionConfigSchema, message);
}

/**
 * `allow_on_headers_stop_iteration`, which the published protos do not have yet: without it no body comes while a module holds the headers
 * back, and the request never ends.
 */
function holdHeaders(config: PluginConfig): void {
  // A `BoolValue` that is true, with its length before it.
  config.$unknown = [{ no: 9, wireType: WireType.LengthDelimited, data: Uint8Array.of(2, 8, 1) }];
}

/**
 * How long a VM that has failed stays, in milliseconds; never replaced where undefined. Access control keeps refusing until a fresh one is
 * there: without the reload one trap would refuse for ever. And filter code may trap whatever it is for: when it failed open it
 * would not be enforced any longer, without anybody being told.
 */
export function reloadBackoffMs({ failure, isFilterCode = false }: Module): number | undefined {
  if (isFilterCode) return 100;
  return failure === "closed" ? 200 : undefined;
}

/** A slot's module and how it runs, the same in every kind of filter. */
export function plugin(slot: Slot): PluginConfig {
  const backoff = reloadBackoffMs(slot.module);
  return create(PluginConfigSchema, {
    name: slot.name,
    rootId: slot.name,
    failurePolicy: backoff === undefined ? FailurePolicy.FAIL_OPEN : FailurePolicy.FAIL_RELOAD,
    ...(backoff === undefined
      ? {}
      : {
          reloadConfig: {
            backoff: { baseInterval: create(DurationSchema, { nanos: backoff * 1_000_000 }) },
          },
        }),
    vm: {
      case: "vmConfig",
      value: {
        vmId: slot.vmId,
        runtime: "envoy.wasm.runtime.v8",
        code: {
          specifier: {
            case: "local",
            value: { specifier: { case: "inlineBytes", value: slot.module.bytes } },
          },
        },
      },
    },
    configuration: anyOf(StringValueSchema, create(StringValueSchema, { value: slot.configuration })),
  });
}

/** A place in a chain: switched off until a route switches it on, and safe before its module is there. */
export function httpFilter({ name, failure }: Place): HttpFilter {
  return create(HttpFilterSchema, {
    name,
    disabled: true,
    configType: {
      case: "configDiscovery",
      value: {
        configSource: ads(),
        defaultConfig: whileAbsent(failure),
        applyDefaultConfigWithoutWarming: true,
        typeUrls: [WasmSchema, RBACSchema].map((schema) => `type.googleapis.com/${schema.typeName}`),
      },
    },
  });
}

/** Rules without a policy admit nothing; an RBAC filter without rules does nothing. */
function whileAbsent(failure: "closed" | "open"): Any {
  return anyOf(RBACSchema, create(RBACSchema, failure === "closed" ? { rules: {} } : {}));
}
