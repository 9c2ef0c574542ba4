import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";

export function onRequest(request: Request): void {}
