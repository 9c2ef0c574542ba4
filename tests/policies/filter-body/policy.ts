import { Flow, Request } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";

// The service does not hear of a request before its body was looked at.
export function onRequest(request: Request, last: bool): Flow {
  return last ? Flow.Continue : Flow.Pause;
}

export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  check(request);
  return Flow.Continue;
}

export function onRequestTrailers(request: Request): void {
  check(request);
}

function check(request: Request): void {
  const text = request.body.text();
  if (text === null || text.includes("<script>")) {
    request.reply(400, "no scripts");
    return;
  }
  request.headers.set("x-checked", text.length.toString());
  request.body.replace(text.replaceAll("secret", "***"));
}
