import { deflateSync, inflateSync } from "node:zlib";
import { status } from "../abi/table.ts";
import { textOf } from "./bytes.ts";
import { bytesField, readMessage } from "./protobuf.ts";
import type { Vm } from "./vm.ts";

/** A foreign function of the test's: bytes in, bytes or a status out. */
export type Foreign = (argument: Uint8Array) => Uint8Array | number;

/** The foreign functions of Envoy's that are here; the others are not found. */
export function callForeign(vm: Vm, name: string, argument: Uint8Array): Uint8Array | number {
  const own = vm.parts.foreign[name];
  if (own !== undefined) return own(argument);
  switch (name) {
    case "clear_route_cache":
      return status.ok;
    case "compress":
      return deflateSync(argument);
    case "uncompress":
      try {
        return inflateSync(argument);
      } catch {
        return status.serialization;
      }
    case "declare_property": {
      const fields = readMessage(argument);
      const root = vm.context?.root;
      if (fields === undefined || root === undefined) return status.badArgument;
      const declared = textOf(bytesField(fields, 1));
      if (root.declared.has(declared)) return status.badArgument;
      root.declared.add(declared);
      return status.ok;
    }
    case "set_envoy_filter_state": {
      const fields = readMessage(argument);
      if (fields === undefined) return status.badArgument;
      const [path, value] = [textOf(bytesField(fields, 1)), bytesField(fields, 2)];
      return vm.context?.setFilterState(path, value) ?? status.notFound;
    }
    default:
      return status.notFound;
  }
}
