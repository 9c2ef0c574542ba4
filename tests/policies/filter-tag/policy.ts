import { Request } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";
export const reads = ["x-user"];
export const writes: string[] = [];

const tag = "user";

export function onRequest(request: Request): void {
  const user = request.headers.get("x-user");
  request.tagAccessLog(tag, user !== null ? user : "nobody");
}
