/**
 * The lines of a policy, of Copper, filter code and YAML alike: those that are neither empty nor comment. What parts policies or documents in one file
 * (`---`) is neither's.
 */
export function countLines(text: string): number {
  let isComment = false;
  let count = 0;
  for (const row of text.split("\n")) {
    const line = row.trim();
    if (isComment) {
      isComment = !line.endsWith("*/");
      continue;
    }
    if (line.startsWith("/*")) {
      isComment = !line.endsWith("*/");
      continue;
    }
    if (line !== "" && line !== "---" && !/^(#|\/\/)/.test(line)) count++;
  }
  return count;
}
