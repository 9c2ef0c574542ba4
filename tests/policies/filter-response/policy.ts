import { Request, Response } from "proxy-wasm-as";

export const context = "search -> rate";
export const side = "ingress";

export function onRequest(request: Request): void {
  if (request.headers.has("x-denied")) request.reply(403, "No.");
}

// The service's answers only: not the one above, and not those to other callers.
export function onResponse(response: Response): void {
  response.headers.set("x-rate-status", response.status.toString());
  response.headers.remove("content-type");
}
