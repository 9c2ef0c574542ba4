import { alibabaRows } from "../mesh/traces/alibaba-rows.ts";
import { createJsonReader } from "../mesh/traces/json-reader.ts";
import { createSpanLinker, type Unlinked } from "../mesh/traces/link-spans.ts";
import { createObservations, type Observed } from "../mesh/traces/observations.ts";
import { readJaeger } from "../mesh/traces/read-jaeger.ts";
import { readOtlp } from "../mesh/traces/read-otlp.ts";
import { createFaultList, type Faults } from "./faults.ts";
import { withText } from "./open-text.ts";
import { readRows } from "./read-rows.ts";
import { createTeller } from "./teller.ts";

/** What was read of some files. */
export interface Traces extends Unlinked {
  readonly observed: Observed;
  readonly spans: number;
  readonly rows: number;
  readonly faults: Faults;
}

/** The clock of spans, since 1970. */
const timeOfDay = "time of day";

/** Read files of traces, `-` being standard input, in whatever form each of them is; JSON may have been compressed by gzip, and so may CSV. */
export async function readTraces(
  paths: readonly string[],
  progress: (text: string) => void = () => {},
): Promise<Traces> {
  const observations = createObservations();
  const linker = createSpanLinker(observations.on(timeOfDay));
  const counts = { spans: 0, rows: 0 };
  const list = createFaultList();
  const teller = createTeller(progress, () => [
    [counts.spans, "spans"],
    [counts.rows, "rows"],
  ]);
  for (const path of paths) {
    const before = counts.spans + counts.rows + list.faults.count;
    await withText(path, teller.read, async ({ beginning, pieces }, file) => {
      if (/^\s*[[{]/.test(beginning)) await readJson(file, pieces);
      else if (beginning.trim() !== "")
        await readRows(pieces, {
          begin: (header) => alibabaRows(header, observations),
          onRow: () => counts.rows++,
          onFault: (line, message) => list.report(file, line, message),
        });
      if (counts.spans + counts.rows + list.faults.count === before)
        list.report(
          file,
          1,
          "no traces in it; what can be read is OTLP/JSON, Jaeger's JSON, and Alibaba's call graphs as CSV",
        );
    });
  }
  if (teller.hasTold) progress(`${counts.spans + counts.rows} read, and now who called whom`);
  // It is only then that all calls of spans are observed.
  const unlinked = linker.finish();
  if (teller.hasTold) progress("");
  return { ...unlinked, observed: observations.result(), ...counts, faults: list.faults };

  async function readJson(file: string, pieces: AsyncIterable<string>): Promise<void> {
    const observer = observations.on(timeOfDay);
    const reader = createJsonReader(["resourceSpans", "data"], {
      value(name, value, line) {
        const read = name === "data" ? readJaeger(value) : readOtlp(value);
        for (const span of read.spans) {
          linker.add(span);
          observer.at(span.startMs, span.endMs);
        }
        counts.spans += read.spans.length;
        for (const message of read.faults) list.report(file, line, message);
      },
      fault: (line, message) => list.report(file, line, message),
    });
    for await (const piece of pieces) reader.write(piece);
    reader.end();
  }
}
