import { Request } from "proxy-wasm-as";

export const context = "frontend -> [geo, rate, user]";
export const side = "ingress";

export function onRequest(request: Request): void {
  request.headers.set("x-mark", "one");
}
