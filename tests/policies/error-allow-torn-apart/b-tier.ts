import { Request } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";
export const reads: string[] = [];
export const writes = ["tier"];

export function onRequest(request: Request): void {
  request.headers.set("tier", "silver");
}
