import type { Act } from "./policy.ts";

/** What comes, or what goes back. */
export type Phase = "request" | "response";

/** Of which of both something is: all but acts for responses are of what comes. */
export function phaseOf({ act }: { readonly act: Act | undefined }): Phase {
  return act === "Response" || act === "RPCResponse" ? "response" : "request";
}
