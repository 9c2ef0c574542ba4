import type binaryen from "assemblyscript/binaryen";

/** A piece of static memory. */
export interface StaticData {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

// What Binaryen has and its declarations leave out.
interface DataSegments {
  getNumDataSegments(): number;
  getDataSegmentByIndex(index: number): number;
  getDataSegmentInfo(segment: number): { readonly offset: number; readonly data: ArrayBuffer };
}

/** Change the static memory of a module that asc has compiled and not optimized yet: `change` gives each piece what it is to hold, of the same size. */
export function changeStaticData(
  module: binaryen.Module,
  change: (piece: StaticData, all: readonly StaticData[]) => Uint8Array,
): void {
  const segments = module as unknown as DataSegments;
  const all = Array.from({ length: segments.getNumDataSegments() }, (_, index): StaticData => {
    const { offset, data } = segments.getDataSegmentInfo(segments.getDataSegmentByIndex(index));
    return { offset, bytes: new Uint8Array(data) };
  });
  const { initial, max = initial, shared } = module.getMemoryInfo("0");
  const changed = all.map((piece) => ({
    offset: module.i32.const(piece.offset),
    data: change(piece, all),
    passive: false,
  }));
  module.setMemory(initial, max, null, changed, shared, false, "0");
}

/** Where objects of asc's begin: what they hold follows a header of 20 bytes and is aligned to 16. */
const OBJECT_OFFSET = 12;
const HEADER = 20;
/** How asc numbers the class of strings, in each module. */
const STRING = 2;

/**
 * The static string without what only a garbage collector reads: all of its header but the size, which stays. Nothing else is changed. What a
 * program lays out by itself (`memory.data`) may look the same: so this is for those that do not.
 */
export function withoutHeader({ offset, bytes }: StaticData): Uint8Array {
  if (offset % 16 !== OBJECT_OFFSET || bytes.length < HEADER) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [block, flags, more, id, size] = [0, 4, 8, 12, 16].map((at) => view.getUint32(at, true));
  const isString = block === bytes.length - 4 && flags === 0 && more === 0 && id === STRING;
  if (!isString || size === undefined || size > bytes.length - HEADER) return bytes;
  const bare = bytes.slice();
  bare.fill(0, 0, HEADER - 4);
  return bare;
}
