/** A plugin configuration that knows some services by further addresses. */
export function alsoFrom(configuration: string, further: ReadonlyMap<string, readonly string[]>): string {
  return configuration
    .split("\n")
    .map((line) => {
      const [fact, name = "", list = ""] = line.split("\t");
      const more = fact === "@peer" ? further.get(name) : undefined;
      return more === undefined ? line : [fact, name, [list, ...more].join(",")].join("\t");
    })
    .join("\n");
}
