import { log } from "./bytes";
import { append, appendNumber, begin, view } from "./line";

/** What `assert` and `throw` become: one critical log line, then a trap. Allocates nothing, for memory may be what ran out. */
export function abort(message: string | null, file: string | null, row: u32, column: u32): void {
  begin(message ? message : "");
  if (file) {
    append(" at ");
    append(file);
    append(":");
    appendNumber(row);
    append(":");
    appendNumber(column);
  }
  log(5, view());
  unreachable();
}
