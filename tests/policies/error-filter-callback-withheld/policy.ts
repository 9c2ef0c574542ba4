import { Connection, Queue, Request } from "proxy-wasm-as";

export const context = "frontend -> search";

export function onConfigure(configuration: string): bool {
  return true;
}

export function onQueue(queue: Queue): void {}

export function onForeign(id: u32): void {}

export function onVmStart(): void {}

export function onDone(): bool {
  return true;
}

export function onRequest(request: Request): void {}

export function onData(connection: Connection): void {}
