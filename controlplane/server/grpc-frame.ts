import { type Pieces, roomBytes } from "./encode.ts";
import type { Ending } from "./transport.ts";

/** Compression and length stand before each message. */
const headBytes = roomBytes;

/** Fill in what stands before a message: not compressed, and its length. */
export function fillHead(pieces: Pieces): void {
  const [first] = pieces;
  const bytes = pieces.reduce((sum, { length }) => sum + length, -headBytes);
  first[0] = 0;
  for (let at = 1; at < headBytes; at++) first[at] = (bytes >>> (8 * (4 - at))) & 0xff;
}

/** Takes what a client sends, in pieces of any size, and gives the messages in it; or why there will be no more, which is the last. */
export interface Unframer {
  readonly take: (chunk: Uint8Array) => readonly (Uint8Array | Ending)[];
  /** Bytes of a message that is not whole yet. */
  readonly bytes: () => number;
}

export function createUnframer(messageBytesMax: number): Unframer {
  /** What is not whole yet is at the beginning; the rest is room, so that a message in many pieces is copied about twice. */
  let held = nothing;
  let bytes = 0;
  let needed = headBytes;
  let over = false;

  function hold(chunk: Uint8Array): void {
    if (bytes + chunk.length > held.length) {
      const roomier = new Uint8Array(Math.min(needed, Math.max(2 * held.length, bytes + chunk.length)));
      roomier.set(held.subarray(0, bytes));
      held = roomier;
    }
    held.set(chunk, bytes);
    bytes += chunk.length;
  }

  function end(ending: Ending): Ending {
    over = true;
    held = nothing;
    bytes = 0;
    return ending;
  }

  /** The message at the beginning of what is whole; undefined where more has to come. */
  function next(all: Uint8Array): Uint8Array | Ending | undefined {
    needed = headBytes;
    if (all[0] !== 0) return end({ code: 12, details: "compressed messages are not taken" });
    if (all.length < needed) return undefined;
    const length = new DataView(all.buffer, all.byteOffset + 1, 4).getUint32(0);
    if (length > messageBytesMax)
      return end({
        code: 8,
        details: `a message of ${length} bytes: ${messageBytesMax} at most are taken`,
      });
    needed = headBytes + length;
    return all.length < needed ? undefined : all.subarray(headBytes, needed);
  }

  return {
    take: (chunk) => {
      const messages: (Uint8Array | Ending)[] = [];
      let rest = chunk;
      while (!over && rest.length > 0) {
        // Of what is held, no more is taken than makes it whole.
        const more = bytes === 0 ? rest.length : Math.min(rest.length, needed - bytes);
        if (bytes > 0) hold(rest.subarray(0, more));
        const all = bytes > 0 ? held.subarray(0, bytes) : rest;
        const message = next(all);
        if (message === undefined) {
          if (bytes === 0) hold(rest);
          rest = rest.subarray(more);
          continue;
        }
        messages.push(message);
        rest = bytes > 0 ? rest.subarray(more) : rest.subarray(needed);
        held = nothing;
        bytes = 0;
        needed = headBytes;
      }
      return messages;
    },
    bytes: () => bytes,
  };
}

const nothing = new Uint8Array();
