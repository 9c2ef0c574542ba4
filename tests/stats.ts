/**
 * Read a `stats.txt`: a line `NAME: N` for each counter and each histogram (how many values it has) that the traffic of a golden case
 * leaves behind in all its proxies together, and `log LEVEL MESSAGE: N` for each line in their logs; `#` begins a comment. Which
 * counters are told is up to the case. Lines of the log are all told, except those that Envoy leaves out: below `info`.
 */
export function parseStats(text: string): ReadonlyMap<string, number> {
  return new Map(
    text
      .split("\n")
      .filter((row) => row.trim() !== "" && !row.startsWith("#"))
      .map((row) => {
        const [, name = "", count = ""] = /^(\S+|log [a-z]+ .*): (\d+)$/.exec(row.trimEnd()) ?? [];
        if (name === "") throw new Error(`this line of a stats.txt cannot be read: ${row}`);
        return [name, Number(count)] as const;
      }),
  );
}

const levels = ["trace", "debug", "info", "warn", "error", "critical"] as const;

/** How a line of the log is called among the numbers; a level is one of the ABI's, or how Envoy writes it. */
export function logName(level: number | string, message: string): string {
  const name = typeof level === "number" ? (levels[level] ?? "critical") : level.replace("warning", "warn");
  return `log ${name} ${message}`;
}

/** What there is of the numbers that are expected, and of lines in the log all that Envoy writes. */
export function asExpected(
  stats: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const lines = [...stats.keys()].filter((name) => /^log (?:info|warn|error|critical) /.test(name));
  return new Map([...expected.keys(), ...lines].map((name) => [name, stats.get(name) ?? 0]));
}

/** Numbers of the same name from several proxies or filters, together. */
export function sumOf(parts: Iterable<readonly [string, number]>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of parts) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}
