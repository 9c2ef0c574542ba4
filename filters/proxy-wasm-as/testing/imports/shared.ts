import { type HostFunctions, status } from "../../abi/table.ts";
import { keyOf } from "../bytes.ts";
import type { Vm } from "../vm.ts";

/** Shared data and shared queues. */
export function sharedImports(
  vm: Vm,
): Pick<
  HostFunctions,
  | "proxy_get_shared_data"
  | "proxy_set_shared_data"
  | "proxy_register_shared_queue"
  | "proxy_resolve_shared_queue"
  | "proxy_enqueue_shared_queue"
  | "proxy_dequeue_shared_queue"
> {
  const { guest, parts } = vm;
  const { sharedData } = parts;
  const { loop, queues } = parts.proxy;
  const key = (pointer: number, size: number): string => keyOf(guest.read(pointer, size));
  return {
    proxy_get_shared_data(name, nameSize, value, size, cas) {
      const found = sharedData.get(key(name, nameSize));
      if (found === undefined) return status.notFound;
      guest.store32(cas, found.cas);
      return guest.give(found.value, value, size);
    },
    proxy_set_shared_data: (name, nameSize, value, size, cas) =>
      sharedData.set(key(name, nameSize), guest.read(value, size), cas),
    proxy_register_shared_queue(name, size, out) {
      const root = vm.context?.root;
      const id = queues.register(parts.vmId, key(name, size), (queue) =>
        loop.later(() => {
          if (root !== undefined && vm.contexts.has(root.id))
            vm.enter(root, "proxy_on_queue_ready", root.id, queue);
        }),
      );
      guest.store32(out, id);
      return status.ok;
    },
    proxy_resolve_shared_queue(vmId, vmIdSize, name, size, out) {
      const id = queues.resolve(key(vmId, vmIdSize) || parts.vmId, key(name, size));
      if (id === undefined) return status.notFound;
      guest.store32(out, id);
      return status.ok;
    },
    proxy_enqueue_shared_queue: (id, value, size) => queues.enqueue(id, guest.read(value, size)),
    proxy_dequeue_shared_queue(id, value, size) {
      const found = queues.dequeue(id);
      return "status" in found ? found.status : guest.give(found.value, value, size);
    },
  };
}
