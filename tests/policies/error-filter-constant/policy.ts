import { Request } from "proxy-wasm-as";
export const context = "frontend -> search";
export const side = "ingres";
export const priority = "high";
export const reads = "x-name";
export function onRequest(request: Request): void {
  request.deny(403, "no");
}
