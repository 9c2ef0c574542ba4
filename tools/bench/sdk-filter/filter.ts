// The filter that the table compares, with the SDK of this repository.
import { Request, Response } from "proxy-wasm-as";

export function onRequest(request: Request): void {
  const headers = request.headers;
  if (headers.get("x-tenant") === "acme" && headers.get("x-plan") === "gold") {
    headers.set("x-plan", "platinum");
    headers.add("x-checked", "yes");
  }
}

export function onResponse(response: Response): void {
  response.headers.add("x-served-by", "wire");
}
