import { Request } from "proxy-wasm-as";

export const context = "frontend -> search";
export const side = "ingress";

export function onRequest(request: Request): void {
  const agent = request.headers.get("user-agent");
  request.tagAccessLog("agent", agent !== null ? agent : "nobody");
}
