import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

export function onRequest(request: Request): void {
  const agent = request.headers.get("user-agent");
  if (agent === null || !agent.includes("/")) throw new Error("who is this?");
  request.headers.set("x-agent", agent.split("/")[0]);
}
