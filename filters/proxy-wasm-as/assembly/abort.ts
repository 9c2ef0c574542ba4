import { proxy_log } from "./env";

const line: usize = memory.data(256);

/** What `assert` and `throw` become: one critical log line, then a trap. Allocates nothing, for memory may be what ran out. */
export function abort(message: string | null, file: string | null, row: u32, column: u32): void {
  let size: usize = 0;
  if (message) size = append(size, message);
  if (file) {
    size = append(size, " at ");
    size = append(size, file);
    store<u8>(line + size++, 58);
    size = number(size, row);
    store<u8>(line + size++, 58);
    size = number(size, column);
  }
  proxy_log(5, line, size);
  unreachable();
}

// Characters outside ASCII become `?`; the buffer keeps room for what follows the two texts.
function append(size: usize, text: string): usize {
  for (let i = 0; i < text.length && size < 220; i++) {
    const unit = text.charCodeAt(i);
    store<u8>(line + size++, unit < 128 ? unit : 63);
  }
  return size;
}

function number(size: usize, value: u32): usize {
  let scale: u32 = 1;
  while (value / scale >= 10) scale *= 10;
  for (; scale > 0; scale /= 10) store<u8>(line + size++, 48 + ((value / scale) % 10));
  return size;
}
