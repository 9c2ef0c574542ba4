import { type HostFunctions, status } from "../../abi/table.ts";
import { noBytes, textOf } from "../bytes.ts";
import { pluginProperty } from "../root.ts";
import type { Vm } from "../vm.ts";

/** What has parts and cannot be read as a whole. */
const wholes: ReadonlySet<string> = new Set([
  "request",
  "response",
  "connection",
  "upstream",
  "source",
  "destination",
  "xds",
  "filter_state",
]);

export function propertyImports(vm: Vm): Pick<HostFunctions, "proxy_get_property" | "proxy_set_property"> {
  const { guest, parts } = vm;
  return {
    proxy_get_property(path, pathSize, value, size) {
      const bytes = guest.read(path, pathSize);
      const name = textOf(bytes).replace(/\0$/, "");
      const { context } = vm;
      // No path is the value of nothing, which has no bytes.
      if (bytes.length === 0 || wholes.has(name)) return status.serialization;
      const found =
        context?.property(name) ??
        (context === null ? undefined : pluginProperty(name, context.root.plugin, parts.vmId));
      return found === undefined ? status.notFound : guest.give(found, value, size);
    },
    proxy_set_property(path, pathSize, value, size) {
      const name = textOf(guest.read(path, pathSize));
      return vm.context?.setProperty(name, size === 0 ? noBytes : guest.read(value, size)) ?? status.notFound;
    },
  };
}
