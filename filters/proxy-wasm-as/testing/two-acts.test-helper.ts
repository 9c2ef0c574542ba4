/** Where a filter may act on a stream. */
export const places = ["request", "asked", "response", "body"] as const;
/** What it may do; each but the last ends the stream. */
export const acts = ["reset", "back", "answer", "reply", "resume"] as const;

/** Every two of these at every place, the first one that ends the stream, as the filter below reads them from `x-acts`. */
export const twoActs: readonly string[] = places.flatMap((_, place) =>
  acts.slice(0, -1).flatMap((_end, first) => acts.map((_more, second) => `${place}${first}${second}`)),
);

/** Does two things to a stream in one callback, one after the other, and logs what each gives. By number, since texts do not outlast a callback. */
export const twoActsFilter: string = `let place: i32 = 0, first: i32 = 0, second: i32 = 0;
  function act(stream: Stream, which: i32): i32 {
    const request = stream.request, response = stream.response;
    if (which == ${acts.indexOf("reset")}) return request.reset();
    if (which == ${acts.indexOf("back")}) return response.reset();
    if (which == ${acts.indexOf("answer")}) return request.reply(429, "no");
    if (which == ${acts.indexOf("reply")}) return response.reply(428, "no");
    return request.resume();
  }
  function play(where: i32, stream: Stream): void {
    if (place == where) log.info(\`\${act(stream, first)} \${act(stream, second)}\`);
  }
  function asked(request: Request, answer: Answer): void { play(${places.indexOf("asked")}, request); }
  export function onRequest(request: Request): Flow {
    const given = request.headers.get("x-acts");
    place = -1;
    if (given === null) return Flow.Continue;
    place = given.charCodeAt(0) - 48, first = given.charCodeAt(1) - 48, second = given.charCodeAt(2) - 48;
    play(${places.indexOf("request")}, request);
    if (place != ${places.indexOf("asked")}) return Flow.Continue;
    request.fetch({ cluster: "service", path: "/", authority: "service" }, asked);
    return Flow.Pause;
  }
  export function onResponse(response: Response): void { play(${places.indexOf("response")}, response); }
  export function onResponseBody(response: Response): void { play(${places.indexOf("body")}, response); }`;
