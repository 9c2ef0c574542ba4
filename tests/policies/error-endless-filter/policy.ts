import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

export function onRequest(request: Request): void {
  let left = 10;
  while (left != 0) left -= 3;
  request.headers.set("x-left", left.toString());
}
