const [begin, end] = ["<!-- EVAL-START -->", "<!-- EVAL-END -->"] as const;

/** A document with something else between its marks; undefined where it has none. */
export function betweenMarks(document: string, text: string): string | undefined {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) return undefined;
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
