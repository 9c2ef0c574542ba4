import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { WireError } from "../error/wire-error.ts";
import { alibabaRows, type RowReader } from "../mesh/traces/alibaba-rows.ts";
import { csvValues } from "../mesh/traces/csv-values.ts";
import { createJsonReader } from "../mesh/traces/json-reader.ts";
import { createLineReader } from "../mesh/traces/line-reader.ts";
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

/** What could not be read: all are counted. Of each kind the first one has its place, for as many kinds as anybody reads. */
export interface Faults {
  readonly count: number;
  readonly kinds: readonly Fault[];
}

export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** How many there are of the kind. */
  readonly count: number;
}

const kindsMax = 10;
const second = 1000;
/** The clock of spans, since 1970. */
const timeOfDay = "time of day";

/** Read files of traces, `-` being standard input, in whatever form each of them is; JSON may have been compressed by gzip, and so may CSV. */
export async function readTraces(
  paths: readonly string[],
  progress: (text: string) => void = () => {},
): Promise<Traces> {
  const observations = createObservations();
  const linker = createSpanLinker(observations.on(timeOfDay));
  const counts = { spans: 0, rows: 0, bytes: 0 };
  const kinds = new Map<string, Fault>();
  let faults = 0;
  const report = (file: string, line: number, message: string): void => {
    faults++;
    const known = kinds.get(message);
    if (known !== undefined) kinds.set(message, { ...known, count: known.count + 1 });
    else if (kinds.size < kindsMax) kinds.set(message, { file, line, message, count: 1 });
  };
  let told = performance.now();
  let hasTold = false;
  const tell = (): void => {
    if (performance.now() - told < second) return;
    told = performance.now();
    hasTold = true;
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
      report(
        file,
        1,
        "no traces in it; what can be read is OTLP/JSON, Jaeger's JSON, and Alibaba's call graphs as CSV",
      );
  }
  if (hasTold) progress(`${counts.spans + counts.rows} read, and now who called whom`);
  // It is only then that all calls of spans are observed.
  const unlinked = linker.finish();
  if (hasTold) progress("");
  return {
    ...unlinked,
    observed: observations.result(),
    ...counts,
    faults: { count: faults, kinds: [...kinds.values()] },
  };

  async function readJson(file: string, pieces: AsyncIterable<string>): Promise<void> {
    const observer = observations.on(timeOfDay);
    const reader = createJsonReader(["resourceSpans", "data"], {
      value(list, value, line) {
        const read = list === "data" ? readJaeger(value) : readOtlp(value);
        for (const span of read.spans) {
          linker.add(span);
          observer.at(span.startMs, span.endMs);
        }
        counts.spans += read.spans.length;
        for (const message of read.faults) report(file, line, message);
      },
      fault: (line, message) => report(file, line, message),
    });
    for await (const piece of pieces) reader.write(piece);
    reader.end();
  }

  async function readCsv(file: string, pieces: AsyncIterable<string>): Promise<void> {
    let read: RowReader | undefined;
    let width = 0;
    let isOurs = true;
    const lines = createLineReader((text, line) => {
      if (!isOurs) return;
      const values = text === undefined ? undefined : csvValues(text);
      if (read === undefined) {
        const made = alibabaRows(values ?? [], observations);
        if (typeof made === "string") report(file, line, made);
        else [read, width] = [made, values?.length ?? 0];
        isOurs = typeof made === "function";
        return;
      }
      counts.rows++;
      const fault =
        values === undefined
          ? "a line that is too long, or a quote that it does not close"
          : values.length === width
            ? read(values)
            : "a row with more or fewer values than the first";
      if (fault !== undefined) report(file, line, fault);
    });
    for await (const piece of pieces) {
      lines.write(piece);
      if (!isOurs) return;
    }
    lines.end();
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
