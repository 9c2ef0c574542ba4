import { type ResourceLimits, Worker } from "node:worker_threads";

/** What came of a question to a thread. */
export type Outcome<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** Nothing is known about what was asked: the thread ended, or was ended since it took too long. */
  | { readonly kind: "crash" | "timeout"; readonly reason: string };

/** Puts a question to the thread, which is given up after so long. Never throws. */
export type Ask<Question, Answer> = (question: Question, timeoutMs: number) => Promise<Outcome<Answer>>;

/** The file of that name beside the module of this address: the source, or in the package what was made of it. */
export function scriptBeside(module: string, name: string): URL {
  return new URL(`./${name}${module.endsWith(".ts") ? ".ts" : ".js"}`, module);
}

/**
 * A thread that answers one question at a time, so that neither the time that they take nor a crash is felt here. It starts with the
 * first one, stays warm for the next, and keeps no process alive. After one that it did not survive there is a new one.
 */
export function createThread<Question, Answer>(
  script: URL,
  resourceLimits: ResourceLimits = {},
): Ask<Question, Answer> {
  let queue: Promise<unknown> = Promise.resolve();
  let warm: Ask<Question, Answer> | undefined;
  const start = (): Ask<Question, Answer> => {
    const worker = new Worker(script, {
      // What this process was started with may be for its own main file only, as `--input-type` is.
      execArgv: [],
      stderr: true,
      stdout: true,
      resourceLimits,
    });
    let answer: ((outcome: Outcome<Answer>) => void) | undefined;
    const fail = (kind: "crash" | "timeout", reason: string): void => {
      if (warm === ask) warm = undefined;
      answer?.({ kind, reason });
      answer = undefined;
    };
    worker.on("message", (given: Answer) => {
      answer?.({ kind: "answer", answer: given });
      answer = undefined;
    });
    worker.on("error", (error: Error) => fail("crash", `: ${firstLine(error.message)}`));
    // Read only when all is over: a stream that is listened to would keep the process alive.
    worker.on("exit", () => fail("crash", reasonIn(String(worker.stderr.read() ?? ""))));
    const ask: Ask<Question, Answer> = (question, timeoutMs) => {
      worker.ref();
      worker.postMessage(question);
      const timer = setTimeout(() => {
        fail("timeout", `it took more than ${timeoutMs} ms`);
        void worker.terminate();
      }, timeoutMs);
      return new Promise<Outcome<Answer>>((resolve) => {
        answer = resolve;
      }).finally(() => {
        clearTimeout(timer);
        worker.unref();
      });
    };
    return ask;
  };
  return (question, timeoutMs) => {
    const result = queue.then(() => {
      warm ??= start();
      return warm(question, timeoutMs);
    });
    queue = result;
    return result;
  };
}

/** asc draws a frame around its crash: the line that says something is the one with the error's name. */
function reasonIn(said: string): string {
  const line = said.split("\n").find((text) => /\b\w*Error\b/.test(text));
  return line === undefined ? "" : `: ${line.replace(/^[^\w]+/, "").trim()}`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
