import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { WireError } from "../error/wire-error.ts";

/** A file's text in pieces, and the first piece that has something in it. */
export interface OpenText {
  readonly beginning: string;
  /** All pieces, that one too. */
  readonly pieces: AsyncIterable<string>;
}

/** Do something with the text of a file, `-` being standard input, which may have been compressed by gzip; what the world has against it is a `WireError`. */
export async function withText(
  path: string,
  onBytes: (bytes: number) => void,
  read: (text: OpenText, file: string) => Promise<void>,
): Promise<void> {
  const file = path === "-" ? "<stdin>" : path;
  try {
    await read(await peek(await opened(path, onBytes)), file);
  } catch (cause) {
    if (cause instanceof WireError) throw cause;
    throw new WireError("file", `cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** The text of a file, in pieces. */
async function opened(path: string, onBytes: (bytes: number) => void): Promise<AsyncIterable<string>> {
  if (path === "-") return texts(process.stdin, onBytes);
  try {
    if ((await stat(path)).isDirectory()) throw new Error("it is a folder");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const reason =
      code === "ENOENT" ? "no such file or folder" : cause instanceof Error ? cause.message : String(cause);
    throw new WireError("file", `cannot read ${path}: ${reason}`, { cause });
  }
  return texts(createReadStream(path, { highWaterMark: 1 << 18 }), onBytes);
}

async function* texts(source: Readable, onBytes: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of unzipped(source, onBytes)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

/** Gzip is known by its first two bytes. */
async function* unzipped(source: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      onBytes(chunk.length);
      yield chunk;
    }
  };
  const chunks = counted();
  const { value: first } = await chunks.next();
  if (first === undefined) return;
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    yield* chunks;
  };
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* rest();
    return;
  }
  yield* pipeline(Readable.from(rest()), createGunzip(), () => {}) as AsyncIterable<Uint8Array>;
}

/** The first piece with something in it, and all pieces with it. */
async function peek(pieces: AsyncIterable<string>): Promise<OpenText> {
  const iterator = pieces[Symbol.asyncIterator]();
  let beginning = "";
  for (;;) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    beginning += value;
    if (beginning.trim() !== "") break;
  }
  const all = async function* (): AsyncGenerator<string> {
    yield beginning;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  return { beginning, pieces: all() };
}
