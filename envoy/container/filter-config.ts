/** A filter to put in front of an application that answers with the headers it got. */
export interface Filter {
  readonly wasm: Uint8Array;
  /** What the filter gets in `on_configure`. Defaults to nothing. */
  readonly configuration?: string;
}

export const listenerPort = 10_000;
export const adminPort = 9_901;

/** An Envoy with this filter on one listener; the module lies at `wasmPath`. Without a filter, the application alone. */
export function filterConfig(
  filter: { readonly wasmPath: string; readonly configuration?: string } | undefined,
): Readonly<Record<string, unknown>> {
  return {
    admin: { address: everywhere(adminPort) },
    static_resources: {
      listeners: [
        {
          name: "filter",
          address: everywhere(listenerPort),
          filter_chains: [{ filters: [{ name: "http", typed_config: connectionManager(filter) }] }],
        },
      ],
    },
  };
}

function connectionManager(
  filter: { readonly wasmPath: string; readonly configuration?: string } | undefined,
): Readonly<Record<string, unknown>> {
  return {
    "@type": `${extensions}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "filter",
    codec_type: "AUTO",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
        },
      ],
    },
    http_filters: [
      ...(filter === undefined ? [] : [{ name: "wasm", typed_config: wasmFilter(filter) }]),
      {
        name: "application",
        typed_config: {
          "@type": `${extensions}.http.lua.v3.Lua`,
          default_source_code: { inline_string: application },
        },
      },
      { name: "router", typed_config: { "@type": `${extensions}.http.router.v3.Router` } },
    ],
  };
}

function wasmFilter(filter: {
  readonly wasmPath: string;
  readonly configuration?: string;
}): Readonly<Record<string, unknown>> {
  return {
    "@type": `${extensions}.http.wasm.v3.Wasm`,
    config: {
      name: "filter",
      failure_policy: "FAIL_CLOSED",
      vm_config: {
        vm_id: "filter",
        runtime: "envoy.wasm.runtime.v8",
        code: { local: { filename: filter.wasmPath } },
      },
      configuration: {
        "@type": "type.googleapis.com/google.protobuf.StringValue",
        value: filter.configuration ?? "",
      },
    },
  };
}

const extensions = "type.googleapis.com/envoy.extensions.filters";

function everywhere(port: number): Readonly<Record<string, unknown>> {
  return { socket_address: { address: "0.0.0.0", port_value: port } };
}

/** The headers as a JSON list of pairs, because a name may come more than once. */
const application = `
local function quote(text)
  return '"' .. text:gsub('[%c"\\\\]', function(c) return string.format("\\\\u%04x", c:byte()) end) .. '"'
end
function envoy_on_request(handle)
  local pairs_seen = {}
  for name, value in pairs(handle:headers()) do
    table.insert(pairs_seen, "[" .. quote(name) .. "," .. quote(value) .. "]")
  end
  handle:respond({[":status"] = "200", ["content-type"] = "application/json"},
    '{"headers":[' .. table.concat(pairs_seen, ",") .. "]}")
end
`;
