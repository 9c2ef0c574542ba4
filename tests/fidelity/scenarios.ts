/** One scenario of the table: what the probe plays, and the traffic that it plays it on. */
export interface Scenario {
  readonly name: string;
  /** What the probe does, see `probe.ts`. */
  readonly play: string;
  /** Which plugin; default `plain`. */
  readonly plugin?: PluginName;
  /** Default GET, or POST with a body. */
  readonly method?: "HEAD";
  readonly body?: readonly string[];
  readonly headers?: readonly (readonly [string, string])[];
  readonly trailers?: Readonly<Record<string, string>>;
  /** A request that comes first, is paused, and that the play calls `other`. */
  readonly besideAnother?: true;
  /** The request, if it has a body, and the response say in `content-length` how long it is, which comes in one piece. */
  readonly saysLength?: true;
  /** What the service answers: its body in pieces, and trailers. Default `12`, `34`. */
  readonly want?: "empty" | "full" | "large" | "last" | "trailers";
  /** Over TCP instead, a line for each piece; the play is the first. */
  readonly tcp?: readonly string[];
  /** Who ends it, and the other side with it; default the client, which resets it. */
  readonly end?: "client" | "service";
}

export type PluginName = "plain" | "stops" | "other" | "closed" | "open" | "reload";

const request = (name: string, play: string, more: Partial<Scenario> = {}): Scenario => ({
  name,
  play,
  ...more,
});
const callout = ":method=GET&:path=/fetch&:authority=service";

/** The table: every group of the ABI, and what Envoy makes of each at its edges. */
export const scenarios: readonly Scenario[] = [
  // Headers.
  request("first value only", "request: get 0 x-a; get 0 X-A; get 0 x-none", {
    headers: [
      ["x-a", "1"],
      ["x-a", "2"],
    ],
  }),
  request("pairs of duplicates in their order", "request: pairs 0", {
    headers: [
      ["x-a", "1"],
      ["x-b", "2"],
      ["x-a", "3"],
    ],
  }),
  request("an empty value is not missing", "request: get 0 x-a", { headers: [["x-a", ""]] }),
  request("add behind the values that there are", "request: add 0 x-a 2; get 0 x-a; pairs 0", {
    headers: [
      ["x-a", "1"],
      ["x-b", "1"],
    ],
  }),
  request("replace takes all values and goes to the end", "request: set 0 x-a 9; pairs 0", {
    headers: [
      ["x-a", "1"],
      ["x-b", "1"],
      ["x-a", "2"],
    ],
  }),
  request("replace makes what is missing", "request: set 0 x-new 9; pairs 0"),
  request(
    "remove takes all values, and what is missing is fine",
    "request: del 0 x-a; del 0 x-none; pairs 0",
    {
      headers: [
        ["x-a", "1"],
        ["x-a", "2"],
      ],
    },
  ),
  request("names are lowered", "request: add 0 X-Upper 1; set 0 X-Other 2; pairs 0"),
  request(
    "a name that is no ASCII",
    "request: add 0 x-%C3%84 1; get 0 x-%C3%84; get 0 x-%C3%A4; del 0 x-%C3%84",
  ),
  request("bytes that are no UTF-8", "request: get 0 x-a; set 0 x-b %FF%80z; pairs 0", {
    headers: [["x-a", "\xff\xfe\x80"]],
  }),
  request(
    "adding to a header that Envoy holds once",
    "request: add 0 content-type b; get 0 content-type; add 0 user-agent b; get 0 user-agent; add 0 x-request-id b; add 0 x-request-id c; get 0 x-request-id",
    {
      headers: [
        ["content-type", "a"],
        ["user-agent", "a"],
      ],
    },
  ),
  request("adding an authority", "request: set 0 :authority a; add 0 :authority b; get 0 :authority"),
  request("adding a cookie", "request: add 0 cookie b=1; get 0 cookie; del 0 cookie", {
    headers: [["cookie", "a=1"]],
  }),
  request(
    "adding accept, authorization and referer",
    "request: add 0 accept b; get 0 accept; add 0 authorization b; get 0 authorization; add 0 referer b; get 0 referer",
    {
      headers: [
        ["accept", "a"],
        ["authorization", "a"],
        ["referer", "a"],
      ],
    },
  ),
  request("the size of a map", "request: size 0; size 2; size 9; size 4"),
  request(
    "set all pairs",
    "request: setpairs 0 :method=GET&:path=/new&:authority=b&:scheme=http&x-forwarded-proto=http&x-only=1; pairs 0; get 0 :path",
  ),
  request(
    "pairs that are cut off are none",
    "response: rawpairs 2 %05%00%00%00%01; get 2 x-up; set 2 :status 200",
  ),
  request(
    "pairs without their zero bytes are none",
    "response: rawpairs 2 %01%00%00%00%01%00%00%00%01%00%00%00a1b2; pairs 2; set 2 :status 200",
  ),
  request(
    "pairs with bytes behind them are none",
    "response: rawpairs 2 %01%00%00%00%01%00%00%00%01%00%00%00a%001%00%00; get 2 a; set 2 :status 200",
  ),
  request("1024 pairs are some", "response: addmany 2 1024; get 2 x; del 2 x; set 2 :status 200"),
  request("1025 pairs are none", "response: addmany 2 1025; get 2 x; set 2 :status 200"),
  request("no pairs", "response: setpairs 2; pairs 2; set 2 :status 200"),
  // Phases.
  request(
    "responses are not at hand for requests",
    "request: get 2 :status; pairs 2; add 2 x-a 1; set 2 x-a 1; del 2 x-a; size 2",
  ),
  request(
    "requests are not at hand any more for responses",
    "response: get 0 x-a; pairs 0; add 0 x-a 1; get 2 x-up; get 2 x-none",
    { headers: [["x-a", "1"]] },
  ),
  request(
    "trailers that there are not",
    "request: get 1 t; pairs 1; add 1 t 1 | response: get 3 t; add 3 t 1",
  ),
  request(
    "maps of callouts outside of them",
    "request: get 4 a; get 5 a; get 6 a; get 7 a; pairs 6; add 6 a 1; set 4 a 1",
  ),
  request("maps that there are not", "request: get 8 a; pairs 8; add 8 a 1; size 8; get 99 a"),
  request(
    "while logging",
    "log: get 0 x-a; get 2 x-up; get 1 t; get 3 t; pairs 0; add 0 x-a 2; set 2 x-a 1; size 2",
    { headers: [["x-a", "1"]] },
  ),
  request(
    "after the log",
    "done: get 0 x-a; pairs 0; prop request/path; prop response/code; prop connection/mtls; prop plugin_name | delete: get 0 x-a; prop request/path",
    {
      headers: [["x-a", "1"]],
    },
  ),
  request("done is false for a request", "done: ret 0; done | delete: time"),
  // Bodies.
  request(
    "a body in pieces",
    "request: time | body: buf 0 0 99; bufstat 0 | lastbody: buf 0 0 99; bufstat 0",
    { body: ["ab", "cd"] },
  ),
  request("a body that is held", "body: buf 0 0 99; bufstat 0 | lastbody: buf 0 0 99 | hold: 1", {
    body: ["ab", "cd", "e"],
  }),
  request(
    "parts of a body",
    "lastbody: buf 0 1 2; buf 0 4 9; buf 0 9 9; buf 0 0 0; buf 0 4294967295 9; buf 1 0 9; buf 9 0 9; bufstat 9 | hold: 1",
    { body: ["abcde"] },
  ),
  request("put before a body", "lastbody: setbuf 0 0 0 <; buf 0 0 99 | hold: 1", { body: ["abc"] }),
  request("put instead of a beginning", "lastbody: setbuf 0 0 2 <; buf 0 0 99 | hold: 1", { body: ["abc"] }),
  request("put instead of all", "lastbody: setbuf 0 0 99 new; buf 0 0 99 | hold: 1", { body: ["abc"] }),
  request("put behind a body", "lastbody: setbuf 0 99 0 >; setbuf 0 4 9 >; buf 0 0 99 | hold: 1", {
    body: ["abc"],
  }),
  request("put into the middle of a body", "lastbody: setbuf 0 1 1 x; buf 0 0 99 | hold: 1", {
    body: ["abc"],
  }),
  request("put into a piece", "body: setbuf 0 0 0 < | lastbody: setbuf 0 99 0 >", { body: ["ab", "cd"] }),
  request(
    "put where there is no body",
    "request: setbuf 0 0 0 x; setbuf 4 0 0 x; setbuf 6 0 0 x; setbuf 7 0 0 x; setbuf 9 0 0 x; buf 0 0 9; bufstat 0; buf 7 0 9; buf 4 0 9; buf 5 0 9; bufstat 5",
  ),
  request(
    "a response's body, held and changed",
    "resbody: buf 1 0 99 | lastresbody: buf 1 0 99; setbuf 1 0 1 <; setbuf 1 99 0 > | response: del 2 content-length | reshold: 1",
  ),
  request("a response's body in pieces", "resbody: buf 1 0 99 | lastresbody: buf 1 0 99; buf 0 0 9"),
  request("headers while the body is held", "request: ret 0 | body: get 0 x-a; set 0 x-a 2 | hold: 1", {
    body: ["ab", "cd"],
    headers: [["x-a", "1"]],
  }),
  request(
    "headers held, body seen",
    "request: ret 1 | body: get 0 x-a; ret 1 | lastbody: set 0 x-a 2; pairs 0 | hold: 1",
    { plugin: "stops", body: ["ab", "cd"], headers: [["x-a", "1"]] },
  ),
  request("a body that is dropped", "body: ret 3 | lastbody: buf 0 0 99", { body: ["ab", "cd"] }),
  request("a body beyond the limit", "request: time | hold: 1", { body: ["x".repeat(1_200_000)] }),
  request("a response's body beyond the limit", "response: time | reshold: 1", { want: "large" }),
  request("the same while its headers are held", "response: ret 1 | reshold: 1", {
    want: "large",
    plugin: "stops",
  }),
  ...(["lastbody", "trailers"] as const).map((last) =>
    request(
      `a body that the filter makes larger than the limit, of ${last}`,
      `${last}: setbuf 0 9999999 0 more; bufstat 0; prop response/code; cont 0 | response: get 2 :status | log: prop response/code_details | hold: 1`,
      {
        body: ["x".repeat(524_288), "x".repeat(524_288)],
        ...(last === "trailers" ? { trailers: { t: "1" } } : {}),
      },
    ),
  ),
  ...(["plain", "stops"] as const).map((plugin) =>
    request(
      `the same by a tick, of ${plugin}, which is answered before the tick has ended`,
      "lastbody: tick 20; ret 1 | tick: tick 0; eff self; setbuf 0 9999999 0 more; bufstat 0; prop response/code; cont 0 | response: get 2 :status | resbody: time | log: pairs 0; prop response/code | hold: 1",
      { body: ["x".repeat(524_288), "x".repeat(524_288)], plugin },
    ),
  ),
  request(
    "the same of gRPC",
    "lastbody: setbuf 0 9999999 0 more; prop response/code | response: get 2 :status; get 2 grpc-status | hold: 1",
    {
      body: ["x".repeat(524_288), "x".repeat(524_288)],
      headers: [["content-type", "application/grpc"]],
    },
  ),
  request(
    "a response that the filter makes larger than the limit ends before the write has",
    `resbody: ret 1 | lastresbody: setbuf 1 0 0 ${"m".repeat(1000)}; bufstat 1; get 2 x-up; prop response/code; setbuf 1 0 0 m | log: pairs 2; prop response/code; prop response/code_details`,
    { want: "full" },
  ),
  request(
    "the same while its headers are held",
    `response: ret 1 | resbody: ret 1 | lastresbody: setbuf 1 0 0 ${"m".repeat(1000)}; bufstat 1; get 2 x-up; set 2 x-up 2 | log: pairs 2; prop response/code; prop response/code_details`,
    { want: "full", plugin: "stops" },
  ),
  request(
    "the same by a tick",
    `response: ret 1 | resbody: ret 1 | lastresbody: tick 20; ret 1 | tick: tick 0; eff self; setbuf 1 0 0 ${"m".repeat(1000)}; cont 1 | log: pairs 2; prop response/code`,
    { want: "full", plugin: "stops" },
  ),
  ...(["long", "short"] as const).flatMap((cut) => {
    const body = cut === "long" ? "longer%20than" : "ab";
    const more = { body: ["abcd"], saysLength: true } as const;
    return [
      request(`a body that is too ${cut} for its length`, `lastbody: setbuf 0 0 99 ${body} | hold: 1`, more),
      request(
        `a body too ${cut} for its length, which is taken away`,
        `request: del 0 content-length | lastbody: setbuf 0 0 99 ${body} | hold: 1`,
        more,
      ),
      request(
        `a body too ${cut} for its length, which is taken away while the headers are held`,
        `request: ret 1 | lastbody: del 0 content-length; setbuf 0 0 99 ${body} | hold: 1`,
        { ...more, plugin: "stops" },
      ),
      request(
        `a response's body that is too ${cut} for its length`,
        `lastresbody: setbuf 1 0 99 ${body} | reshold: 1`,
        { saysLength: true },
      ),
      request(
        `a response's body too ${cut} for its length, which is taken away`,
        `response: del 2 content-length | lastresbody: setbuf 1 0 99 ${body} | reshold: 1`,
        { saysLength: true },
      ),
    ];
  }),
  request(
    "a body as long as its length",
    "lastbody: setbuf 0 0 99 1234 | lastresbody: setbuf 1 0 99 abcd | hold: 1 | reshold: 1",
    {
      body: ["abcd"],
      saysLength: true,
    },
  ),
  request("no body under its length", "lastbody: setbuf 0 0 99  | hold: 1", {
    body: ["abcd"],
    saysLength: true,
  }),
  request("a length that is made up", "request: set 0 content-length 9", {
    body: ["abcd"],
    saysLength: true,
  }),
  request("a length of a response that is made up", "response: set 2 content-length 9", { saysLength: true }),
  request(
    "an answer's body that is too long for its length",
    "request: reply 403 d no | lastresbody: setbuf 1 0 0 more",
  ),
  // Trailers.
  request("trailers", "trailers: get 1 t; pairs 1; set 1 t 2; add 1 u 3; del 1 v; size 1", {
    body: ["ab"],
    trailers: { t: "1", v: "1" },
  }),
  request(
    "trailers with a held body",
    "body: ret 1 | lastbody: ret 1 | trailers: buf 0 0 99; get 1 t | hold: 1",
    { body: ["ab"], trailers: { t: "1" } },
  ),
  request("trailers of a response", "restrailers: get 3 t; set 3 t 2; add 3 u 3; get 2 x-up", {
    want: "trailers",
  }),
  request("trailers made at the end of a body", "lastbody: add 1 t 1; get 1 t; size 1", { body: ["ab"] }),
  request("trailers made at the end of a response", "lastresbody: add 3 t 1; get 3 t"),
  // Answers.
  request(
    "an answer",
    "request: reply 429 wh%20y no x-r=1; get 0 x-a | response: get 2 :status; get 2 x-r; add 2 x-s 1; prop response/code_details | log: prop response/code_details",
    { headers: [["x-a", "1"]] },
  ),
  request("an answer overrules what is returned", "request: reply 403 d; ret 0 | response: get 2 :status"),
  request(
    "an answer without a body",
    "request: reply 204 d | response: get 2 content-length; get 2 content-type",
  ),
  request("a reply without a body that has one", "request: reply 204 d body x-a=1"),
  request("a reply to a response without a body that has one", "response: reply 304 d body"),
  request("a response that becomes one without a body, and has one", "response: set 2 :status 204"),
  request("the same, of 304", "response: set 2 :status 304"),
  request("one of 205 has its body", "response: set 2 :status 205"),
  request(
    "headers of a request that have gone on are written for nobody but the log",
    "request: ret 1 | body: set 0 x-a 2 | lastbody: set 0 x-a 1; pairs 0 | log: pairs 0",
    { body: ["ab"], plugin: "stops", headers: [["x-a", "0"]] },
  ),
  request(
    "the same of a response, and of its status",
    "response: ret 1 | resbody: set 2 :status 201 | lastresbody: set 2 x-up 2; pairs 2; set 2 :status 500; prop response/code | log: pairs 2; prop response/code; get 2 :status",
    { plugin: "stops" },
  ),
  request(
    "an answer with its own type",
    "request: reply 200 d {} content-type=application/json | response: get 2 content-type",
  ),
  request("an answer from a body", "lastbody: reply 400 d bad | response: get 2 :status | hold: 1", {
    body: ["ab"],
  }),
  request("an answer instead of a response", "response: reply 500 d own"),
  request(
    "an answer with a status of gRPC",
    "request: reply 200 d denied x-r=1 7 | response: get 2 :status; get 2 grpc-status; get 2 grpc-message",
    { headers: [["content-type", "application/grpc"]] },
  ),
  request(
    "an answer with headers that are not for it to say",
    "request: reply 403 d hello content-length=3&:status=200&:path=/&:x=1&x-a=1 | response: get 2 :status; get 2 content-length; get 2 :path; get 2 :x",
  ),
  request(
    "an answer without a body that says how long it is",
    "request: reply 200 d  content-length=3&content-type=a/b&x-a=1 | response: get 2 content-length; get 2 content-type",
  ),
  request(
    "an answer that says how it is sent",
    "request: reply 200 d hello transfer-encoding=chunked&connection=close&server=me | response: get 2 transfer-encoding; get 2 connection; get 2 server",
  ),
  request(
    "an answer instead of a response, with headers that are not for it to say",
    "response: reply 500 d own content-length=9&:status=201&:path=/&x-a=1",
  ),
  request(
    "an answer to gRPC with headers that are not for it to say",
    "request: reply 403 d denied :status=201&content-length=3&grpc-status=9&grpc-message=m&content-type=a/b&x-a=1 7 | response: get 2 :status; get 2 content-length; get 2 grpc-status; get 2 grpc-message; get 2 content-type",
    { headers: [["content-type", "application/grpc"]] },
  ),
  request(
    "an answer with two types",
    "request: reply 200 d hello content-type=a/b&content-type=c/d&Content-Type=e/f | response: get 2 content-type",
  ),
  request("bytes in an answer", "request: reply 200 d %FF%00z x-r=%FF%80"),
  request(
    "an answer to the headers of an own answer is in its place",
    "request: reply 403 d no x-a=1 | response: reply 500 e own; prop response/code | resbody: time | log: prop response/code; prop response/code_details; prop response/size; prop response/headers/x-a",
  ),
  request(
    "an answer to an own answer that is held is in its place",
    "lastbody: reply 403 d no | response: ret 1 | lastresbody: reply 500 e  | hold: 1",
    { plugin: "stops", body: ["ab"] },
  ),
  request(
    "the headers of an answer instead of a response, in the log",
    "response: reply 500 d own x-a=1 | log: pairs 2; get 2 :status; get 2 x-up; get 2 content-length",
  ),
  request(
    "the same of an own answer, by a tick",
    "request: reply 403 d no x-b=1 | response: tick 20; ret 1 | tick: tick 0; eff self; reply 500 d own x-a=1 | log: pairs 2; get 2 :status",
  ),
  request(
    "an answer to the body of an own answer breaks off",
    "request: reply 403 d no | lastresbody: reply 500 e own",
  ),
  request(
    "an answer to gRPC on its way",
    "request: reply 403 d no%20you x-a=1 | response: set 2 x-s 1; prop response/code; prop response/grpc_status | resbody: time | log: prop response/code; prop response/size",
    { headers: [["content-type", "application/grpc"]], body: ["ab"] },
  ),
  request(
    "an answer to an own answer by the answer to a call",
    `request: reply 403 d no | response: fetch service ${callout}   1000; ret 1 | call: eff self; reply 500 e own x-a=1 | resbody: time | log: prop response/code; prop response/code_details; prop response/size`,
  ),
  request(
    "an answer instead of a paused response by the answer to a call",
    `response: fetch service ${callout}   1000; ret 1 | call: eff self; reply 403 d no x-a=1 | resbody: time | log: prop response/code; prop response/headers/x-a`,
  ),
  ...(["path", "method"] as const).map((name) =>
    request(
      `what Envoy answers gRPC itself, to no ${name}`,
      `request: del 0 :${name} | response: get 2 grpc-status; get 2 grpc-message; prop response/code | log: prop response/code; prop response/grpc_status`,
      { headers: [["content-type", "application/grpc"]] },
    ),
  ),
  request(
    "what Envoy answers gRPC itself, to too large a body",
    "response: get 2 grpc-status; get 2 grpc-message; prop response/code | log: prop response/code | hold: 1",
    { headers: [["content-type", "application/grpc"]], body: ["x".repeat(1_200_000)] },
  ),
  request(
    "what Envoy answers gRPC itself, to too large a response",
    "response: ret 1 | log: prop response/code; prop response/grpc_status | reshold: 1",
    { headers: [["content-type", "application/grpc"]], want: "large", plugin: "stops" },
  ),
  request(
    "what Envoy answers gRPC itself, to no status",
    "response: del 2 :status | log: prop response/code; prop response/grpc_status",
    { headers: [["content-type", "application/grpc"]] },
  ),
  ...(["application/grpc", "application/grpc+proto"] as const).map((type) =>
    request(
      `an answer to ${type}, of which the filter makes another type`,
      "request: set 0 content-type text/plain; reply 403 d no | response: get 2 :status; get 2 grpc-status",
      { headers: [["content-type", type]] },
    ),
  ),
  ...(["application/grpc;a=b", "application/grpc-web"] as const).map((type) =>
    request(
      `an answer to ${type}, of which the filter makes gRPC`,
      "request: set 0 content-type application/grpc; reply 403 d no | response: get 2 :status; get 2 grpc-status",
      { headers: [["content-type", type]] },
    ),
  ),
  // HEAD.
  request(
    "a response to HEAD",
    "request: prop request/method | response: set 2 content-length 9 | resbody: time",
    {
      method: "HEAD",
    },
  ),
  request(
    "an answer to HEAD",
    "request: reply 403 d no | response: get 2 content-length; get 2 content-type | resbody: time | log: prop response/size; prop response/code",
    { method: "HEAD" },
  ),
  request("an answer to HEAD instead of a response", "response: reply 403 d no | log: prop response/size", {
    method: "HEAD",
  }),
  request(
    "HEAD, of which the filter makes GET",
    "request: set 0 :method GET; reply 403 d no | response: time",
    {
      method: "HEAD",
    },
  ),
  request(
    "GET, of which the filter makes HEAD",
    "request: set 0 :method HEAD; reply 403 d no | response: time",
  ),
  request(
    "HEAD, of which the response is paused",
    `response: fetch service ${callout}   1000; ret 1 | call: eff self; set 2 x-s 2; cont 1 | log: prop response/code`,
    { method: "HEAD" },
  ),
  // Pausing.
  request(
    "pause, and resume by a tick",
    "request: tick 20; ret 1 | tick: tick 0; eff self; get 0 x-a; set 0 x-a 2; cont 0; get 0 x-a | response: time",
    { headers: [["x-a", "1"]] },
  ),
  request(
    "pause, and answer by a tick",
    "request: tick 20; ret 1 | tick: tick 0; eff self; reply 403 d late | response: get 2 :status",
  ),
  request(
    "pause before a body",
    "request: tick 120; ret 1 | tick: tick 0; eff self; cont 0 | body: buf 0 0 9 | lastbody: buf 0 0 9",
    { body: ["ab"] },
  ),
  request(
    "pause a held body",
    "request: time | lastbody: tick 20; ret 1 | tick: tick 0; eff self; buf 0 0 99; setbuf 0 0 0 <; cont 0 | hold: 1",
    { body: ["ab"] },
  ),
  request(
    "pause before a body beyond the limit, and hold it: nothing more is read",
    "request: tick 200; ret 1 | tick: tick 0; eff self; cont 0 | response: time | hold: 1",
    { body: ["x".repeat(1_200_000)] },
  ),
  request(
    "pause a response",
    "response: tick 20; ret 1 | tick: tick 0; eff self; get 2 x-up; set 2 x-up 2; cont 1",
  ),
  request("streams that there are not", "request: cont 2; cont 3; cont 4; close 2; close 3; close 9"),
  request("let go before pausing", "request: cont 0; ret 1"),
  request("let go before pausing, with a body", "request: cont 0; ret 1 | body: buf 0 0 9 | lastbody: time", {
    body: ["ab", "cd"],
  }),
  request("let go a body before it has come", "body: cont 0; buf 0 0 9", { body: ["ab", "cd"] }),
  request("let go a body while more of it is held", "body: cont 0 | hold: 1", { body: ["ab", "cd"] }),
  request("let go all of a body before pausing", "lastbody: cont 0; ret 1 | hold: 1", { body: ["ab", "cd"] }),
  request(
    "let go the headers that are held, and hold the body",
    "request: ret 1 | body: cont 0; ret 1 | lastbody: pairs 0",
    { plugin: "stops", body: ["ab", "cd"] },
  ),
  request("let go trailers before pausing", "trailers: cont 0; ret 1", {
    body: ["ab"],
    trailers: { t: "1" },
  }),
  request("let go a response and go on", "response: cont 1 | resbody: buf 1 0 9 | lastresbody: time"),
  request("let go a response before pausing", "response: cont 1; ret 1", { plugin: "stops" }),
  request("let go an answer and go on", "request: reply 404 d none | response: cont 1"),
  request("let go a response's body before it has come", "resbody: cont 1"),
  request("hold an empty last piece of a body", "lastbody: ret 1", { body: ["ab"] }),
  request(
    "hold an empty last piece of a body, and let it go later",
    "lastbody: tick 20; ret 1 | tick: tick 0; eff self; cont 0",
    { body: ["ab"] },
  ),
  request("let go an empty last piece of a body before pausing", "lastbody: cont 0; ret 1", {
    body: ["ab"],
  }),
  request("the same where some of it was kept", "body: ret 2 | lastbody: cont 0; ret 1", { body: ["ab"] }),
  request("the same where its headers were held", "request: ret 1 | lastbody: cont 0; ret 1", {
    body: ["ab"],
    plugin: "stops",
  }),
  request("the same where none of it was kept", "body: ret 3 | lastbody: cont 0; ret 1", { body: ["ab"] }),
  request("hold an empty last piece of a response", "lastresbody: ret 1"),
  request(
    "hold an empty last piece of a response, and let it go later",
    "lastresbody: tick 20; ret 1 | tick: tick 0; eff self; cont 1",
  ),
  request("let go an empty last piece of a response before pausing", "lastresbody: cont 1; ret 1"),
  request("the same where the response's headers were held", "response: ret 1 | lastresbody: cont 1; ret 1", {
    plugin: "stops",
  }),
  request("let go what is over", "log: cont 0; cont 1 | done: cont 0; cont 1"),
  request(
    "an answer that is paused, and let go later",
    `request: reply 403 d no | response: fetch service ${callout}   1000; ret 1 | call: eff self; set 2 x-late 1; cont 1`,
  ),
  request(
    "the same of an answer that came late, with its request",
    `request: tick 20; ret 1 | tick: tick 0; eff self; reply 403 d no | response: fetch service ${callout}   1000; ret 1 | call: eff self; prop response/code_details; cont 0; cont 1`,
  ),
  request(
    "an answer that is paused, and reset later",
    `request: reply 403 d no | response: fetch service ${callout}   1000; ret 1 | call: eff self; close 0`,
  ),
  // Headers that every message has.
  request(
    "a response without a status",
    "response: del 2 :status; prop response/code | resbody: time | log: prop response/code; prop response/code_details; get 2 :status",
  ),
  request(
    "a status that is no number",
    "response: set 2 :status 200x; prop response/code | log: prop response/code; prop response/code_details",
  ),
  request("a status below those of answers", "response: set 2 :status 100 | log: prop response/code"),
  request("a status above all", "response: set 2 :status 99999 | log: prop response/code"),
  request("a status of another protocol", "response: set 2 :status 101"),
  request(
    "a status that has no name",
    "response: set 2 :status 999; prop response/code | log: prop response/code",
  ),
  request("an answer with a status below all", "request: reply 99 d a"),
  request(
    "the code of an answer, and of what is made of it",
    "request: reply 429 d x | response: prop response/code; set 2 :status 500 | log: prop response/code",
  ),
  request(
    "the code of an answer instead of a response",
    "response: reply 500 d own | log: prop response/code; prop response/code_details",
  ),
  request(
    "a request without a path",
    "request: del 0 :path | response: get 2 :status; prop response/code_details",
  ),
  request(
    "a request without a method",
    "request: del 0 :method | response: get 2 :status; prop response/code_details; prop response/code",
  ),
  request("a request without either", "request: del 0 :path; del 0 :method | response: get 2 :status"),
  request(
    "a body that is held until its trailers is whole there",
    "request: ret 1 | body: ret 1 | trailers: buf 0 0 99; set 0 x-a 2; setbuf 0 0 0 < | hold: 1",
    { plugin: "stops", body: ["ab", "cd"], trailers: { t: "1" }, headers: [["x-a", "1"]] },
  ),
  // Where the headers stop all, what has come meanwhile comes from within of what lets go.
  ...(["body", "resbody"] as const).flatMap((body) => {
    const [side, trailers, kind, hold] =
      body === "body" ? ["request", "trailers", 0, "hold"] : ["response", "restrailers", 1, "reshold"];
    const play = (end: string): string =>
      `${side}: tick 150; ret 1 | tick: tick 0; eff self; cont ${kind} | ${body}: buf ${kind} 0 99; ret 1 | ${trailers}: ${end} | ${hold}: 1`;
    const more =
      body === "body"
        ? ({ body: ["ab", "cd"], trailers: { t: "1" } } as const)
        : ({ want: "trailers" } as const);
    return [
      request(
        `a ${side} that has waited, whose body is paused until its trailers, which go on`,
        play("time"),
        more,
      ),
      request(
        `a ${side} that has waited, whose body is paused until its trailers, which write it`,
        play(`buf ${kind} 0 99; setbuf ${kind} 0 0 <`),
        more,
      ),
      request(
        `a ${side} that has waited, whose body and trailers are let go later`,
        play("tick 50; ret 1"),
        more,
      ),
    ];
  }),
  request(
    "a response that is paused goes with the first piece of its body that is not, and does not wait for an answer",
    `response: fetch service ${callout}&x-slow=400   1000; ret 1 | resbody: get 2 x-up; set 2 x-up 2 | lastresbody: get 2 x-up`,
    { plugin: "stops" },
  ),
  request("let another one go", "request: eff other; get 0 x-a; set 0 x-a 2; cont 0; eff self; get 0 x-a", {
    besideAnother: true,
    headers: [["x-a", "own"]],
  }),
  request("let another one go from its response", "response: eff other; cont 0; eff self; get 2 x-up", {
    besideAnother: true,
    want: "last",
  }),
  request("reset another one", "request: eff other; close 0; eff self; set 0 x-a 1", { besideAnother: true }),
  request(
    "an answer to another one stops the one that is asked about",
    "request: eff other; reply 403 d no; eff self; set 0 x-a 1",
    { besideAnother: true },
  ),
  request("reset by a tick", "request: tick 20; ret 1 | tick: tick 0; eff self; close 0"),
  // Contexts.
  request(
    "contexts that there are not",
    "request: eff 99999; eff 0; eff root; get 0 x-a; eff self; get 0 x-a; done; status",
    { headers: [["x-a", "1"]] },
  ),
  request(
    "a timer of the root",
    "request: tick 20; ret 1 | tick: tick 0; get 0 x-a; prop request/path; setprop a b; reply 200 d no; cont 0; eff self; cont 0",
    { headers: [["x-a", "1"]] },
  ),
  // Properties.
  request(
    "properties of a request",
    "request: prop request/path; prop request/url_path; prop request/host; prop request/method; prop request/query; prop request/headers/x-a; prop request/headers/x-none; prop request/none; prop none; prop none/deeper; prop request/protocol; prop request/scheme; prop request/size",
    { headers: [["x-a", "1"]] },
  ),
  request(
    "properties of a response",
    "response: prop request/path; propstat request/headers; prop request/method; prop request/headers/x-a; prop response/code; prop response/headers/x-up; prop response/code_details; prop response/none | log: prop response/code; propsize response/size; propsize response/flags; prop response/trailers/t",
  ),
  request(
    "properties of a response before it",
    "request: prop response/code; prop response/headers/x-up; propsize response/size",
  ),
  request(
    "properties of types",
    "request: propsize request/time; propsize request/size; prop connection/mtls; propsize connection/id; propsize source/port | log: propsize request/duration; propsize request/total_size",
  ),
  request(
    "the query of a path with several marks",
    "request: set 0 :path /a?b?c=1; prop request/query; prop request/url_path; set 0 :path /a?b#c?d; prop request/query; prop request/url_path; set 0 :path /a#b?c; prop request/query; prop request/url_path; set 0 :path /a; prop request/query; set 0 :path /a?; prop request/query; set 0 :path /p",
  ),
  request(
    "headers of several values as properties",
    "request: prop request/headers/x-a; prop request/headers/X-A; prop request/headers/cookie; prop request/headers/x-e; prop request/headers/host; prop request/headers/:path | response: add 2 x-b 1; add 2 x-b 2; add 2 set-cookie a=1; add 2 set-cookie b=2; prop response/headers/x-b; prop response/headers/set-cookie; prop response/headers/:status | restrailers: add 3 t 2; prop response/trailers/t | log: prop request/headers/x-a; prop response/headers/x-b; prop response/trailers/t",
    {
      headers: [
        ["x-a", "1"],
        ["x-a", "2"],
        ["cookie", "a=1"],
        ["cookie", "b=2"],
        ["x-e", ""],
      ],
      want: "trailers",
    },
  ),
  request(
    "how much of a request has come",
    "request: propsize request/total_size | body: prop request/size; prop request/total_size; setbuf 0 0 2 | lastbody: setbuf 0 0 99 other; prop request/size | response: prop request/size; prop request/total_size | log: prop request/size; propsize request/total_size",
    { body: ["abc", "defg"] },
  ),
  request(
    "how much of a request has come that is held",
    "body: prop request/size | lastbody: setbuf 0 0 99 other; prop request/size | log: prop request/size | hold: 1",
    { body: ["abc", "defg"] },
  ),
  request(
    "how much of a response has gone on",
    "request: prop response/total_size | response: prop response/size; propsize response/total_size | resbody: prop response/size; prop response/total_size | restrailers: prop response/size; prop response/total_size | log: prop response/size; propsize response/total_size",
    { want: "trailers" },
  ),
  request(
    "the trailers of a response as properties",
    "request: propsize response/trailers | response: propsize response/trailers; prop response/trailers/t | resbody: propsize response/trailers; prop response/trailers/t | restrailers: propsize response/trailers; prop response/trailers/t; prop response/trailers/T; prop response/trailers/none; prop response/trailers/t/deeper | log: propsize response/trailers; prop response/trailers/t",
    { want: "trailers" },
  ),
  request(
    "the status of gRPC of an answer that says none",
    "request: prop response/grpc_status | response: prop response/grpc_status; set 2 :status 404; prop response/grpc_status | resbody: prop response/grpc_status | log: prop response/grpc_status",
  ),
  request(
    "the status of gRPC in headers",
    "response: set 2 grpc-status 7; prop response/grpc_status; set 2 grpc-status 16; prop response/grpc_status; set 2 grpc-status 17; prop response/grpc_status; set 2 grpc-status -1; prop response/grpc_status; set 2 grpc-status x; prop response/grpc_status; set 2 grpc-status 7x; prop response/grpc_status; set 2 grpc-status 0x7; prop response/grpc_status; set 2 grpc-status ; prop response/grpc_status; set 2 grpc-status +05; prop response/grpc_status | resbody: prop response/grpc_status | log: prop response/grpc_status",
  ),
  request(
    "the status of gRPC in trailers",
    "response: set 2 grpc-status 7; prop response/grpc_status | resbody: prop response/grpc_status | restrailers: prop response/grpc_status; set 3 grpc-status 5; prop response/grpc_status | log: prop response/grpc_status",
    { want: "trailers" },
  ),
  request(
    "the status of gRPC of the filter's own answers",
    "request: reply 503 d x | response: prop response/grpc_status | log: prop response/grpc_status",
  ),
  request(
    "the status of gRPC of the filter's own answer to a call",
    "request: reply 503 d x  9 | response: prop response/grpc_status | log: prop response/grpc_status",
    { headers: [["content-type", "application/grpc"]] },
  ),
  request(
    "the status of gRPC with a sign",
    "response: set 2 grpc-status -0; prop response/grpc_status; set 2 grpc-status +; prop response/grpc_status; set 2 grpc-status 00; prop response/grpc_status; set 2 grpc-status 18446744073709551617; prop response/grpc_status",
  ),
  request(
    "a path that is no UTF-8, and none, as properties",
    "request: set 0 :path %FF?%FE; prop request/path; prop request/url_path; prop request/query; del 0 :path; prop request/path; prop request/url_path; prop request/query | response: prop request/query | log: prop request/path; prop request/url_path; prop request/query",
  ),
  request(
    "the flags of what Envoy answers itself, to no path",
    "request: prop response/flags; del 0 :path | response: prop response/flags | log: prop response/flags; prop response/size",
  ),
  request(
    "the flags of what Envoy answers itself, to no method",
    "request: del 0 :method | log: prop response/flags; prop response/size",
  ),
  request(
    "what there is of an answer instead of a response",
    "response: reply 500 own hello x-a=1; prop response/size; prop response/code | log: prop response/size; prop response/code; prop response/flags; prop response/headers/x-a; prop response/headers/x-up; prop response/trailers/t; prop response/grpc_status",
    { want: "trailers" },
  ),
  request(
    "the same where its trailers have come",
    "response: ret 1 | restrailers: reply 500 own hello | log: prop response/code; prop response/trailers/t; prop response/size | reshold: 1",
    { want: "trailers", plugin: "stops" },
  ),
  request(
    "the code of a response that breaks off",
    "lastresbody: reply 500 own x | log: prop response/code; prop response/code_details; prop response/size",
  ),
  request(
    "the code of a response that becomes too large when its headers have gone",
    "log: prop response/code; prop response/code_details; prop response/size | reshold: 1",
    { want: "large" },
  ),
  request(
    "the details of a request that is reset",
    "request: prop response/code_details; close 0; prop response/code_details; prop response/code | log: prop response/code_details; prop response/code",
  ),
  request(
    "the details of a request that is reset by its body",
    "body: close 0 | log: prop response/code_details",
    {
      body: ["ab"],
    },
  ),
  request(
    "the details of a response that is reset",
    "response: close 1; prop response/code_details | log: prop response/code_details; prop response/code",
  ),
  request(
    "filter state as properties",
    "request: setprop a %FF; prop filter_state/wasm.a; prop filter_state/wasm.a/b; prop filter_state/a; prop wasm.a; foreign set_envoy_filter_state %0A%17envoy.tcp_proxy.cluster%12%01a; prop filter_state/envoy.tcp_proxy.cluster; prop envoy.tcp_proxy.cluster; propstat filter_state; propstat xds | log: prop filter_state/wasm.a",
  ),
  request(
    "the plugin's own",
    "request: prop plugin_name; prop plugin_root_id; prop plugin_vm_id; prop plugin_name/deeper",
  ),
  request(
    "set a property",
    "request: prop tag; setprop tag v; prop tag; prop tag/deeper; setprop tag w; prop tag | log: prop tag",
  ),
  request(
    "properties whose names have points",
    "request: prop metadata/filter_metadata/com.acme.tier/user; prop metadata/filter_metadata/com/acme/tier/user; prop metadata.filter_metadata.com.acme.tier.user; prop request/headers/x.y; prop request/headers/x/y; prop request.path; prop request/headers/x.y/z; setprop a.b v; prop a.b; prop a/b; setprop c/d w; prop c/d; prop c | log: prop a.b; prop metadata/filter_metadata/com.acme.tier/user",
    { headers: [["x.y", "1"]] },
  ),
  request(
    "properties that are numbers, lists, and maps of maps",
    "request: prop metadata/filter_metadata/com.acme.tier; prop metadata/filter_metadata/deep/n; prop metadata/filter_metadata/deep/yes; prop metadata/filter_metadata/deep/list; prop metadata/filter_metadata/deep/list/a; prop metadata/filter_metadata/deep/map; prop metadata/filter_metadata/deep/map/k; prop metadata/filter_metadata/deep/map/k/deeper; prop metadata/filter_metadata/deep/map/k/deeper/no; prop metadata/filter_metadata/deep/no; prop metadata/filter_metadata/no | log: prop metadata/filter_metadata/deep/map",
  ),
  request(
    "metadata of the route",
    "request: prop xds/route_metadata/filter_metadata; prop xds/route_metadata/filter_metadata/com.acme; prop xds/route_metadata/filter_metadata/com.acme/tier",
  ),
  request(
    "what an Envoy knows of itself",
    "request: prop xds/node/id; prop xds/node/metadata; prop xds/node/metadata/NAME; prop xds/node/metadata/no; prop node/id; prop node/metadata; tick 20; ret 1 | tick: tick 0; prop xds/node/id; prop xds/node/metadata; propstat request/path; eff self; cont 0",
  ),
  request(
    "a property's path",
    "request: prop ; prop request/; prop /; setprop request v; prop request/path; propsize request; propstat request/headers; propstat response/headers; prop source",
  ),
  request("the environment", "request: environ"),
  // Shared data, queues.
  request(
    "shared data",
    "request: sget k; sset k a max; sset k b max; sget k; sset k c cas; sset k d cas; sset k e 0; sget k",
  ),
  request("shared data, empty", "request: sset e  0; sget e; sset  v 0; sget "),
  request("shared data of another VM", "request: sget k; sset k other 0; sget k", { plugin: "other" }),
  request(
    "queues",
    "request: qres none q; qpush 999 v; qpop 999; qreg mine; qpop last; qres vm mine; qres  mine",
  ),
  request(
    "a queue tells",
    "request: qreg mine; qpush last a; qpush last b; ret 1 | queue: qpop last; qpop last; qpop last; eff self; cont 0",
  ),
  request("a queue of another VM", "request: qres vm mine; qpush last x; qpop last; qpop last", {
    plugin: "other",
  }),
  // Metrics.
  request("a counter", "request: mdef 0 c; minc last 2; minc last 0; minc last -1; mrec last 3; mget last"),
  request("a gauge", "request: mdef 1 g; minc last 5; minc last -2; mget last; mrec last 9; mget last"),
  request("a histogram", "request: mdef 2 h; mrec last 5; minc last 1; mget last"),
  request(
    "metrics that there are not",
    "request: mdef 3 x; minc 4000 1; mrec 4000 1; mget 4000; mget 4001; minc 4002 1; mrec 4002 1; mget 4003",
  ),
  request("a metric defined again", "request: mdef 0 c; mget last; mdef 0 c; minc last 1; mget last"),
  // HTTP callouts.
  request(
    "a callout",
    `request: fetch service ${callout}&x-a=1 body  1000; ret 1 | call: get 6 :status; get 6 x-fetched; buf 4 0 99; bufstat 4; get 7 t; pairs 7; add 6 a 1; size 6; status; eff self; get 0 x-a; cont 0`,
    { headers: [["x-a", "1"]] },
  ),
  request(
    "a callout's trailers",
    `request: fetch service ${callout}&x-want=trailers  t=1 1000; ret 1 | call: get 7 t; buf 4 0 9; eff self; cont 0`,
  ),
  request(
    "a callout that is answered with an answer",
    `request: fetch service ${callout}   1000; ret 1 | call: eff self; reply 401 d no x-r=1 | response: get 2 :status`,
  ),
  request("a callout to nobody", `request: fetch none ${callout}   1000; fetch  ${callout}   1000`),
  request(
    "a callout that lacks a header",
    "request: fetch service :method=GET&:path=/   100; fetch service :path=/&:authority=a   100; fetch service :method=GET&:authority=a   100; fetch service    100",
  ),
  request(
    "a callout without a timeout",
    `request: fetch service ${callout}   0; fetch service ${callout}   -1; ret 1 | call: get 6 :status; eff self; cont 0`,
  ),
  request(
    "a callout that takes too long",
    `request: fetch service ${callout}&x-slow=400   100; ret 1 | call: get 6 :status; buf 4 0 99; get 6 content-type; status; eff self; cont 0`,
  ),
  request(
    "a callout whose answer breaks off",
    `request: fetch service ${callout}&x-break=1   1000; ret 1 | call: get 6 :status; pairs 6; buf 4 0 9; status; eff self; cont 0`,
  ),
  request(
    "a callout after its stream has gone",
    `log: fetch service ${callout}&x-slow=30   1000 | call: eff self; get 6 :status`,
  ),
  request(
    "two callouts",
    `request: fetch service ${callout}   1000; ret 1 | call: eff self; set 0 x-a 1; cont 0`,
  ),
  // gRPC.
  request(
    "a call",
    "request: gcall grpc probe.Probe Echo hello x-m=1 1000; ret 1 | gmessage: buf 5 0 99; eff self; cont 0 | gmetadata: get 4 x-init | gclose: status",
  ),
  request(
    "a call that fails",
    "request: gcall grpc probe.Probe Fail hello  1000; ret 1 | gclose: status; eff self; cont 0",
  ),
  request(
    "a call that takes too long",
    "request: gcall silent probe.Probe Echo hello  100; ret 1 | gclose: status; eff self; cont 0",
  ),
  request(
    "a call to nobody",
    "request: gcall none probe.Probe Echo hello  1000; gstream none probe.Probe Chat",
  ),
  request(
    "a stream",
    "request: gstream grpc probe.Probe Chat x-m=1; gsend last hello 0; ret 1 | gmetadata: get 4 x-init | gmessage: buf 5 0 99; gsend last  1 | gtrailers: get 5 x-trail | gclose: status; eff self; cont 0",
  ),
  request(
    "ids of gRPC that there are not",
    "request: gsend 4 a 0; gsend 5 a 0; gsend 4002 a 0; gcancel 4; gcancel 4001; gcancel 4002; gclose 4; gclose 4001; gclose 4002; gsend 3 a 0",
  ),
  request(
    "a call that is cancelled",
    "request: gcall grpc probe.Probe Echo hello  1000; gcancel last; gcancel last; gclose last",
  ),
  request(
    "a stream that is cancelled",
    "request: gstream grpc probe.Probe Chat; gcancel last; gsend last a 0; gclose last",
  ),
  // Foreign functions.
  request(
    "foreign functions",
    "request: foreign clear_route_cache ; foreign none a; foreign0 clear_route_cache ",
  ),
  request(
    "compress and back",
    "request: foreign0 compress aaaa; foreign uncompress x; foreign uncompress %78%9C%4B%4C%4C%4C%04%00%03%CE%01%85",
  ),
  request(
    "declare a property",
    "request: foreign declare_property %0A%03dec%10%01%18%01; foreign declare_property %0A%03dec; setprop dec a; setprop dec b; prop dec; foreign declare_property %FF",
  ),
  request(
    "filter state",
    "request: foreign set_envoy_filter_state %0A%04none%12%01a; foreign set_envoy_filter_state %FF; foreign set_envoy_filter_state %0A%17envoy.tcp_proxy.cluster%12%01a",
  ),
  // The rest.
  request("pointers that lead out of memory", "request: badptr; badout x-play"),
  request(
    "log levels",
    "request: loglevel; log 0 trace; log 1 debug; log 2 info; log 5 critical; log 6 none",
  ),
  request("the clock", "request: time"),
  request(
    "random bytes, up to 64 KiB at a time, and never outside of memory",
    "request: random 0; random 16; random 65536; random 65537; random 16 out; random 65537 out",
  ),
  request("memory", "request: grow 1; grow 20000"),
  // TCP.
  request(
    "a connection",
    "down: buf 2 0 4; bufstat 2; get 0 a; prop source/none | up: buf 3 0 9; bufstat 3 | closed: buf 2 0 9 | log: time",
    { tcp: ["abc"] },
  ),
  request(
    "a connection's data, changed",
    "down: setbuf 2 0 4 DOWN; setbuf 2 9999 0 end; setbuf 2 1 1 x | up: setbuf 3 0 0 <",
    { tcp: [] },
  ),
  request("a connection that the filter closes", "down: close 2; reply 200 d no | closed: time", { tcp: [] }),
  request("the same by the server's side", "down: close 3 | upclosed: time | closed: time", { tcp: [] }),
  request("a connection closed at what the server sends", "up: bufstat 3; close 2 | closed: time", {
    tcp: ["abc"],
  }),
  request("what a server sends, held", "up: ret 1; bufstat 3 | closed: time", { tcp: ["abc", "de"] }),
  request(
    "properties of a connection",
    "down: prop request/path; prop request/size; propstat request/time; propstat request/duration; prop request/total_size; prop request/headers; prop request/headers/a; prop request/protocol; prop request/query; prop response/code; prop response/code_details; prop response/flags; prop response/size; prop response/total_size; prop response/grpc_status; prop response/headers; prop response/trailers; prop plugin_name; prop xds/node/id; setprop a b; prop a; prop wasm.a; prop filter_state/wasm.a | log: prop a; prop filter_state/wasm.a; prop request/size; propstat request/time; propstat request/duration; prop response/size; prop response/flags; prop response/code",
    { tcp: ["abc"] },
  ),
  request(
    "filter state of a connection",
    "down: foreign set_envoy_filter_state %0A%17envoy.tcp_proxy.cluster%12%01a; prop filter_state/envoy.tcp_proxy.cluster; foreign set_envoy_filter_state %0A%04none%12%01a; propstat filter_state",
    { tcp: [] },
  ),
  request(
    "a connection that is held, and let go by a tick",
    "down: tick 20; ret 1 | tick: tick 0; eff self; setbuf 2 0 4 X; cont 2; bufstat 2 | up: bufstat 3",
    { tcp: ["abc"] },
  ),
  request(
    "a connection closed by a tick",
    "down: tick 20; ret 1 | tick: tick 0; eff self; close 2; bufstat 2 | closed: bufstat 2",
    { tcp: ["a"] },
  ),
  request(
    "a connection closed by the answer to a call",
    `down: fetch service ${callout}   1000; ret 1 | call: eff self; close 3 | closed: bufstat 2`,
    { tcp: [] },
  ),
  request(
    "a connection that the client ends",
    "down: bufstat 2 | lastdown: bufstat 2; buf 2 0 9 | up: bufstat 3 | upclosed: time | closed: bufstat 2 | done: time | log: time",
    { tcp: ["abc"], end: "client" },
  ),
  request(
    "a connection that the server ends",
    "down: bufstat 2 | lastdown: bufstat 2 | up: bufstat 3 | upclosed: bufstat 3 | closed: bufstat 2; bufstat 3",
    { tcp: ["abc"], end: "service" },
  ),
  request(
    "the client's end, held, and let go by a tick",
    "lastdown: tick 20; ret 1 | tick: tick 0; eff self; cont 2 | up: bufstat 3 | upclosed: time | closed: time",
    { tcp: ["abc"], end: "client" },
  ),
  request("the server's end, held", "up: ret 1; bufstat 3 | upclosed: bufstat 3 | closed: bufstat 3", {
    tcp: ["abc"],
    end: "service",
  }),
  request(
    "the client's end, and what the server sends held",
    "up: ret 1 | upclosed: time | closed: bufstat 3",
    {
      tcp: ["abc"],
      end: "client",
    },
  ),
  request("a connection closed at the client's end", "lastdown: close 2 | upclosed: time | closed: time", {
    tcp: ["abc"],
    end: "client",
  }),
  request("a connection closed at the server's end", "upclosed: close 2 | closed: time", {
    tcp: ["abc"],
    end: "service",
  }),
  request(
    "a connection let go by the answer to a call",
    `down: fetch service ${callout}   1000; ret 1 | call: eff self; cont 2`,
    { tcp: ["abc"] },
  ),
  request(
    "what is held of a connection, let go with the client's end",
    "down: setbuf 2 9999 0 x; ret 1 | lastdown: cont 2",
    { tcp: ["abc", "de"], end: "client" },
  ),
  // Failing.
  request("a trap, closed", "request: trap", { plugin: "closed" }),
  request("after a trap, closed", "request: time", { plugin: "closed" }),
  request("a trap, open", "request: trap", { plugin: "open" }),
  request("after a trap, open", "request: time", { plugin: "open" }),
  request("a trap, reload", "request: trap", { plugin: "reload" }),
  request("after a trap, reload", "request: time", { plugin: "reload" }),
  request("a trap on a response", "response: trap", { plugin: "reload" }),
  request("a trap on a response that has gone on", "resbody: trap", { plugin: "reload" }),
  request("a trap on gRPC", "request: trap", {
    plugin: "reload",
    headers: [["content-type", "application/grpc"]],
  }),
  request("a trap on a response of gRPC", "response: trap", {
    plugin: "reload",
    headers: [["content-type", "application/grpc"]],
  }),
  request("a trap on an own answer", "request: reply 403 d no | response: trap", { plugin: "reload" }),
];
