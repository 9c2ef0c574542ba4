/**
 * The values of a line of CSV (RFC 4180). A value in quotes ends on its line, so that a quote that is never closed takes no more than that: then
 * the result is undefined.
 */
export function csvValues(line: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const values: string[] = [];
  const value = /(?:"((?:[^"]|"")*)"|([^",][^,]*)?)(,|$)/y;
  for (;;) {
    const found = value.exec(line);
    if (found === null) return undefined;
    values.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "") return values;
  }
}
