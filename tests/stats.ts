/**
 * Read a `stats.txt`: a line `NAME: N` for each counter and each histogram (how many values it has) that the traffic of a golden case
 * leaves behind in all its proxies together; `#` begins a comment.
 */
export function parseStats(text: string): ReadonlyMap<string, number> {
  return new Map(
    text
      .split("\n")
      .filter((row) => row.trim() !== "" && !row.startsWith("#"))
      .map((row) => {
        const [, name = "", count = ""] = /^(\S+): (\d+)$/.exec(row.trimEnd()) ?? [];
        if (name === "") throw new Error(`this line of a stats.txt cannot be read: ${row}`);
        return [name, Number(count)] as const;
      }),
  );
}

/** Numbers of the same name from several proxies or filters, together. */
export function sumOf(parts: Iterable<readonly [string, number]>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of parts) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}
