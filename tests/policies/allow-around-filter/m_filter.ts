import { Request } from "proxy-wasm-as";

export const context = ". -> rate";
export const side = "ingress";
export const reads = ["agent"];
export const writes = ["seen"];

export function onRequest(request: Request): void {
  const agent = request.headers.get("agent");
  request.headers.set("seen", agent !== null ? agent : "nobody");
}
