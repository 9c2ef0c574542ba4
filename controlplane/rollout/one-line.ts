/** Long enough for what Envoy says of a resource. */
const lengthMaxUsual = 500;

/** What ends a line, moves a cursor, clears a screen or turns the order of letters round. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\s]+/gu;

/** The words of somebody else, as a proxy, so that they can stand in a line of ours: without what a terminal obeys, and not too many. */
export function oneLine(words: string, lengthMax: number = lengthMaxUsual): string {
  // Before it is looked through, since it may be of any length.
  const line = words
    .slice(0, lengthMax + 1)
    .replace(unprintable, " ")
    .trim();
  return words.length <= lengthMax ? line : `${line.slice(0, lengthMax).trimEnd()}…`;
}
