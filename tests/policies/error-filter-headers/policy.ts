import { Headers, Request } from "proxy-wasm-as";

export const context = "frontend -> rate";
export const reads = ["Host", "x-tenant", "x-unused"];
export const writes: string[] = ["x-seen"];

const tier = "X-Tier";

export function onRequest(request: Request): void {
  const headers = request.headers;
  const tenant = request.headers.get("x-tenant");
  if (headers.get(":authority") === null || headers.get(tier) === null) note(headers, "x-" + "note");
  headers.add("x-seen", tenant !== null ? tenant : "nobody");
  headers.remove(tenant === null ? "x-tenant" : "x-seen");
}

function note(headers: Headers, name: string): void {
  headers.set(name, "yes");
}
