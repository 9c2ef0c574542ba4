/**
 * The same text, in memory of its own. A part of a text is kept by V8 as a place in it, and keeps all of it in memory: of a file that comes in
 * pieces, one name keeps a whole piece.
 */
export function ownText(text: string): string {
  // Two texts put together are copied when a part is taken of them, and what is kept is the copy.
  return ` ${text}`.slice(1);
}

/** Equal texts as one, in memory of its own; undefined for those that are no name. */
export function createNames(isNone: (text: string) => boolean): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || isNone(text)) return known;
    const own = ownText(text);
    names.set(own, own);
    return own;
  };
}
