import fc from "fast-check";
import { type Bytes, ofArray, utf8 } from "../bytes.ts";
import type { Header, Response } from "../exchange.ts";
import * as words from "./words.ts";

/** A request of some call, and how it is answered. */
export interface RequestDraft {
  /** Which of the mesh's calls it is, modulo their number. */
  readonly call: number;
  readonly version: string;
  readonly headers: readonly Header[];
  readonly body?: Bytes;
  readonly arrives: Arrives;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly response: Response;
  readonly answerArrives: Arrives;
  readonly fate: Fate;
  /** Since the one before. */
  readonly passedMs: number;
  /** How many others are still under way when it is answered. */
  readonly underWay: number;
}

/** How a message comes in. */
export interface Arrives {
  /** Where its body is cut in pieces, modulo its length. */
  readonly cuts: readonly number[];
  /** What it ends with. */
  readonly trailers: boolean;
}

/** How far it gets: `cutOff` says that the caller or the service is gone in the midst of the request, or of the answer. */
export type Fate = "answered" | "requestCutOff" | "unanswered" | "answerCutOff";

const arrives: fc.Arbitrary<Arrives> = fc.record({
  cuts: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 10_000 }), { maxLength: 4 })),
  trailers: fc.constantFrom(false, false, true),
});

const long = "0123456789abcdef".repeat(64);

const value: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...words.texts).map(utf8) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...words.oddValues).map((bytes) => ofArray(Uint8Array.from(bytes))),
  },
  // Anything but what ends a header.
  {
    weight: 2,
    arbitrary: fc
      .uint8Array({ maxLength: 12 })
      .map((bytes) => ofArray(bytes.map((byte) => ([0, 10, 13].includes(byte) ? 46 : byte)))),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 9000 }).map((length) => long.repeat(9).slice(0, length)),
  },
);

const header: fc.Arbitrary<Header> = fc.tuple(
  fc.constantFrom(...words.headerNames).map((name) => name.toLowerCase()),
  value,
);

const body: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...words.bodies).map(utf8) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map(ofArray) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }).map(utf8) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 2000 })
      .map((length) => `{"id":"${long.repeat(2).slice(0, length)}"}`),
  },
);

const claims = fc.constantFrom<Readonly<Record<string, unknown>> | undefined>(
  undefined,
  undefined,
  { sub: "a", role: "ab", n: 10, groups: ["a", "b"], nested: { x: "1" } },
  { sub: "", n: 1.5, groups: [], nested: {} },
);

const response: fc.Arbitrary<Response> = fc
  .record({
    status: fc.constantFrom(200, 200, 204, 404, 429, 500, 503),
    headers: fc.array(header, { maxLength: 4 }),
    grpc: fc.constantFrom(undefined, undefined, "0", "14"),
    body: fc.option(body, { nil: undefined }),
  })
  .map(({ status, headers, grpc, body: content }) => ({
    status,
    headers: [...headers, ...(grpc === undefined ? [] : [["grpc-status", grpc] as const])],
    // A 204 has none: Envoy takes one that has for no answer.
    ...(content === undefined || status === 204 ? {} : { body: content }),
  }));

/** As the id of a request: any text that is a header's. */
function legal(text: string): Bytes {
  return text.replace(/[\0\r\n]/g, ".");
}

const deadlines = [
  "",
  "k=v",
  "wire-deadline=1700000000500",
  "k=v,wire-deadline=1700000100000",
  "wire-deadline=x, k=v;p=1",
];

/** A request, with headers that come several times or not at all, of any bytes. */
export const request: fc.Arbitrary<RequestDraft> = fc
  .record({
    call: fc.nat({ max: 100 }),
    version: fc.constantFrom(...words.versions),
    method: fc.constantFrom("GET", "POST", "PUT"),
    path: fc.constantFrom(...words.paths),
    host: fc.constantFrom("b", "a", "b:8080", "example.com"),
    id: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(undefined, "") },
      { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 8, unit: "binary-ascii" }).map(legal) },
    ),
    baggage: fc.constantFrom(undefined, undefined, ...deadlines),
    headers: fc.array(header, { maxLength: 6 }),
    body: fc.option(body, { nil: undefined }),
    arrives,
    claims,
    response,
    answerArrives: arrives,
    fate: fc.oneof(
      { weight: 9, arbitrary: fc.constant<Fate>("answered") },
      { weight: 1, arbitrary: fc.constantFrom<Fate>("requestCutOff", "unanswered", "answerCutOff") },
    ),
    underWay: fc.constantFrom(0, 0, 1, 3),
    passedMs: fc.constantFrom(0, 0, 1, 250, 500, 1000, 60_000),
  })
  .map(({ method, path, host, id, baggage, headers, body: content, claims: claimed, ...rest }) => ({
    ...rest,
    headers: [
      [":method", method],
      [":path", path],
      [":authority", host],
      ...(id === undefined ? [] : [["x-request-id", id] as const]),
      ...(baggage === undefined ? [] : [["baggage", baggage] as const]),
      ...headers,
    ],
    ...(content === undefined ? {} : { body: content }),
    ...(claimed === undefined ? {} : { claims: claimed }),
  }));
