/** An Envoy's V8 gives a module 1 GiB at most. */
export const PAGES_MAX = 16_384;

const MEMORY_SECTION = 5;

/** The same module with a memory that does not grow beyond so many pages of 64 KiB. */
export function capMemory(bytes: Uint8Array, pagesMax: number): Uint8Array<ArrayBuffer> {
  const module = Uint8Array.from(bytes);
  let at = 8;
  while (at < module.length) {
    const section = module[at] ?? 0;
    const size = readNumber(module, at + 1);
    const start = size.end;
    const end = start + size.value;
    if (section === MEMORY_SECTION) {
      const count = readNumber(module, start);
      if (count.value !== 1) return module;
      const flags = module[count.end] ?? 0;
      const initial = readNumber(module, count.end + 1);
      const given = (flags & 1) === 1 ? readNumber(module, initial.end).value : pagesMax;
      const body = [
        1,
        flags | 1,
        ...number(initial.value),
        ...number(Math.max(initial.value, Math.min(given, pagesMax))),
      ];
      return Uint8Array.from([
        ...module.subarray(0, at),
        section,
        ...number(body.length),
        ...body,
        ...module.subarray(end),
      ]);
    }
    at = end;
  }
  return module;
}

/** A number in LEB128. */
function readNumber(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80 || at - start > 5) return { value, end: at };
  }
}

function number(value: number): readonly number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...number(Math.floor(value / 128))];
}
