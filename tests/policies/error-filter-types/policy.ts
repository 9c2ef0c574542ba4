import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

export function onRequest(request: Request): void {
  const agent: string = request.headers.get("user-agent");
  if (agent.includes("scraper")) request.refuse(403);
}
