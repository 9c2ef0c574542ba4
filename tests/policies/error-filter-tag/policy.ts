import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

export function onRequest(request: Request): void {
  for (let i = 0; i < 3; i++) request.tagAccessLog("user-" + i.toString(), "seen");
  request.tagAccessLog("the user", "seen");
}
