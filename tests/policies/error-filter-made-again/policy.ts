import { PerStream, Request } from "proxy-wasm-as";

export const context = "frontend -> rate";
export const side = "ingress";

class Seen {
  pieces: u32 = 0;
}
const seen = new PerStream<Seen>();

export function onRequestBody(request: Request): void {
  const again = new PerStream<Seen>();
  seen.of(request).pieces++;
  again.of(request).pieces++;
}
