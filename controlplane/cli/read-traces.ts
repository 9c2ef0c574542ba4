import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type CsvError, parse } from "csv-parse";
import { WireError } from "../error/wire-error.ts";
import { alibabaRows, type RowReader } from "../mesh/traces/alibaba-rows.ts";
import { createJsonReader } from "../mesh/traces/json-reader.ts";
import { createSpanLinker, type Unlinked } from "../mesh/traces/link-spans.ts";
import { createObservations, type Observed } from "../mesh/traces/observations.ts";
import { readJaeger } from "../mesh/traces/read-jaeger.ts";
import { readOtlp } from "../mesh/traces/read-otlp.ts";

/** What was read of some files. */
export interface Traces extends Unlinked {
  readonly observed: Observed;
  readonly spans: number;
  readonly rows: number;
  readonly faults: Faults;
}

/** What could not be read: all are counted, and the first ones kept with their places. */
export interface Faults {
  readonly count: number;
  readonly first: readonly { readonly file: string; readonly line: number; readonly message: string }[];
}

const faultsMax = 10;
const second = 1000;
/** A row that is longer is none: somebody's quote was never closed. */
const rowMax = 1 << 20;

/** Read files of traces, `-` being standard input, in whatever form each of them is; JSON may have been compressed by gzip, and so may CSV. */
export async function readTraces(
  paths: readonly string[],
  progress: (text: string) => void = () => {},
): Promise<Traces> {
  const observations = createObservations();
  const linker = createSpanLinker(observations);
  const counts = { spans: 0, rows: 0, bytes: 0 };
  const first: { file: string; line: number; message: string }[] = [];
  let faults = 0;
  const report = (file: string, line: number, message: string): void => {
    faults++;
    if (first.length < faultsMax) first.push({ file, line, message });
  };
  let told = performance.now();
  const tell = (): void => {
    if (performance.now() - told < second) return;
    told = performance.now();
    const what = [
      [counts.spans, "spans"],
      [counts.rows, "rows"],
    ].flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`]));
    progress(`${Math.round(counts.bytes / 2 ** 20)} MiB read${what.map((each) => `, ${each}`).join("")}`);
  };

  for (const path of paths) {
    const file = path === "-" ? "<stdin>" : path;
    const before = counts.spans + counts.rows + faults;
    try {
      const pieces = await opened(path, (bytes) => {
        counts.bytes += bytes;
        tell();
      });
      const [beginning, all] = await peek(pieces);
      if (/^\s*[[{]/.test(beginning)) await readJson(file, all);
      else if (beginning.trim() !== "") await readCsv(file, all);
    } catch (cause) {
      if (cause instanceof WireError) throw cause;
      throw new WireError("file", `cannot read ${file}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    }
    if (counts.spans + counts.rows + faults === before)
      report(file, 1, "no traces: there are OTLP/JSON, Jaeger's JSON and Alibaba's call graphs as CSV");
  }
  return { ...linker.finish(), observed: observations.result(), ...counts, faults: { count: faults, first } };

  async function readJson(file: string, pieces: AsyncIterable<string>): Promise<void> {
    const reader = createJsonReader(["resourceSpans", "data"], {
      value(list, value, line) {
        const read = list === "data" ? readJaeger(value) : readOtlp(value);
        for (const span of read.spans) linker.add(span);
        counts.spans += read.spans.length;
        for (const message of read.faults) report(file, line, message);
      },
      fault: (line, message) => report(file, line, message),
    });
    for await (const piece of pieces) reader.write(piece);
    reader.end();
  }

  async function readCsv(file: string, pieces: AsyncIterable<string>): Promise<void> {
    const rows = parse({
      bom: true,
      info: true,
      trim: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      max_record_size: rowMax,
      on_skip: (error: CsvError | undefined) => {
        report(file, Number(error?.["lines"] ?? 0), error?.message ?? "not a row");
        return undefined;
      },
    });
    // What goes wrong with the file comes out of the rows.
    pipeline(Readable.from(pieces), rows, () => {});
    let read: RowReader | undefined;
    for await (const { record, info } of rows as AsyncIterable<{
      readonly record: readonly string[];
      readonly info: { readonly lines: number };
    }>) {
      if (read === undefined) {
        const made = alibabaRows(record, observations);
        if (typeof made === "string") {
          report(file, info.lines, made);
          return;
        }
        read = made;
        continue;
      }
      counts.rows++;
      const fault = read(record);
      if (fault !== undefined) report(file, info.lines, fault);
    }
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
async function peek(pieces: AsyncIterable<string>): Promise<readonly [string, AsyncIterable<string>]> {
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
  return [beginning, all()];
}
