import { narrow, widen } from "./byte-string";
import { lengthOf, MISSING, pointerOf } from "./bytes";
import { cell } from "./cell";
import { Status } from "./enums";
import {
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_register_shared_queue,
  proxy_resolve_shared_queue,
} from "./env";
import { holdsBack } from "./guard";

/** A queue that VMs share. Items are byte strings. It is no memory, but the number of the queue. */
@unmanaged
export class Queue {
  /**
   * Make a queue, or find it, and hear of its items in `onQueue`. Null when that failed. To be called in `onConfigure`; a policy, which has none, calls it where
   * it uses the queue, and takes items in `onTick`. `proxy_register_shared_queue`.
   */
  static register(name: string): Queue | null {
    const key = narrow(name);
    if (key == MISSING) return null;
    const status = proxy_register_shared_queue(pointerOf(key), lengthOf(key), cell);
    return status != Status.Ok ? null : changetype<Queue>(load<u32>(cell));
  }

  /** Find a queue of the VM with this `vm_id`; null when nobody has registered it. `proxy_resolve_shared_queue`. */
  static resolve(vmId: string, name: string): Queue | null {
    const vm = narrow(vmId);
    const key = narrow(name);
    if (vm == MISSING || key == MISSING) return null;
    const status = proxy_resolve_shared_queue(pointerOf(vm), lengthOf(vm), pointerOf(key), lengthOf(key), cell);
    return status != Status.Ok ? null : changetype<Queue>(load<u32>(cell));
  }

  /** Put an item at its end. `proxy_enqueue_shared_queue`. */
  push(item: string): Status {
    const content = narrow(item);
    if (content == MISSING) return Status.BadArgument;
    if (holdsBack()) return Status.Ok;
    return proxy_enqueue_shared_queue(this.id, pointerOf(content), lengthOf(content));
  }

  /**
   * Take its first item; null when it has none, which an empty item is not. A policy in audit mode takes none.
   * `proxy_dequeue_shared_queue`.
   */
  pop(): string | null {
    if (holdsBack()) return null;
    return proxy_dequeue_shared_queue(this.id, cell + 4, cell) != Status.Ok ? null : widen(load<u64>(cell));
  }

  /** The number of the queue in this proxy, as `proxy_register_shared_queue` gave it. No call of the host. */
  get id(): u32 {
    return <u32>changetype<usize>(this);
  }
}
