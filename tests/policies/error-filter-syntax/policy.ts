import { Request } from "proxy-wasm-as";
export const context = "frontend -> search";
export function onRequest(request: Request): void {
  request.deny(403 "no");
}
