import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

class Params {
  limit: i32 = 3_000_000_000;
  agent: string = "a" + "b";
  tabbed: string = "a\tb";
  share: f32 = 0.5;
  readonly fixed: i64 = 1;
}
export const params = new Params();

export function onRequest(request: Request): void {
  if (params.limit > 0) request.headers.set("agent", params.agent);
}
