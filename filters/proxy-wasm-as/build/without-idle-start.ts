const EXPORTS = 7;
const START = "_initialize";
/** A function that does nothing, and that modules have. */
const MARKER = "proxy_abi_version_0_2_1";

/**
 * The module without the export `_initialize` where that does nothing, which hosts then do not look for: it is the same function as the marker of the
 * ABI, once the compiler has made one of those that are equal.
 */
export function withoutIdleStart(bytes: Uint8Array): Uint8Array {
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = bytes[at++] ?? 0;
      value += (next & 127) * 2 ** shift;
      if (next < 128) return value;
    }
  };
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at++];
    const end = number() + at;
    if (id !== EXPORTS) {
      at = end;
      continue;
    }
    const entries = Array.from({ length: number() }, () => {
      const from = at;
      const size = number();
      at += size;
      const name = new TextDecoder().decode(bytes.subarray(at - size, at));
      const kind = bytes[at++];
      return { name, kind, index: number(), bytes: bytes.subarray(from, at) };
    });
    const marker = entries.find(({ name }) => name === MARKER);
    const kept = entries.filter(
      ({ name, kind, index }) => name !== START || kind !== 0 || index !== marker?.index,
    );
    const body = [...unsigned(kept.length), ...kept.flatMap((entry) => [...entry.bytes])];
    const section = [EXPORTS, ...unsigned(body.length), ...body];
    return Uint8Array.from(
      Buffer.concat([bytes.subarray(0, start), Uint8Array.from(section), bytes.subarray(end)]),
    );
  }
  return bytes;
}

/** In the notation of WebAssembly: seven bits in each byte, the lowest first. */
function unsigned(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
