/** Where a filter acts on a stream, as its callbacks come. */
export const places = [
  "the request's headers",
  "each piece of the request before the last",
  "the request's last piece",
  "the request's trailers",
  "the response's headers",
  "each piece of the response before the last",
  "the response's last piece",
  "the response's trailers",
  "the log",
  "the end",
] as const;

/** What it does there. `let go` and `deny` are done by the answer to a call of its own. */
export const acts = {
  resume: "request.resume()",
  resumeTwice: "request.resume() | request.resume()",
  resumeBack: "response.resume()",
  reply: 'request.reply(403, "no")',
  replyBack: 'response.reply(403, "no")',
  reset: "request.reset()",
  resetBack: "response.reset()",
  resumeAndReply: 'request.resume() | request.reply(403, "no")',
  resumeAndReset: "request.resume() | request.reset()",
  append: 'body.append("!")',
  prepend: 'body.prepend("!")',
  replace: 'body.replace("xyz")',
  call: "fetch(ok), let go",
  callBreaks: "fetch(break), let go",
  deny: "fetch(ok), deny",
  denyBroken: "fetch(break), deny",
} as const;
const names = Object.keys(acts) as readonly (keyof typeof acts)[];

/** One combination. */
export interface Play {
  readonly place: number;
  readonly act: keyof typeof acts;
  /** Whether the callback that acts returns a pause. */
  readonly pauses: boolean;
  /** What else is paused: the headers, and the pieces of the body before the last, of that direction. */
  readonly holds: readonly ("headers" | "pieces")[];
  /** Whether the request, and the response, end with trailers. */
  readonly trailers: boolean;
  readonly trailersBack: boolean;
}

/** The table. */
export const plays: readonly Play[] = places.flatMap((_, place) =>
  names.flatMap((act) =>
    [false, true].flatMap((pauses) =>
      holdsAt(place).flatMap((holds): readonly Play[] => {
        const ends = place > 7;
        const writes = act === "append" || act === "prepend" || act === "replace";
        // Nothing goes on by what these return, and headers have no body yet.
        if (ends && (pauses || writes)) return [];
        if (writes && (place === 0 || place === 4)) return [];
        return [{ place, act, pauses, holds, trailers: place === 3, trailersBack: place === 7 }];
      }),
    ),
  ),
);

function holdsAt(place: number): readonly Play["holds"][] {
  const isFirst = place === 0 || place === 4 || place > 7;
  if (isFirst) return [[]];
  return place === 1 || place === 5
    ? [[], ["headers"]]
    : [[], ["headers"], ["pieces"], ["headers", "pieces"]];
}

/** As the filter reads it from `x-act`. */
export function codeOf({ place, act, pauses, holds }: Play): string {
  const held = (holds.includes("headers") ? 1 : 0) + (holds.includes("pieces") ? 2 : 0);
  return [place, names.indexOf(act), pauses ? 1 : 0, held]
    .map((each) => String.fromCharCode(65 + each))
    .join("");
}

export function nameOf({ place, act, pauses, holds }: Play): string {
  const held = holds.length === 0 ? "" : `, ${holds.join(" and ")} held`;
  return `${places[place]}: ${acts[act]}, ${pauses ? "pauses" : "goes on"}${held}`;
}

/** What a filter has callbacks for: headers alone, or bodies and trailers as well, of which it adds to the end where it writes. */
export const kinds = ["looks at headers alone", "writes no bodies", "writes bodies"] as const;
export type Kind = (typeof kinds)[number];

/** Whether such a filter comes there, and can do that. */
export function isFor({ place, act }: Play, kind: Kind): boolean {
  if (kind === "looks at headers alone" && ![0, 4, 8, 9].includes(place)) return false;
  return kind === "writes bodies" || !["append", "prepend", "replace"].includes(act);
}

/** The filter: it logs what each act gave, with the number that the request has in `x-id`. */
export function actsFilter(kind: Kind): string {
  const writes = kind === "writes bodies";
  const of = (act: keyof typeof acts): number => names.indexOf(act);
  return `class Play { id: i32 = 0; place: i32 = -1; act: i32 = 0; flow: i32 = 0; held: i32 = 0; }
const plays = new PerStream<Play>();
function say(play: Play, text: string): void { log.info("#" + play.id.toString() + " " + text); }
function act(stream: Stream, play: Play): i32 {
  const request = stream.request, response = stream.response;
  const which = play.act;
  if (which == ${of("resume")}) return request.resume();
  if (which == ${of("resumeTwice")}) return request.resume() * 100 + request.resume();
  if (which == ${of("resumeBack")}) return response.resume();
  if (which == ${of("reply")}) return request.reply(403, "no");
  if (which == ${of("replyBack")}) return response.reply(403, "no");
  if (which == ${of("reset")}) return request.reset();
  if (which == ${of("resetBack")}) return response.reset();
  if (which == ${of("resumeAndReply")}) return request.resume() * 100 + request.reply(403, "no");
  if (which == ${of("resumeAndReset")}) return request.resume() * 100 + request.reset();
  if (which == ${of("call")} || which == ${of("deny")}) return request.fetch({ cluster: "ok", path: "/", authority: "ok", timeoutMs: 2000 }, answered);
  if (which == ${of("callBreaks")} || which == ${of("denyBroken")}) return request.fetch({ cluster: "break", path: "/", authority: "break", timeoutMs: 2000 }, answered);
${
  writes
    ? `  const body = play.place < 4 ? request.body : response.body;
  if (which == ${of("append")}) return body.append("!");
  if (which == ${of("prepend")}) return body.prepend("!");
  if (which == ${of("replace")}) return body.replace("xyz");
`
    : ""
}  return 99;
}
function end(body: Body): void { ${writes ? 'body.append("?")' : ""}; }
function answered(request: Request, answer: Answer): void {
  const play = plays.of(request);
  if (play.act == ${of("deny")} || play.act == ${of("denyBroken")}) say(play, "denied " + request.reply(403, "no").toString());
  else say(play, "let go " + (play.place < 4 ? request.resume() : request.response.resume()).toString());
}
function at(stream: Stream, place: i32, held: i32): Flow {
  const play = plays.of(stream);
  if (play.place != place) return (play.place < 4) == (place < 4) && (play.held & held) != 0 ? Flow.Pause : Flow.Continue;
  say(play, "at " + place.toString() + " " + act(stream, play).toString());
  return play.flow == 1 ? Flow.Pause : Flow.Continue;
}
export function onRequest(request: Request): Flow {
  const given = request.headers.get("x-act"), play = plays.of(request);
  if (given === null) return Flow.Continue;
  play.id = <i32>parseInt(request.headers.get("x-id")!);
  play.place = given.charCodeAt(0) - 65, play.act = given.charCodeAt(1) - 65, play.flow = given.charCodeAt(2) - 65, play.held = given.charCodeAt(3) - 65;
  return at(request, 0, 1);
}
export function onResponse(response: Response): Flow { return at(response, 4, 1); }
${kind === "looks at headers alone" ? "" : ofBodies}
export function onLog(stream: Stream): void { at(stream, 8, 0); }
export function onDelete(stream: Stream): void { at(stream, 9, 0); say(plays.of(stream), "end"); }`;
}

const ofBodies = `export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (last) end(request.body);
  return at(request, last ? 2 : 1, last ? 0 : 2);
}
export function onRequestTrailers(request: Request): Flow {
  end(request.body);
  return at(request, 3, 0);
}
export function onResponseBody(response: Response, size: u32, last: bool): Flow {
  if (last) end(response.body);
  return at(response, last ? 6 : 5, last ? 0 : 2);
}
export function onResponseTrailers(response: Response): Flow {
  end(response.body);
  return at(response, 7, 0);
}`;

/** What a play came to. */
export interface ActOutcome {
  readonly status: number;
  readonly body: string;
  readonly trailers: boolean;
  /** What the service got, where it is its answer that the client has. */
  readonly got: readonly string[];
  readonly lines: readonly string[];
}
