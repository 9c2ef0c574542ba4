import type { Row } from "./side-by-side.ts";

/** A row with the module in this file, in a VM of its own. */
export function wasm(name: string, filename: string, configuration?: string): Row {
  const vm = { vm_id: name, runtime: "envoy.wasm.runtime.v8", code: { local: { filename } } };
  const value = { "@type": "type.googleapis.com/google.protobuf.StringValue", value: configuration };
  const config = {
    name,
    root_id: name,
    vm_config: vm,
    ...(configuration === undefined ? {} : { configuration: value }),
  };
  const type = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
  return { name, filter: { name: "wasm", typed_config: { "@type": type, config } } };
}
