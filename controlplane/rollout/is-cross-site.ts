import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../server/is-loopback.ts";

/**
 * Whether a page of another site may have made a browser send this, to what listens on loopback and asks for no token: browsers say where
 * such a request comes from, and one that was led here by a name that stands for this machine names it as the host.
 */
export function isCrossSite({ origin, host = "" }: IncomingHttpHeaders): boolean {
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return origin !== undefined || !isLoopback(name);
}
