import type { EmulatedService } from "./service.ts";

/** Carries the services that a request has passed, so that cycles in the graph end. Not shown in answers. */
export const visitedHeader = "x-emulator-visited";

/** Asks a service for one call in place of all its calls: `x-emulator-call: CALLEE`. Not shown in answers. */
export const callHeader = "x-emulator-call";

/** Asks the service that is called so to send this: `{"method":…,"body":[…]}`, in base64. Goes with `x-emulator-call`. */
export const sendHeader = "x-emulator-send";

/** Asks a service to answer this in place of its tree: `{"status":…,"headers":[[name, value]],"body":[…]}`, in base64. */
export const answerHeader = "x-emulator-answer";

/** The tree of a service that was asked to answer something else, in base64. */
export const treeHeader = "x-emulator-tree";

/** What tracing libraries hand on. */
export const tracingHeaders: readonly string[] = [
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
];

const ofApplications: readonly string[] = ["x-canary", "user-agent"];

/** All headers by name, each value apart, in the order in which they came. Pseudo-headers are included. */
export function headerValues(rawHeaders: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const list = values.get(name) ?? [];
    list.push(rawHeaders[i + 1] ?? "");
    values.set(name, list);
  }
  return Object.fromEntries(values);
}

/** These are about the connection that they came on, or are set for each call anew. */
const hopByHop = new Set([
  "host",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "te",
  "upgrade",
]);

/** All that a service was sent, fit to be sent on. */
export function allHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string[]>> {
  return pick(headers, (name) => !name.startsWith(":") && !hopByHop.has(name));
}

/** What an application's tracing library hands on to its callees, all of it or as much as is given, and the two headers that applications do. */
export function forwardedHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
  { forwards = tracingHeaders, drops = [] }: Pick<EmulatedService, "forwards" | "drops"> = {},
): Readonly<Record<string, string[]>> {
  const isDropped = (name: string): boolean => drops.includes(name) || drops.includes("*");
  return pick(
    headers,
    (name) => (forwards.includes(name) || ofApplications.includes(name)) && !isDropped(name),
  );
}

/** Those of these that are to be seen. */
export function shownHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
  shown: readonly string[],
): Readonly<Record<string, string[]>> {
  return pick(headers, (name) => shown.includes(name));
}

function pick(
  headers: Readonly<Record<string, readonly string[]>>,
  wanted: (name: string) => boolean,
): Readonly<Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => wanted(name))
      .map(([name, values]) => [name, [...values]]),
  );
}
