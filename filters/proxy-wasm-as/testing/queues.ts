import { status } from "../abi/table.ts";

/** The shared queues of an Envoy, which its VMs find by the `vm_id` of who made them and a name. */
export interface Queues {
  /** The id of a queue, made if there is none yet; `notify` is called of each item from now on, instead of who registered it before. */
  register(vmId: string, name: string, notify: (id: number) => void): number;
  resolve(vmId: string, name: string): number | undefined;
  enqueue(id: number, value: Uint8Array): number;
  dequeue(id: number): { readonly value: Uint8Array } | { readonly status: number };
}

interface Queue {
  readonly items: Uint8Array[];
  notify: (id: number) => void;
}

export function createQueues(): Queues {
  const ids = new Map<string, number>();
  const queues = new Map<number, Queue>();
  const keyOf = (vmId: string, name: string): string => `${vmId}\0${name}`;
  return {
    register(vmId, name, notify) {
      const key = keyOf(vmId, name);
      const id = ids.get(key) ?? ids.size + 1;
      ids.set(key, id);
      const known = queues.get(id);
      if (known === undefined) queues.set(id, { items: [], notify });
      else known.notify = notify;
      return id;
    },
    resolve: (vmId, name) => ids.get(keyOf(vmId, name)),
    enqueue(id, value) {
      const queue = queues.get(id);
      if (queue === undefined) return status.notFound;
      queue.items.push(value);
      queue.notify(id);
      return status.ok;
    },
    dequeue(id) {
      const queue = queues.get(id);
      if (queue === undefined) return { status: status.notFound };
      const value = queue.items.shift();
      return value === undefined ? { status: status.empty } : { value };
    },
  };
}
