import { Request, utf8 } from "proxy-wasm-as";

export const context = "frontend -> rate";

class Params {
  longest: i32 = 8;
  replacement: string = "übrig";
  share: f64 = 0.25;
  strict: bool = false;
}
export const params = new Params();

export function onRequest(request: Request): void {
  const agent = request.headers.get("user-agent");
  if (agent !== null && agent.length > params.longest) request.headers.set("user-agent", utf8.encode(params.replacement));
  request.headers.set("x-share", (params.share * 100).toString());
  if (params.strict) request.deny(403, "strict");
}
