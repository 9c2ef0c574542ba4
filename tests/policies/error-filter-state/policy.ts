import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

const agents = ["curl", "wget"];
let count = 0;

export function onRequest(request: Request): void {
  const agent = request.headers.get("user-agent");
  if (agent !== null && agents.includes(agent) && ++count > 1000) request.deny(429, "Slow down.");
}
