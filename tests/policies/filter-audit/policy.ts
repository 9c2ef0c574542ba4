import { Flow, Request, Response } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";
export const mode = "audit";

export function onRequest(request: Request, last: bool): Flow {
  return last ? Flow.Continue : Flow.Pause;
}

// Where it would deny, it would not let go on either.
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  const text = request.body.text();
  if (text === null || !text.includes("bad")) return Flow.Continue;
  request.reply(400, "no");
  return Flow.Pause;
}

export function onResponse(response: Response): void {
  response.headers.set("x-seen", "1");
}
