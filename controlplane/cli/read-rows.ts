import type { RowReader } from "../mesh/traces/alibaba-rows.ts";
import { csvValues } from "../mesh/traces/csv-values.ts";
import { createLineReader } from "../mesh/traces/line-reader.ts";

export interface RowsOptions {
  /** What reads the rows below this first one, or what is wrong with it; undefined where the file is none of ours. */
  readonly begin: (header: readonly string[]) => RowReader | string | undefined;
  readonly onRow: () => void;
  readonly onFault: (line: number, message: string) => void;
}

/** Read CSV, row by row, and keep none of them. */
export async function readRows(
  pieces: AsyncIterable<string>,
  { begin, onRow, onFault }: RowsOptions,
): Promise<void> {
  let read: RowReader | undefined;
  let width = 0;
  let isOurs = true;
  const lines = createLineReader((text, line) => {
    if (!isOurs) return;
    const values = text === undefined ? undefined : csvValues(text);
    if (read === undefined) {
      const made = begin(values ?? []);
      if (typeof made === "string") onFault(line, made);
      else [read, width] = [made, values?.length ?? 0];
      isOurs = typeof made === "function";
      return;
    }
    onRow();
    const fault =
      values === undefined
        ? "a line that is too long, or a quote that it does not close"
        : values.length === width
          ? read(values)
          : "a row with more or fewer values than the first";
    if (fault !== undefined) onFault(line, fault);
  });
  for await (const piece of pieces) {
    lines.write(piece);
    if (!isOurs) return;
  }
  lines.end();
}
