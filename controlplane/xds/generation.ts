import { createHash } from "node:crypto";

/**
 * Names a chain of filters by which policies run in it for which calls, in eight hex digits; new code or parameters for the same
 * policies and calls are the same generation. What follows from it (listener, routes, clusters that lead there) is named by it, so that
 * two generations are there side by side and a request meets one of them as a whole.
 */
export function generationOf(names: readonly string[]): string {
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 8);
}
