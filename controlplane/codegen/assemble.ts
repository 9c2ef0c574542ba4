import { Worker } from "node:worker_threads";

/** Something that asc said: where, as UTF-16 offsets into the file it names, when it said that. */
export interface AssemblyMessage {
  readonly severity: "error" | "warning";
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

/** `entry` is the text of the entry file; `files` are those beside it, by name. */
export interface AssembleOptions {
  readonly entry: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Default `arena`; code whose objects outlive a request needs `minimal`. */
  readonly runtime?: "arena" | "minimal";
  /** Keep function names, for traces. Default false. */
  readonly names?: boolean;
  /** Default 30,000. A source that takes longer is given up. */
  readonly timeoutMs?: number;
}

let queue: Promise<unknown> = Promise.resolve();
let warm: Thread | undefined;

/**
 * Compile AssemblyScript without touching files, in a thread of its own so that neither the time that it takes nor a crash of the
 * compiler is felt here. One at a time; the thread stays warm for the next one and keeps no process alive. Never throws.
 */
export function assemble(options: AssembleOptions): Promise<Assembled> {
  const result = queue.then(() => {
    warm ??= startThread();
    return warm.compile(options);
  });
  queue = result;
  return result;
}

interface Thread {
  compile(options: AssembleOptions): Promise<Assembled>;
}

function startThread(): Thread {
  const worker = new Worker(new URL("./assemble-worker.ts", import.meta.url), {
    // What this process was started with may be for its own main file only, as `--input-type` is.
    execArgv: [],
    stderr: true,
    stdout: true,
  });
  let answer: ((assembled: Assembled) => void) | undefined;
  const fail = (kind: "crash" | "timeout", reason: string): void => {
    if (warm === thread) warm = undefined;
    answer?.({ messages: [], stderr: reason, failure: { kind, reason } });
    answer = undefined;
  };
  worker.on("message", (assembled: Assembled) => {
    answer?.(assembled);
    answer = undefined;
  });
  worker.on("error", (error: Error) => fail("crash", `the compiler crashed: ${firstLine(error.message)}`));
  // Read only when all is over: a stream that is listened to would keep the process alive.
  worker.on("exit", () =>
    fail("crash", `the compiler crashed${reasonIn(String(worker.stderr.read() ?? ""))}`),
  );
  const thread: Thread = {
    compile({ timeoutMs = 30_000, ...request }) {
      worker.ref();
      worker.postMessage(request);
      const timer = setTimeout(() => {
        fail("timeout", `it took more than ${timeoutMs} ms`);
        void worker.terminate();
      }, timeoutMs);
      return new Promise<Assembled>((resolve) => {
        answer = resolve;
      }).finally(() => {
        clearTimeout(timer);
        worker.unref();
      });
    },
  };
  return thread;
}

/** asc draws a frame around its crash: the line that says something is the one with the error's name. */
function reasonIn(said: string): string {
  const line = said.split("\n").find((text) => /\b\w*Error\b/.test(text));
  return line === undefined ? "" : `: ${line.replace(/^[^\w]+/, "").trim()}`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
