/** Pauses the first piece of each body until an answer lets it go, and adds to the end of what has gone on meanwhile: to a last piece, or to trailers. */
export const unreadFilter: string = `class Seen { request: i32 = 0; response: i32 = 0; }
  const seen = new PerStream<Seen>();
  export function onRequestBody(request: Request, size: u32, last: bool): Flow {
    const state = seen.of(request);
    if (state.request++ == 0) {
      request.fetch({ cluster: "service", path: "/", authority: "service" }, letGo);
      return Flow.Pause;
    }
    if (last) log.info("request " + size.toString() + " " + request.body.append("!").toString());
    return Flow.Continue;
  }
  export function onRequestTrailers(request: Request): void { log.info("request trailers " + request.body.append("!").toString()); }
  export function onResponseBody(response: Response, size: u32, last: bool): Flow {
    const state = seen.of(response);
    if (state.response++ == 0) {
      response.fetch({ cluster: "service", path: "/", authority: "service" }, letGoBack);
      return Flow.Pause;
    }
    if (last) log.info("response " + size.toString() + " " + response.body.append("?").toString());
    return Flow.Continue;
  }
  export function onResponseTrailers(response: Response): void { log.info("response trailers " + response.body.append("?").toString()); }
  function letGo(request: Request, answer: Answer): void { log.info("request let go " + request.resume().toString()); }
  function letGoBack(response: Response, answer: Answer): void { log.info("response let go " + response.resume().toString()); }`;

/** The same of a request without the SDK: what it adds is lost, unless it is a piece that is not empty. */
export const rawUnreadModule: string = `let pieces: u32 = 0, stream: u32 = 0;
function append(): void { see("wrote " + proxy_set_buffer_bytes(0, i32.MAX_VALUE, 0, at("!"), 1).toString()); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { pieces = 0; stream = id; return 0; }
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  if (pieces++ == 0) {
    proxy_set_tick_period_milliseconds(20);
    return 1;
  }
  if (end) append();
  return 0;
}
export function proxy_on_request_trailers(id: u32, count: u32): u32 { append(); return 0; }
export function proxy_on_tick(id: u32): void {
  proxy_set_tick_period_milliseconds(0);
  proxy_set_effective_context(stream);
  see("let go " + proxy_continue_stream(0).toString());
}`;
