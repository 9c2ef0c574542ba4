import { Flow, Request } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";

export function onRequest(request: Request): void {
  request.headers.set("x-looked-at", "1");
}

export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  const text = request.body.text();
  if (text !== null && text.includes("bad")) return deny(request);
  return Flow.Continue;
}

function deny(request: Request): Flow {
  request.reply(400, "no");
  return Flow.Pause;
}
