/**
 * Answers each request, those with `x-late` once a call of its was answered, and holds each response until another was: then it tries to answer once more, lets go the
 * request, which goes nowhere, and the response, and logs what each gave.
 */
export const pausedAnswerFilter: string = `const service: HttpCall = { cluster: "service", path: "/", authority: "service" };
  function audited(response: Response, answer: Answer): void {
    response.headers.set("x-audited", "yes");
    log.info(\`\${<i32>response.reply(500)} \${<i32>response.request.resume()} \${<i32>response.resume()}\`);
  }
  function late(request: Request, answer: Answer): void { request.reply(403, "late"); }
  export function onRequest(request: Request): Flow {
    if (!request.headers.has("x-late")) request.reply(403, "at once");
    else request.fetch(service, late);
    return Flow.Pause;
  }
  export function onResponse(response: Response): Flow {
    response.fetch(service, audited);
    return Flow.Pause;
  }`;
