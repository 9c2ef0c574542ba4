import { status } from "../abi/table.ts";
import { join } from "./bytes.ts";

/** Bytes that a filter reads, and those of bodies that it changes. */
export interface Buffer {
  readonly bytes: Uint8Array;
  /** `proxy_set_buffer_bytes`: only at the beginning, in the place of some bytes, or at the end. */
  set(start: number, size: number, value: Uint8Array): number;
}

/** Bytes that cannot be changed. */
export function fixedBuffer(bytes: Uint8Array): Buffer {
  return { bytes, set: () => status.badArgument };
}

/** What `proxy_set_buffer_bytes` makes of some bytes; undefined where Envoy refuses. */
export function splice(
  whole: Uint8Array,
  start: number,
  size: number,
  value: Uint8Array,
): Uint8Array | undefined {
  if (start === 0) return join(value, whole.subarray(Math.min(size, whole.length)));
  return start >= whole.length ? join(whole, value) : undefined;
}
