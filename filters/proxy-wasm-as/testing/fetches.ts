import { bytesOf, textOf } from "./bytes.ts";
import { checkAnswer } from "./check-input.ts";
import type { Timer } from "./event-loop.ts";
import { type BytePair, createHeaderMap, type Header, type HeaderMap } from "./header-map.ts";

/** What a cluster answers to an HTTP callout. */
export interface FetchAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array;
  readonly trailers?: readonly Header[];
}

/** An HTTP callout of the filter's. It stays open until it is answered, fails or takes too long. */
export interface Fetch {
  readonly cluster: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly bodyBytes: Uint8Array;
  readonly trailers: readonly (readonly [string, string])[];
  /** In milliseconds; 0 is none. */
  readonly timeoutMs: number;
  readonly isOpen: boolean;
  answer(answer?: FetchAnswer): void;
  /** The connection breaks off before the answer is whole, so that the filter is told of no headers. */
  fail(): void;
}

/** Answers the callouts to a cluster: at once, with `"fail"` not at all, or, with nothing, when the test does it. */
export type FetchHandler = (fetch: Fetch) => FetchAnswer | "fail" | undefined;

/** What the filter gets to see of an answer. */
export interface Fetched {
  readonly headers: HeaderMap;
  readonly body: Uint8Array;
  readonly trailers: HeaderMap | null;
}

/** What a callout needs besides itself. */
export interface FetchSetting {
  readonly cluster: string;
  readonly headers: HeaderMap;
  readonly body: Uint8Array;
  readonly trailers: readonly BytePair[];
  readonly timeoutMs: number;
  /** Once: with the answer, or null when it failed. */
  readonly done: (answer: Fetched | null) => void;
  after(nanoseconds: bigint, run: () => void): Timer;
}

export function createFetch(setting: FetchSetting): Fetch {
  const { timeoutMs } = setting;
  let isOpen = true;
  const end = (answer: Fetched | null): void => {
    if (!isOpen) return;
    isOpen = false;
    timer?.cancel();
    setting.done(answer);
  };
  const fetch: Fetch = {
    cluster: setting.cluster,
    headers: textPairs(setting.headers.bytePairs),
    body: textOf(setting.body),
    bodyBytes: setting.body,
    trailers: textPairs(setting.trailers),
    timeoutMs,
    get isOpen() {
      return isOpen;
    },
    answer(answer = {}) {
      checkAnswer(answer);
      end(fetched(answer));
    },
    fail: () => end(null),
  };
  // Envoy answers in the stead of a cluster that takes too long.
  const timer =
    timeoutMs === 0
      ? undefined
      : setting.after(BigInt(timeoutMs) * 1_000_000n, () =>
          end(fetched(ownAnswer(504, "upstream request timeout"))),
        );
  return fetch;
}

function fetched({ status = 200, headers = [], body = "", trailers }: FetchAnswer): Fetched {
  return {
    headers: createHeaderMap([[":status", String(status)], ...headers], "response"),
    body: bytesOf(body),
    trailers: trailers === undefined ? null : createHeaderMap(trailers),
  };
}

function ownAnswer(status: number, body: string): FetchAnswer {
  const headers: readonly Header[] = [
    ["content-length", String(body.length)],
    ["content-type", "text/plain"],
  ];
  return { status, headers, body };
}

/** Names and values as text. */
export function textPairs(pairs: readonly BytePair[]): readonly (readonly [string, string])[] {
  return pairs.map(([name, value]) => [textOf(name), textOf(value)] as const);
}
