/** No service is called so: a name begins with a letter or a digit. */
const nobody = "-";

/**
 * A plugin configuration with these policies switched off: each is for nobody, so that its module, which is the same, goes on as if they were
 * not there, with the states of all.
 */
export function switchedOff(configuration: string, off: readonly string[]): string {
  return configuration
    .split("\n")
    .map((line) => {
      const [name = "", direction = "", _, ...rest] = line.split("\t");
      return off.includes(name) ? [name, direction, nobody, ...rest].join("\t") : line;
    })
    .join("\n");
}
