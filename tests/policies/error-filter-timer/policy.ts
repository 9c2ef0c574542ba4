import { log } from "proxy-wasm-as";

export const context = "frontend -> search";

export function onTick(): void {
  log.info("tick");
}
