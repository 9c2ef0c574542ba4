/** Where a filter may act on a stream that it has kept: in a callback of another stream, in the answer to that one's call, and where there is none. */
export const keptPlaces = ["request", "body", "response", "asked", "tick", "queue"] as const;
/** What it may do to it. */
export const keptActs = ["resume", "reply", "reset", "write", "fetch"] as const;

export type KeptPlace = (typeof keptPlaces)[number];
export type KeptAct = (typeof keptActs)[number];

/** Each at each place, as the filter below reads them from `x-act`. */
export const keptCases: readonly (readonly [KeptPlace, KeptAct])[] = keptPlaces.flatMap((place) =>
  keptActs.map((act) => [place, act] as const),
);

export function keptCode(place: KeptPlace, act: KeptAct): string {
  return `${keptPlaces.indexOf(place)}${keptActs.indexOf(act)}`;
}

/** What the client of the kept stream gets, and what the service saw of its `x-a`; an answer to another stream only where Envoy would not stop what is asked about. */
export function keptEnd(
  place: KeptPlace,
  act: KeptAct,
): { readonly said: string; readonly isLetGo: boolean } {
  const isAsked = place === "request" || place === "body" || place === "response";
  return act === "reply" && isAsked ? { said: "2", isLetGo: false } : { said: "0", isLetGo: true };
}

/**
 * Keeps a request with `x-keep` until one with `x-act` has it act on that, once, and logs what it got. The one that acts is written to before and after, as
 * the kept one is, so that each shows whose headers were whose.
 */
export const keptStreamsFilter: string = `let kept: Request | null = null;
  let headers: Headers | null = null;
  let place: i32 = -1, what: i32 = 0;
  const queue = memory.data(4);
  export function onConfigure(): void {
    const made = Queue.register("acts");
    if (made !== null) store<u32>(queue, made.id);
    setTickPeriod(50);
  }
  function fetched(request: Request, answer: Answer): void {
    log.info(\`fetched for \${request.headers.get("x-a")!}: \${<i32>request.resume()}\`);
  }
  function act(): Status {
    if (what == ${keptActs.indexOf("resume")}) return kept!.resume();
    if (what == ${keptActs.indexOf("reply")}) return kept!.reply(429, "no");
    if (what == ${keptActs.indexOf("reset")}) return kept!.reset();
    if (what == ${keptActs.indexOf("fetch")}) return kept!.fetch({ cluster: "service", path: "/", authority: "service" }, fetched);
    const own = headers!;
    const was = own.get("x-a");
    log.info(\`\${was === null ? "none" : was} \${kept!.headers.getAll("x-a").length} \${kept!.callee === null}\`);
    const written = own.set("x-a", "written"), resumed = kept!.resume();
    return written == resumed ? written : Status.InternalFailure;
  }
  function play(here: i32): void {
    if (place != here) return;
    place = -1;
    const known = Stream.withId(kept!.id);
    log.info(\`\${<i32>act()} \${known !== null}\`);
  }
  function asked(request: Request, answer: Answer): void {
    play(${keptPlaces.indexOf("asked")});
    request.headers.set("x-a", request.headers.get("x-a")! + " after");
    request.resume();
  }
  export function onRequest(request: Request): Flow {
    if (request.headers.has("x-keep")) {
      kept = request, headers = request.headers;
      log.info("kept");
      return Flow.Pause;
    }
    const given = request.headers.get("x-act");
    if (given === null) return Flow.Continue;
    place = given.charCodeAt(0) - 48, what = given.charCodeAt(1) - 48;
    const mine = request.headers;
    mine.set("x-a", "acting");
    play(${keptPlaces.indexOf("request")});
    if (place == ${keptPlaces.indexOf("asked")}) {
      request.fetch({ cluster: "service", path: "/", authority: "service" }, asked);
      return Flow.Pause;
    }
    if (place == ${keptPlaces.indexOf("queue")}) changetype<Queue>(load<u32>(queue)).push("act");
    mine.set("x-a", mine.get("x-a")! + " after");
    return Flow.Continue;
  }
  export function onRequestBody(request: Request): void { play(${keptPlaces.indexOf("body")}); }
  export function onResponse(response: Response): void {
    play(${keptPlaces.indexOf("response")});
    response.headers.set("x-after", response.status.toString());
  }
  export function onTick(): void { play(${keptPlaces.indexOf("tick")}); }
  export function onQueue(queue: Queue): void { if (queue.pop() !== null) play(${keptPlaces.indexOf("queue")}); }`;
