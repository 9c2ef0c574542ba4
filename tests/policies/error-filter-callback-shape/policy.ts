import { Flow as Way, Request, Response, Stream } from "proxy-wasm-as";

export const context = "frontend -> search";

export function onRequest(): Way {
  return Way.Continue;
}

export function onRequestBody(request: Request, size: u32, last: bool, more: bool): void {}

export function onResponse(response: Response): bool {
  return true;
}

export function onLog(stream: Stream): Way {
  return Way.Continue;
}
