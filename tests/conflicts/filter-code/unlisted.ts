import { Request } from "proxy-wasm-as";
export const context = "user";
export function onRequest(request: Request): void {
  request.headers.set("x-other", "1");
}
