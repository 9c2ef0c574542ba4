import { createEventLoop, type EventLoop } from "./event-loop.ts";
import { createQueues, type Queues } from "./queues.ts";
import { createSharedData, type SharedData } from "./shared-data.ts";

/** What the hosts of one Envoy have in common: the clock, the shared queues, and the shared data of those with the same `vm_id`. */
export interface VirtualProxy {
  readonly loop: EventLoop;
  readonly queues: Queues;
  sharedData(vmId: string): SharedData;
}

/** An Envoy for several hosts. `now` is where its clock stands, in nanoseconds since 1970; by default some day in 2026. */
export function createProxy({
  now = 1_780_000_000_000_000_000n,
}: {
  readonly now?: bigint;
} = {}): VirtualProxy {
  const data = new Map<string, SharedData>();
  return {
    loop: createEventLoop(now),
    queues: createQueues(),
    sharedData(vmId) {
      const found = data.get(vmId) ?? createSharedData();
      data.set(vmId, found);
      return found;
    },
  };
}
