import { Request } from "proxy-wasm-as";

export const context = "search -> [rate, geo]";
export const side = "ingress";
export const reads: string[] = [];
export const writes: string[] = ["count"];

export function onRequest(request: Request): void {
  request.headers.add("count", "x");
}
