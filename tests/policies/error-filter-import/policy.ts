import { PerPlugin, Request, setTickPeriod } from "proxy-wasm-as";
import { proxy_send_local_response } from "proxy-wasm-as/assembly/env";

export const context = "frontend -> rate";

@external("env", "proxy_log")
declare function say(level: u32, text: usize, size: usize): u32;

export function onRequest(request: Request): void {
  proxy_send_local_response(403, 0, 0, 0, 0, 0, 0, -1);
}
