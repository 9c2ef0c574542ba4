/** What asc says, without the file names of its library: asc writes sentences, and quotes with apostrophes. */
export function inOurWords(message: string): string {
  const text = message
    .replace(/\.$/, "")
    .replace(/~lib\/(?:[\w.-]+\/)*([\w-]+)/g, "$1")
    .replace(/'([^']*)'/g, "`$1`");
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
