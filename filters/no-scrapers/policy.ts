import { Request } from "proxy-wasm-as";

export const context = "frontend -> search";
export const side = "either";

export function onRequest(request: Request): void {
  const agent = request.headers.get("user-agent");
  if (agent !== null && agent.includes("scraper")) request.deny(403, "No scrapers, please.");
}
