import { type NodeState, readStatusAsk, writeStatus } from "./client-status.ts";
import type { Refusal } from "./counts.ts";
import { framed } from "./encode.ts";
import type { Call, CallEnd } from "./transport.ts";

export interface StatusCallOptions {
  /** Of the nodes that match those that this client may see; or why it may see none. */
  readonly states: (
    call: Call,
    matches: (node: string) => boolean,
  ) => readonly NodeState[] | { readonly refused: string };
  readonly refuse: (call: Call, why: Refusal, details: string) => void;
  readonly bytesMax: number;
}

/** Each question is answered by what is then, once; of those that come while the client does not read, the last. */
export function statusCall(call: Call, { states, refuse, bytesMax }: StatusCallOptions): CallEnd {
  let writable = true;
  let over = false;
  let unanswered: Uint8Array | undefined;

  const end = (why: Refusal, details: string): void => {
    over = true;
    refuse(call, why, details);
  };

  function answer(bytes: Uint8Array): void {
    const ask = readStatusAsk(bytes);
    if (typeof ask === "string") {
      end("invalid_argument", ask);
      return;
    }
    const found = states(call, ask.matches);
    if ("refused" in found) {
      end("permission_denied", found.refused);
      return;
    }
    const written = writeStatus(found, { withContents: ask.withContents, bytesMax });
    if (written === undefined) {
      const what = `the answer has more than ${bytesMax} bytes`;
      end("resource_exhausted", `${what}: ask for fewer nodes, or set exclude_resource_contents`);
      return;
    }
    writable = call.send(framed(written));
  }

  return {
    message: (bytes) => {
      if (over) return;
      if (writable) answer(bytes);
      else unanswered = bytes;
    },
    drained: () => {
      writable = true;
      if (over || unanswered === undefined) return;
      const bytes = unanswered;
      unanswered = undefined;
      answer(bytes);
    },
    ended: () => {
      over = true;
    },
  };
}
