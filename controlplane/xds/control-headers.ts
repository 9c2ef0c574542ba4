import { envoyHeaders } from "./envoy-headers.ts";

/**
 * The headers with which a filter tells its Envoy what to do. Reserved: nobody else may set one, so every listener strips them from what
 * comes in, and none goes on to the next hop. An application behind its own proxy is somebody else too.
 */
export const controlHeaders = {
  /** The version picked; the routes that carry it out read it. */
  version: "x-wire-version",
  /** The version that gets a copy. */
  mirror: "x-wire-mirror",
  /** Requests with equal values go to the same replica. */
  hash: "x-wire-hash",
  /** What becomes the host once a route is taken: routes are chosen by the host that the client named. */
  host: "x-wire-host",
  /** Milliseconds that a deadline leaves. A timeout that is set later is held below it. */
  budget: "x-wire-budget",
  /** The claims of the verified JSON Web Token, as JSON in base64url. */
  claims: "x-wire-claims",
  faultDelay: "x-envoy-fault-delay-request",
  /** The status of an answer behind the delay, which is longer than the timeout. */
  faultAbort: "x-envoy-fault-abort-request",
} as const;

/** What every listener strips before anything else looks at the request. */
export const strippedHeaders: readonly string[] = [...Object.values(controlHeaders), ...envoyHeaders];
