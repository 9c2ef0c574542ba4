import { PerStream, Request, Response } from "proxy-wasm-as";

export const context = "frontend -> rate";

class Seen {
  bytes: u64 = 0;
  agent: string = "";
}
const seen = new PerStream<Seen>();
const names = new PerStream<string>();

export function onRequest(request: Request): void {
  seen.of(request).agent = request.headers.get("user-agent")!;
}

export function onResponse(response: Response): void {
  response.headers.set("x-agent", seen.of(response).agent + names.of(response));
}
