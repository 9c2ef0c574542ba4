import { oneLine } from "../rollout/one-line.ts";

/** In columns, two blanks apart; each row is one line, whatever its cells are. */
export function aligned(cells: readonly (readonly string[])[]): readonly string[] {
  const rows = cells.map((row) => row.map((text) => oneLine(text)));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
