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

/** Takes what a client sends, in pieces of any size, and gives the messages in it; or why there will be no more. */
export function createUnframer(
  messageBytesMax: number,
): (chunk: Uint8Array) => readonly (Uint8Array | Ending)[] {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let needed = headBytes;
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return [];
    const all = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const messages: (Uint8Array | Ending)[] = [];
    let at = 0;
    for (;;) {
      needed = headBytes;
      if (all.length - at < needed) break;
      if (all[at] !== 0) return [...messages, { code: 12, details: "compressed messages are not taken" }];
      const length = new DataView(all.buffer, all.byteOffset + at + 1, 4).getUint32(0);
      if (length > messageBytesMax)
        return [
          ...messages,
          { code: 8, details: `a message of ${length} bytes: ${messageBytesMax} at most are taken` },
        ];
      needed = headBytes + length;
      if (all.length - at < needed) break;
      messages.push(all.subarray(at + headBytes, at + needed));
      at += needed;
    }
    chunks = at < all.length ? [all.subarray(at)] : [];
    bytes = all.length - at;
    return messages;
  };
}
