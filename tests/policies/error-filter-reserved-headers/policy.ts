import { Request, Response } from "proxy-wasm-as";

export const context = "frontend -> rate";

const host = "Host";

export function onRequest(request: Request): void {
  request.headers.set(host, "rate.example");
  request.headers.add("x-envoy-max-retries", "3");
  request.headers.remove("x-wire-version");
  request.headers.set("content-length", "0");
  request.headers.remove("content-length");
  request.headers.set(":path", "/");
}

export function onResponse(response: Response): void {
  response.headers.remove("Transfer-Encoding");
  response.headers.remove("server");
}
