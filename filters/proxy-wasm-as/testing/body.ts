import { status } from "../abi/table.ts";
import { type Buffer, splice } from "./buffer.ts";
import { bytesOf, join, noBytes } from "./bytes.ts";

/** What a body callback answers with. */
export const dataStatus = { continue: 0, stopAndBuffer: 1, stopAndWatermark: 2, stopNoBuffer: 3 } as const;

/** One direction's body on its way through a filter, held back while the filter wants it so. */
export interface Body extends Buffer {
  /** What has gone on. */
  readonly passed: Uint8Array;
  /** Bytes held back. */
  readonly held: number;
  arrive(piece: string | Uint8Array): void;
  /** What becomes of the piece that is seen, by the filter's answer. */
  answer(answered: number): void;
  /** The filter lets go of all that it holds. */
  release(): void;
  /** What is held goes on with trailers. */
  end(): void;
  /** Its end has gone on without what is held, which nobody reads any more. */
  lose(): void;
  /** The piece is out of the filter's reach, what it has buffered is not. */
  forget(): void;
}

export function createBody(): Body {
  let passed: Uint8Array = noBytes;
  let held: Uint8Array = noBytes;
  let piece: Uint8Array = noBytes;
  let isBuffering = false;
  let isForgotten = false;
  // What was held has gone on, and the filter still writes where it was, which is read no more until something is held again.
  let isUnread = false;
  /** The piece that is seen is not empty. */
  let hasCome = false;
  const release = (): void => {
    passed = join(passed, held);
    held = noBytes;
  };
  return {
    get bytes() {
      return isBuffering ? held : isForgotten ? noBytes : piece;
    },
    get passed() {
      return passed;
    },
    get held() {
      return held.length;
    },
    arrive(next) {
      piece = bytesOf(next);
      hasCome = piece.length > 0;
      isForgotten = false;
      if (!isBuffering) return;
      held = join(held, piece);
      piece = noBytes;
    },
    answer(answered) {
      if (answered === dataStatus.continue && isUnread && !hasCome) held = noBytes;
      const all = join(held, piece);
      isBuffering = answered === dataStatus.stopAndBuffer;
      isUnread = false;
      if (answered === dataStatus.stopNoBuffer) return;
      held = all;
      piece = noBytes;
      if (answered === dataStatus.continue) release();
    },
    release() {
      release();
      isUnread = isBuffering;
    },
    end() {
      if (isUnread) held = noBytes;
      release();
    },
    lose() {
      held = noBytes;
    },
    forget() {
      isForgotten = true;
    },
    set(start, size, value) {
      const whole = isBuffering ? held : piece;
      const spliced = splice(whole, start, size, value);
      if (spliced === undefined) return status.badArgument;
      if (isBuffering) held = spliced;
      else piece = spliced;
      return status.ok;
    },
  };
}
