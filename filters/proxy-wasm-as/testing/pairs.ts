const PAIRS_MAX = 1024;
const BYTES_MAX = 1024 * 1024;

/** Read serialized header pairs as Envoy does: too many, too long or malformed ones are silently none. */
export function readPairs(data: Uint8Array): [string, Uint8Array][] {
  if (data.length < 4 || data.length > BYTES_MAX) return [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = view.getUint32(0, true);
  let at = 4 + count * 8;
  if (count > PAIRS_MAX || at > data.length) return [];
  const pairs: [string, Uint8Array][] = [];
  for (let i = 0; i < count; i++) {
    const name = view.getUint32(4 + i * 8, true);
    const value = view.getUint32(8 + i * 8, true);
    if (at + name + value + 2 > data.length) return [];
    const key = new TextDecoder().decode(data.subarray(at, at + name));
    pairs.push([key, data.slice(at + name + 1, at + name + 1 + value)]);
    at += name + value + 2;
  }
  return pairs;
}

/** Serialize header pairs: a count, the lengths, then each name and value with a zero byte behind. */
export function writePairs(pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = pairs.map(([name, value]) => [new TextEncoder().encode(name), value] as const);
  const size = parts.reduce((sum, [name, value]) => sum + name.length + value.length + 10, 4);
  const data = new Uint8Array(size);
  const view = new DataView(data.buffer);
  view.setUint32(0, parts.length, true);
  let at = 4 + parts.length * 8;
  parts.forEach(([name, value], i) => {
    view.setUint32(4 + i * 8, name.length, true);
    view.setUint32(8 + i * 8, value.length, true);
    data.set(name, at);
    data.set(value, at + name.length + 1);
    at += name.length + value.length + 2;
  });
  return data;
}
