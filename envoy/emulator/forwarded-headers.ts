/** Carries the services that a request has passed, so that cycles in the graph end. Not shown in answers. */
export const visitedHeader = "x-emulator-visited";

const forwarded = new Set([
  "traceparent",
  "tracestate",
  "baggage",
  "x-request-id",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-flags",
  "x-canary",
  "user-agent",
]);

/** All headers by name, each value apart, in the order in which they came. Pseudo-headers are included. */
export function headerValues(rawHeaders: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const values: Record<string, string[]> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const list = values[name] ?? [];
    list.push(rawHeaders[i + 1] ?? "");
    values[name] = list;
  }
  return values;
}

/** What an application's tracing library hands on to its callees, and the two headers that applications do. */
export function forwardedHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => forwarded.has(name))
      .map(([name, values]) => [name, [...values]]),
  );
}
