import { type Ask, createThread, scriptBeside } from "./thread.ts";

/** Something that asc said, or the build of what asc made: where, as UTF-16 offsets into the file it names, when it said that. */
export interface AssemblyMessage {
  readonly severity: "error" | "warning";
  /** asc's, which begin at 100, or `RECORD_REFERENCE`. */
  readonly code: number;
  readonly message: string;
  readonly file?: string;
  readonly start?: number;
  readonly end?: number;
}

/** `bytes` is missing when it did not compile; `stderr` is then what a person reads. */
export interface Assembled {
  readonly bytes?: Uint8Array;
  readonly messages: readonly AssemblyMessage[];
  readonly stderr: string;
  /** The compiler itself failed, so that nothing is known about the source. */
  readonly failure?: { readonly kind: "crash" | "timeout"; readonly reason: string };
}

/** What a callback may take, and who is named in the log when it takes more: `NAME: callback CALLBACK went over its budget of BUDGET`, or its stack. */
export interface Bound {
  readonly name: string;
  /** In instructions of WebAssembly, about. */
  readonly budget: number;
  /** How far functions that call themselves may go, in units of 1,024 bytes of stack. Default 512, of the 984 that V8 has. */
  readonly stack?: number;
}

/** The budget of filter code by default: less than a tenth of a second, far more than it takes to go through the largest body. */
export const BUDGET = 50_000_000;
/** How far recursion may go by default: some thousand calls, and as much again is left for what V8 and the proxy do meanwhile. */
export const STACK = 512;
/** What is left of V8's stack beyond this may not be enough for what calls a callback, and what that calls. */
export const STACK_MAX = 768;

/** `entry` is the text of the entry file; `files` are those beside it, by name. */
export interface AssembleOptions {
  readonly entry: string;
  readonly files?: Readonly<Record<string, string>>;
  /** What files are called where the module itself names them, which is where it throws. */
  readonly shownAs?: Readonly<Record<string, string>>;
  /** Default `arena`; code whose objects outlive a request needs `minimal`. */
  readonly runtime?: "arena" | "minimal";
  /** The most memory that an instance may have, in pages of 64 KiB. Default 256. */
  readonly memory?: number;
  /** Keep function names, for traces. Default false. */
  readonly names?: boolean;
  /** Give each callback a budget. Without it, a loop that does not end blocks a thread of the proxy for good. */
  readonly bound?: Bound;
  /** Default 120,000, which a small one comes near where many want the same cores. A source that takes longer is given up. */
  readonly timeoutMs?: number;
}

const ask: Ask<Omit<AssembleOptions, "timeoutMs">, Assembled> = createThread(
  scriptBeside(import.meta.url, "assemble-worker"),
);

/**
 * Compile AssemblyScript without touching files, in a thread of its own so that neither the time that it takes nor a crash of the
 * compiler is felt here. Never throws.
 */
export async function assemble({ timeoutMs = 120_000, ...request }: AssembleOptions): Promise<Assembled> {
  const outcome = await ask(request, timeoutMs);
  if (outcome.kind === "answer") return outcome.answer;
  const { kind } = outcome;
  const reason =
    kind === "crash"
      ? `the compiler crashed${outcome.reason}`
      : `the compiler was given up: ${outcome.reason}`;
  return { messages: [], stderr: reason, failure: { kind, reason } };
}
