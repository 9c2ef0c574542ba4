import { type HostFunctions, status } from "../../abi/table.ts";
import { type Buffer, fixedBuffer } from "../buffer.ts";
import { bytesOf, noBytes } from "../bytes.ts";
import type { Vm } from "../vm.ts";

const KIND_MAX = 8;

/** Bodies, data of connections, messages and configurations. */
export function bufferImports(
  vm: Vm,
): Pick<HostFunctions, "proxy_get_buffer_bytes" | "proxy_set_buffer_bytes" | "proxy_get_buffer_status"> {
  const { guest, parts } = vm;
  const bufferOf = (kind: number): Buffer | null => {
    const root = vm.context?.root;
    switch (kind) {
      case 4:
        return root?.received.body === undefined ? null : fixedBuffer(root.received.body);
      case 5:
        return fixedBuffer(root?.received.message ?? noBytes);
      case 6:
        return fixedBuffer(bytesOf(parts.vmConfiguration));
      case 7:
        return typeof root?.configuration === "string" ? fixedBuffer(bytesOf(root.configuration)) : null;
      default:
        // What is no body now is an empty one, which cannot be changed.
        return vm.context?.buffer(kind) ?? fixedBuffer(noBytes);
    }
  };
  return {
    proxy_get_buffer_bytes(kind, start, length, data, size) {
      if (kind > KIND_MAX) return status.badArgument;
      const buffer = bufferOf(kind);
      if (buffer === null) return status.notFound;
      return guest.give(buffer.bytes.slice(start, start + length), data, size);
    },
    proxy_get_buffer_status(kind, length, flags) {
      if (kind > KIND_MAX) return status.badArgument;
      const buffer = bufferOf(kind);
      if (buffer === null) return status.notFound;
      guest.store32(length, buffer.bytes.length);
      guest.store32(flags, 0);
      return status.ok;
    },
    proxy_set_buffer_bytes(kind, start, length, data, size) {
      if (kind > KIND_MAX) return status.badArgument;
      const buffer = bufferOf(kind);
      return buffer === null ? status.notFound : buffer.set(start, length, guest.read(data, size));
    },
  };
}
