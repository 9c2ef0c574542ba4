import { Answer, Flow, PerStream, Request, Status } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";

class Seen {
  bytes: u32 = 0;
}
const seen = new PerStream<Seen>();

export function onRequest(request: Request): Flow {
  if (request.fetch({ cluster: "auth" }, checked) != Status.Ok) request.reply(503);
  return Flow.Pause;
}

function checked(request: Request, answer: Answer): void {
  if (answer.status == 200) request.resume();
  else request.reply(403);
}

// By this, a request with a body would be at the service before it is checked.
export function onRequestBody(request: Request, size: u32): void {
  seen.of(request).bytes += size;
}
