import { NAME, narrow, VALUE, widen } from "./byte-string";
import { Bytes, bytes, lengthOf, MISSING, pointerOf } from "./bytes";
import { allocate } from "./memory";

/** Names and values, each an array of these two: `[["content-type", "text/plain"]]`. Both are byte strings. */
export type Pairs = string[][];

/** What hosts take: more pairs or bytes count as none in Envoy, which is not what anyone means. */
const PAIRS_MAX = 1024;
const SIZE_MAX: usize = 1048576;

// Where a walk over serialized pairs stands: how many are left, where the next sizes and the next text begin.
let left: u32 = 0;
let sizes: usize = 0;
let texts: usize = 0;
/** Of the pair that `next` has found. */
export let name: Bytes = 0;
export let value: Bytes = 0;

/** Begin a walk over serialized pairs. An empty map may have no bytes, or only some of a count of zero. */
export function walk(pairs: Bytes): void {
  left = pairs == MISSING || lengthOf(pairs) < 4 ? 0 : load<u32>(pointerOf(pairs));
  sizes = pointerOf(pairs) + 4;
  texts = sizes + (<usize>left << 3);
}

/** Whether there is another pair, which `name` and `value` then are. */
export function next(): bool {
  if (left == 0) return false;
  left--;
  name = bytes(texts, load<u32>(sizes));
  value = bytes(texts + lengthOf(name) + 1, load<u32>(sizes, 4));
  texts = pointerOf(value) + lengthOf(value) + 1;
  sizes += 8;
  return true;
}

/** Whether this is what a host writes of pairs: texts of the sizes that it says, with a zero behind each, and nothing after. */
export function arePairs(given: Bytes): bool {
  if (given == MISSING || lengthOf(given) < 4) return false;
  const count = load<u32>(pointerOf(given));
  if (<u64>4 + (<u64>count << 3) > <u64>lengthOf(given)) return false;
  let size: u64 = 4;
  for (let place: u32 = 0; place < count; place++) {
    const at = pointerOf(given) + 4 + (<usize>place << 3);
    size += <u64>10 + load<u32>(at) + load<u32>(at, 4);
  }
  return size == lengthOf(given);
}

/** All of them as strings. */
export function toPairs(pairs: Bytes): Pairs {
  const found: Pairs = [];
  for (walk(pairs); next(); ) found.push([widen(name), widen(value)]);
  return found;
}

/** Serialized; MISSING when one is no pair, its name or value cannot be a header's, or there are more than hosts take. */
export function fromPairs(pairs: Pairs): Bytes {
  const count = pairs.length;
  if (count > PAIRS_MAX) return MISSING;
  let size: usize = 4;
  for (let i = 0; i < count; i++) {
    if (pairs[i].length != 2) return MISSING;
    size += 10 + pairs[i][0].length + pairs[i][1].length;
  }
  if (size > SIZE_MAX) return MISSING;
  const start = allocate(size);
  store<u32>(start, count);
  let to = start + 4 + (<usize>count << 3);
  for (let i = 0; i < count; i++) {
    const name = narrow(pairs[i][0], NAME);
    const value = narrow(pairs[i][1], VALUE);
    if (name == MISSING || value == MISSING) return MISSING;
    const place = start + 4 + (<usize>i << 3);
    store<u32>(place, <u32>lengthOf(name));
    store<u32>(place, <u32>lengthOf(value), 4);
    to = put(to, name);
    to = put(to, value);
  }
  return bytes(start, size);
}

function put(to: usize, text: Bytes): usize {
  memory.copy(to, pointerOf(text), lengthOf(text));
  store<u8>(to + lengthOf(text), 0);
  return to + lengthOf(text) + 1;
}
