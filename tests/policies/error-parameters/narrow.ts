import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";
class Params {
  status: i32 = 403;
}
export const params = new Params();

export function onRequest(request: Request): void {
  request.deny(params.status, "");
}
