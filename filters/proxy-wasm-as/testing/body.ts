import { status } from "../abi/table.ts";
import { bytesOf } from "./header-map.ts";

/** What a body callback answers with. */
export const dataStatus = { continue: 0, stopAndBuffer: 1, stopAndWatermark: 2, stopNoBuffer: 3 } as const;

/** One direction's body on its way through a filter, held back while the filter wants it so. */
export interface Body {
  /** What the filter sees: the piece that has just come, and what was held before it if the filter had it buffered. */
  readonly seen: Uint8Array | null;
  /** What has gone on. */
  readonly passed: Uint8Array;
  /** Bytes held back. */
  readonly held: number;
  arrive(piece: string | Uint8Array): void;
  /** What becomes of the piece that is seen, by the filter's answer. */
  answer(answered: number): void;
  /** `proxy_set_buffer_bytes`: only at the beginning, in the place of some bytes, or at the end. */
  set(start: number, size: number, value: Uint8Array): number;
}

export function createBody(): Body {
  const none = new Uint8Array();
  let passed: Uint8Array = none;
  let held: Uint8Array = none;
  let piece: Uint8Array | null = null;
  let isBuffering = false;
  const seen = (): Uint8Array | null => (piece === null ? null : isBuffering ? join(held, piece) : piece);
  return {
    get seen() {
      return seen();
    },
    get passed() {
      return passed;
    },
    get held() {
      return held.length;
    },
    arrive(next) {
      piece = bytesOf(next);
    },
    answer(answered) {
      const all = join(held, piece ?? none);
      if (answered === dataStatus.continue) {
        passed = join(passed, all);
        held = none;
      } else if (answered === dataStatus.stopAndBuffer || answered === dataStatus.stopAndWatermark) {
        held = all;
      }
      isBuffering = answered === dataStatus.stopAndBuffer;
      piece = null;
    },
    set(start, size, value) {
      const whole = seen();
      if (whole === null) return status.badArgument;
      const appends = start >= whole.length;
      if (start > 0 && !appends) return status.badArgument;
      piece = start > 0 ? join(whole, value) : join(value, whole.subarray(Math.min(size, whole.length)));
      // What was held is part of what is seen.
      if (isBuffering) held = none;
      return status.ok;
    },
  };
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
