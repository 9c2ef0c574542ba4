import type { BytePair } from "./header-map.ts";

const PAIRS_MAX = 1024;
const BYTES_MAX = 1024 * 1024;

/** Read serialized header pairs as Envoy does: too many, too long or malformed ones are silently none. */
export function readPairs(data: Uint8Array): readonly BytePair[] {
  if (data.length < 4 || data.length > BYTES_MAX) return [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = view.getUint32(0, true);
  let at = 4 + count * 8;
  if (count > PAIRS_MAX || at > data.length) return [];
  /** A text with a zero byte behind it. */
  const take = (size: number): Uint8Array | undefined => {
    const end = at + size;
    if (end >= data.length || data[end] !== 0) return undefined;
    const taken = data.slice(at, end);
    at = end + 1;
    return taken;
  };
  const pairs: BytePair[] = [];
  for (let i = 0; i < count; i++) {
    const name = take(view.getUint32(4 + i * 8, true));
    const value = take(view.getUint32(8 + i * 8, true));
    if (name === undefined || value === undefined) return [];
    pairs.push([name, value]);
  }
  return at === data.length ? pairs : [];
}

/** Serialize header pairs: a count, the lengths, then each name and value with a zero byte behind. */
export function writePairs(pairs: readonly BytePair[]): Uint8Array {
  const size = pairs.reduce((sum, [name, value]) => sum + name.length + value.length + 10, 4);
  const data = new Uint8Array(size);
  const view = new DataView(data.buffer);
  view.setUint32(0, pairs.length, true);
  let at = 4 + pairs.length * 8;
  pairs.forEach(([name, value], i) => {
    view.setUint32(4 + i * 8, name.length, true);
    view.setUint32(8 + i * 8, value.length, true);
    data.set(name, at);
    data.set(value, at + name.length + 1);
    at += name.length + value.length + 2;
  });
  return data;
}
