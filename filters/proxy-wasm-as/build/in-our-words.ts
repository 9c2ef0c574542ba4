import { helpFor } from "./help-for.ts";

/** What asc says, without the file names of its library: asc writes sentences, and quotes with apostrophes. With the text and where it is about, also what to write instead. */
export function inOurWords(message: string, text?: string, start?: number): string {
  const own = message
    .replace(/\.$/, "")
    // What the SDK has asc say.
    .replace(/^User-defined: "(.*)"$/, "$1")
    .replace(/~lib\/(?:[\w.-]+\/)*([\w-]+)/g, "$1")
    .replace(/'([^']*)'/g, "`$1`");
  const help = text === undefined || start === undefined ? undefined : helpFor(message, text, start);
  const said = `${own.charAt(0).toLowerCase()}${own.slice(1)}`;
  return help === undefined ? said : `${said}: ${help}`;
}
