import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

class Queue {
  heap: u32[] = [];
}

export function onRequest(request: Request): void {
  const queue = new Queue();
  queue.heap.push(1);
  const agent = request.headers.get("user-agent");
  __collect();
  const room = heap.alloc(16);
  if (agent !== null) __pin(changetype<usize>(agent));
  heap.free(room);
}
