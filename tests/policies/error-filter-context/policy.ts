import { Request } from "proxy-wasm-as";

export function onRequest(request: Request): void {
  request.deny(403, "no");
}
