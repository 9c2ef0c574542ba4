import { isDeepStrictEqual } from "node:util";
import { WireError } from "../error/wire-error.ts";
import { readSource } from "./read-files.ts";

export interface FollowFilesOptions<Value> {
  readonly paths: readonly string[];
  /** What the texts of the files mean; throws a `WireError` where they are none of it. */
  readonly parse: (texts: readonly string[]) => Value;
  readonly changed: (value: Value) => void;
  /** Why another content is not taken, once: what was read last stays in force. */
  readonly refused: (why: string) => void;
  /** Time between two looks; 1,000 ms by default. */
  readonly everyMs?: number;
}

/**
 * Read small files that belong together, and again when they change: by looking, since secrets are often replaced by way of links,
 * which no notice tells of. Files that are written one after the other may not fit each other for a moment, so what is wrong is told
 * of at the second look.
 */
export async function followFiles<Value>(
  options: FollowFilesOptions<Value>,
): Promise<{ readonly first: Value } & Disposable> {
  const { paths, parse, changed, refused, everyMs = 1_000 } = options;
  const read = async (): Promise<readonly string[]> =>
    (await Promise.all(paths.map(readSource))).map(({ text }) => text);
  let taken = await read();
  let wrong: string | undefined;
  let told: string | undefined;
  const first = parse(taken);

  async function look(): Promise<void> {
    try {
      const texts = await read();
      if (!isDeepStrictEqual(texts, taken)) {
        changed(parse(texts));
        taken = texts;
      }
      wrong = undefined;
      told = undefined;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (error.message === wrong && error.message !== told) {
        told = error.message;
        refused(error.message);
      }
      wrong = error.message;
    }
  }

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const soon = (): void => {
    if (!stopped) timer = setTimeout(() => void look().then(soon), everyMs).unref();
  };
  soon();
  return {
    first,
    [Symbol.dispose]: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
