import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { filterModule } from "./filter.test-helper.ts";
import { createHost, type Host } from "./index.ts";

/** What a callback returns, where there is one. */
const results = ["none", "Flow", "void"] as const;
type Result = (typeof results)[number];
type Callbacks = Readonly<Record<"headers" | "body" | "trailers", Result>>;

/** What comes: headers, then these pieces, then trailers; without either, the headers are the last. */
const messages: readonly { readonly pieces: readonly string[]; readonly trailers: boolean }[] = [
  { pieces: [], trailers: false },
  { pieces: ["a"], trailers: false },
  { pieces: ["a", "b"], trailers: false },
  { pieces: ["a", ""], trailers: false },
  { pieces: [""], trailers: false },
  { pieces: [], trailers: true },
  { pieces: ["a"], trailers: true },
];
type Message = (typeof messages)[number];

/** What is done for the headers, each piece and the trailers: as bits, whether it is paused and whether it is let go at once. */
type Acts = readonly [number, number, number, number];
const PAUSES = 1;
const LETS_GO = 2;

/** A filter that does so, as `plan` says, and has a call under way at all times whose answer lets the request go. */
const filter = ({ headers, body, trailers }: Callbacks): string => {
  const callback = (name: string, parameters: string, which: string, result: Result): string =>
    result === "none"
      ? ""
      : `export function ${name}(request: Request${parameters}): ${result} {
  const act = actOn(request, ${which});
  ${result === "void" ? "" : `return (act & ${PAUSES}) != 0 ? Flow.Pause : Flow.Continue;`}
}
`;
  return `class State { pieces: i32 = 0; asks: i32 = 0; }
const states = new PerStream<State>();
function answered(request: Request, answer: Answer): void {
  request.fetch({ cluster: "auth" }, answered);
  request.resume();
}
function actOn(request: Request, which: i32): i32 {
  const state = states.of(request);
  if (state.asks++ == 0) request.fetch({ cluster: "auth" }, answered);
  const act = properties.get("plan")!.charCodeAt(which) - 48;
  if ((act & ${LETS_GO}) != 0) request.resume();
  return act;
}
${callback("onRequest", "", "0", headers)}${callback("onRequestBody", ", size: u32, last: bool", "1 + states.of(request).pieces++", body)}${callback("onRequestTrailers", "", "3", trailers)}`;
};

/** What has gone on: whether the headers have, so much of the body, and whether all has. */
type Gone = readonly [string, boolean];

/** What has to go on, by what a filter may mean. `answers` says behind which parts, as bits, an answer comes. */
function expected(callbacks: Callbacks, acts: Acts, message: Message, answers: number, holds: boolean): Gone {
  let gone = "";
  let hasEnded = false;
  let waits: string | undefined;
  let endWaits = false;
  let isStopped = false;
  let seen = 0;
  let later: (() => void)[] = [];
  const goOn = (piece: string, isLast: boolean): void => {
    gone += (waits ?? "") + piece;
    hasEnded ||= endWaits || isLast;
    waits = undefined;
    endWaits = false;
  };
  const take = (piece: string, isLast: boolean, pauses: boolean): void => {
    if (pauses) {
      waits = (waits ?? "") + piece;
      endWaits ||= isLast;
    } else goOn(piece, isLast);
  };
  const pauses = (result: Result, act: number): boolean => result === "Flow" && act === PAUSES;
  const takePiece = (piece: string, isLast: boolean): void =>
    take(piece, isLast, callbacks.body !== "none" && pauses(callbacks.body, acts[1 + seen++] ?? 0));
  const takeTrailers = (): void => {
    const { body, trailers } = callbacks;
    take("", true, trailers === "none" ? body !== "none" && waits !== undefined : pauses(trailers, acts[3]));
  };
  const answer = (): void => {
    if (waits === undefined) return;
    goOn("", false);
    if (!isStopped) return;
    isStopped = false;
    for (const each of later) each();
  };
  const { pieces, trailers } = message;
  const stopsAll = pauses(callbacks.headers, acts[0]);
  take("", pieces.length === 0 && !trailers, stopsAll);
  isStopped = stopsAll && (callbacks.body === "none" || !holds);
  if (answers & 1) answer();
  // What comes while all is stopped comes as one.
  let together = "";
  pieces.forEach((piece, index) => {
    const isLast = index === pieces.length - 1 && !trailers;
    together += piece;
    if (!isStopped) takePiece(piece, isLast);
    else {
      const whole = together;
      later = [() => takePiece(whole, isLast)];
    }
    if (answers & (2 << index)) answer();
  });
  if (trailers) {
    if (isStopped) later.push(takeTrailers);
    else takeTrailers();
  }
  if (answers & (2 << pieces.length)) answer();
  return [gone, hasEnded];
}

/** All acts that there are for a message. */
function actsOf({ headers, body, trailers }: Callbacks, message: Message): readonly Acts[] {
  const of = (result: Result, comes: boolean): readonly number[] =>
    !comes || result === "none"
      ? [0]
      : result === "void"
        ? [0, LETS_GO]
        : [0, PAUSES, LETS_GO, PAUSES | LETS_GO];
  const { length } = message.pieces;
  return of(headers, true).flatMap((first) =>
    of(body, length > 0).flatMap((one) =>
      of(body, length > 1).flatMap((two) =>
        of(trailers, message.trailers).map((last): Acts => [first, one, two, last]),
      ),
    ),
  );
}

/** What is seen to go on. */
function played(host: Host, acts: Acts, { pieces, trailers }: Message, answers: number): Gone {
  const isWhole = pieces.length === 0 && !trailers;
  const stream = host.open({ properties: { plan: acts.join("") }, isUnfinished: !isWhole });
  const answer = (place: number): void => {
    if (answers & (1 << place)) host.fetches.at(-1)?.answer();
  };
  answer(0);
  pieces.forEach((piece, index) => {
    stream.send({ body: piece, isUnfinished: trailers || index < pieces.length - 1 });
    answer(1 + index);
  });
  if (trailers) stream.send({ trailers: [["t", "1"]] });
  answer(1 + pieces.length);
  const { requestBody, action } = stream.result();
  stream.end();
  return [requestBody, action === "continue"];
}

const shapes = results.flatMap((headers) => results.map((body) => ({ headers, body })));

test.each(shapes)(
  "what is paused goes on once it is let go, not before: headers $headers, body $body",
  {
    timeout: 120_000,
  },
  async ({ headers, body }) => {
    const found: string[] = [];
    for (const trailers of results) {
      const callbacks = { headers, body, trailers };
      if (Object.values(callbacks).every((result) => result === "none")) continue;
      const bytes = await filterModule(filter(callbacks));
      for (const holds of [false, true])
        for (const message of messages) {
          const host = createHost(bytes, { allowOnHeadersStopIteration: holds });
          host.onFetch("auth");
          const places = message.pieces.length + 2;
          // None comes, one behind each part, and one behind all of them.
          const answered = [
            0,
            ...Array.from({ length: places }, (_, place) => 1 << place),
            (1 << places) - 1,
          ];
          for (const acts of actsOf(callbacks, message))
            for (const answers of answered) {
              const gone = played(host, acts, message, answers);
              const wanted = expected(callbacks, acts, message, answers, holds);
              if (!isDeepStrictEqual(gone, wanted))
                found.push(JSON.stringify({ callbacks, holds, message, acts, answers, gone, wanted }));
            }
          expect(host.failure).toBeNull();
        }
    }
    expect(found).toEqual([]);
  },
);
