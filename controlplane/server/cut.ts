const responseBytesMax = 1 << 20;

/** In pieces of a MiB at most, but for what is larger by itself (P27). */
export function* cut<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
): Generator<readonly Item[]> {
  let part: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (part.length > 0 && bytes + bytesOf(item) > responseBytesMax) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += bytesOf(item);
  }
  if (part.length > 0) yield part;
}
