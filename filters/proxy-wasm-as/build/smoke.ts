import { type Ask, createThread, scriptBeside } from "./thread.ts";

/** What a try of a module came to. */
export type Smoked =
  /** Why it does not work, in its own words; empty when it does. */
  | { readonly kind: "tried"; readonly reasons: readonly string[] }
  /** It ran on and on, or took the thread with it. */
  | { readonly kind: "crash" | "timeout"; readonly reason: string };

/** What the thread is asked; the bytes are those of a verified module. */
export interface SmokeQuestion {
  readonly bytes: Uint8Array;
  readonly configuration: string;
}

const heapMbMax = 256;
const ask: Ask<SmokeQuestion, readonly string[]> = createThread(
  scriptBeside(import.meta.url, "smoke-worker"),
  // An author's endless loop may log in each round.
  { maxOldGenerationSizeMb: heapMbMax },
);

/** Run a verified module with its configuration in a thread of its own: what is in it was written by anybody. Never throws. */
export async function smoke(
  bytes: Uint8Array,
  configuration: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<Smoked> {
  const outcome = await ask({ bytes, configuration }, options.timeoutMs ?? 20_000);
  return outcome.kind === "answer" ? { kind: "tried", reasons: outcome.answer } : outcome;
}
