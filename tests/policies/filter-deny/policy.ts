import { Request } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";

export function onRequest(request: Request): void {
  const agents = request.headers.getAll("user-agent");
  for (let i = 0; i < agents.length; i++) {
    if (agents[i].includes("scraper")) request.deny(429, "Slow down.");
  }
}
