import { bytesOf } from "./bytes.ts";
import { type Context, plainContext } from "./context.ts";
import type { HeaderMap } from "./header-map.ts";
import type { LogLine } from "./log-line.ts";
import type { PluginSetting } from "./plugin.ts";
import { givenProperty, serializeProperty } from "./properties.ts";
import type { HostParts } from "./vm.ts";

/** What has come in for a callout, at hand in the callback that tells of it. */
export interface Received {
  readonly initialMetadata?: HeaderMap;
  readonly trailingMetadata?: HeaderMap;
  readonly message?: Uint8Array;
  readonly headers?: HeaderMap;
  readonly body?: Uint8Array;
  readonly trailers?: HeaderMap | null;
}

/** The context of a plugin's configuration in one VM; its callouts and timers are in its name. */
export interface Root extends Context {
  readonly plugin: PluginSetting;
  /** Properties that the filter has declared, which it can once each. */
  readonly declared: Set<string>;
  /** How many requests and connections there are of it. */
  users: number;
  /** Shown while it is being configured. */
  configuration: string | null;
  received: Received;
  /** Of `proxy_get_status`. */
  status: { readonly code: number; readonly message: string };
}

/** What an Envoy knows of itself, whoever is at work. */
const OF_NODE = "xds\0node\0";

export function createRoot(
  id: number,
  plugin: PluginSetting,
  { logs, vmId, properties }: { readonly logs: LogLine[] } & Pick<HostParts, "vmId" | "properties">,
): Root {
  const root: Root = {
    ...plainContext,
    id,
    get root() {
      return root;
    },
    plugin,
    declared: new Set(),
    users: 0,
    logs,
    calls: [],
    configuration: null,
    received: {},
    status: { code: 0, message: "" },
    property(key) {
      const told = key.startsWith(OF_NODE) ? givenProperty(properties, key) : undefined;
      return told === undefined ? pluginProperty(key, plugin, vmId) : serializeProperty(told);
    },
  };
  return root;
}

/** What any context of a plugin knows. */
export function pluginProperty(path: string, plugin: PluginSetting, vmId: string): Uint8Array | undefined {
  switch (path) {
    case "plugin_name":
      return bytesOf(plugin.pluginName);
    case "plugin_root_id":
      return bytesOf(plugin.rootId);
    case "plugin_vm_id":
      return bytesOf(vmId);
    default:
      return undefined;
  }
}
