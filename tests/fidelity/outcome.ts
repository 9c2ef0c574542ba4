/** What a scenario came to, the same in both places. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  /** Of the response those that begin with `x-`, and of the request that the service got, bytes as characters. */
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly lines: readonly string[];
  /** What became of the request beside it. */
  readonly other?: number;
}

/** Headers that the table looks at: neither those of the table itself nor those that an Envoy adds. */
export function shownHeaders(headers: readonly (readonly [string, string])[]): readonly string[] {
  return headers
    .filter(
      ([name]) =>
        /^x-/i.test(name) && !/^x-(play|envoy-.*|forwarded-.*|request-id|echo|want|slow|break)$/i.test(name),
    )
    .map(([name, value]) => `${name}=${value}`);
}

/** What the service answers: what it has got, as one text in `x-echo`. */
export function echoOf(
  headers: readonly (readonly [string, string])[],
  body: string,
  trailers: readonly (readonly [string, string])[],
): string {
  const path = headers.find(([name]) => name === ":path")?.[1] ?? "";
  const told = {
    path,
    headers: shownHeaders(headers),
    body,
    trailers: trailers.map(([name, value]) => `${name}=${value}`),
  };
  return encodeURIComponent(JSON.stringify(told));
}
