import { Request } from "proxy-wasm-as";

export const context = "frontend -> rate";
export const prioriti = 5;
export const params = 5;
export const limit = 5;

export function onRequest(request: Request): void {
  request.headers.set("critical", "true");
}

export function onAnswer(request: Request): void {}
