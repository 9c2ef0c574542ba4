import { Request } from "proxy-wasm-as";
export const context = "posts";
export const reads: string[] = [];
export const writes = ["x-tier"];
export function onRequest(request: Request): void {
  request.headers.set("x-tier", "1");
}
