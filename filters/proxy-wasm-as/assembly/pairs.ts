import { Bytes, bytes, equal, header, MISSING } from "./bytes";
import { proxy_get_header_map_pairs } from "./env";
import { phase } from "./phase";

// All headers as the host gave them: how many, the sizes of each name and value, then the texts with a zero byte behind each.
// Got at most once between two changes.
let pairs: usize = 0;
let index: u32 = 0;
let offset: usize = 0;

const cell: usize = memory.data(8);
const NONE: usize = memory.data(4);

/** Another number whenever headers may have changed, and in each callback: what was read of them in one holds until the next. */
export let edition: u32 = 0;

/** Said whenever headers may have changed. */
export function forgetPairs(): void {
  pairs = 0;
  edition++;
}

/** Begin a walk over all headers, which `nextValue` goes on with. */
export function rewind(): void {
  if (pairs == 0) {
    store<u64>(cell, 0);
    const failed = proxy_get_header_map_pairs(phase, cell, cell + 4) != 0;
    pairs = failed || load<u32>(cell + 4) < 4 ? NONE : <usize>load<u32>(cell);
  }
  index = 0;
  offset = pairs + 4 + load<u32>(pairs) * 8;
}

/** The name of the header that `nextPair` has come to, in lower case. */
export let nameHere: Bytes = MISSING;

/** The value of the next header, whichever that is; MISSING when there is none left. */
export function nextPair(): Bytes {
  if (index >= load<u32>(pairs)) return MISSING;
  const nameSize = load<u32>(pairs + 4 + index * 8);
  const valueSize = load<u32>(pairs + 8 + index * 8);
  nameHere = bytes(offset, nameSize);
  const value = bytes(offset + nameSize + 1, valueSize);
  index++;
  offset += nameSize + valueSize + 2;
  return value;
}

/** The next value of a header, whose name is in lower case; MISSING when there is none left. */
export function nextValue(name: Bytes): Bytes {
  let value = nextPair();
  while (value != MISSING && !equal(nameHere, name)) value = nextPair();
  return value;
}

/** Whether any value of a header is this one. The common cases, absent and equal at once, cost one call of the host. */
export function headerIs(name: Bytes, value: Bytes): bool {
  const first = header(name);
  if (first == MISSING) return false;
  return equal(first, value) || hasValue(name, value);
}

/** Whether two headers have a value in common, which an absent one has with none. */
export function headersMeet(left: Bytes, right: Bytes): bool {
  if (header(left) == MISSING || header(right) == MISSING) return false;
  rewind();
  for (let value = nextValue(left); value != MISSING; value = nextValue(left)) {
    const nextIndex = index;
    const nextOffset = offset;
    if (hasValue(right, value)) return true;
    index = nextIndex;
    offset = nextOffset;
  }
  return false;
}

function hasValue(name: Bytes, value: Bytes): bool {
  rewind();
  for (let found = nextValue(name); found != MISSING; found = nextValue(name)) {
    if (equal(found, value)) return true;
  }
  return false;
}
