import { type HostFunctions, status } from "../../abi/table.ts";
import { noBytes } from "../bytes.ts";
import type { HeaderMap } from "../header-map.ts";
import { readPairs, writePairs } from "../pairs.ts";
import type { Vm } from "../vm.ts";

/** Headers, trailers and metadata. */
export function headerImports(
  vm: Vm,
): Pick<
  HostFunctions,
  | "proxy_get_header_map_size"
  | "proxy_get_header_map_pairs"
  | "proxy_set_header_map_pairs"
  | "proxy_get_header_map_value"
  | "proxy_add_header_map_value"
  | "proxy_replace_header_map_value"
  | "proxy_remove_header_map_value"
> {
  const { guest } = vm;
  const changeable = (kind: number): HeaderMap | null => vm.context?.map(kind) ?? null;
  const readable = (kind: number): HeaderMap | null => {
    const received = vm.context?.root.received;
    switch (kind) {
      case 4:
        return received?.initialMetadata ?? null;
      case 5:
        return received?.trailingMetadata ?? null;
      case 6:
        return received?.headers ?? null;
      case 7:
        return received?.trailers ?? null;
      default:
        return vm.context?.readableMap(kind) ?? null;
    }
  };
  return {
    proxy_get_header_map_size(kind, size) {
      const map = changeable(kind);
      if (map === null) return status.badArgument;
      guest.store32(size, map.size);
      return status.ok;
    },
    // The only one that takes headers which are not at hand for none.
    proxy_get_header_map_pairs(kind, pairs, size) {
      if (kind > 7) return status.badArgument;
      const found = readable(kind)?.bytePairs ?? [];
      return guest.give(found.length === 0 ? noBytes : writePairs(found), pairs, size);
    },
    proxy_set_header_map_pairs(kind, pairs, size) {
      const map = changeable(kind);
      if (map === null) return status.badArgument;
      map.setAll(readPairs(guest.read(pairs, size)));
      return status.ok;
    },
    proxy_get_header_map_value(kind, name, nameSize, value, size) {
      const map = readable(kind);
      if (map === null) return kind <= 7 && vm.context?.isLogging ? status.notFound : status.badArgument;
      const found = map.get(guest.read(name, nameSize));
      return found === undefined ? status.notFound : guest.give(found, value, size);
    },
    proxy_add_header_map_value(kind, name, nameSize, value, size) {
      const map = changeable(kind);
      if (map === null) return status.badArgument;
      map.add(guest.read(name, nameSize), guest.read(value, size));
      return status.ok;
    },
    proxy_replace_header_map_value(kind, name, nameSize, value, size) {
      const map = changeable(kind);
      if (map === null) return status.badArgument;
      map.replace(guest.read(name, nameSize), guest.read(value, size));
      return status.ok;
    },
    proxy_remove_header_map_value(kind, name, nameSize) {
      const map = changeable(kind);
      if (map === null) return status.badArgument;
      map.remove(guest.read(name, nameSize));
      return status.ok;
    },
  };
}
