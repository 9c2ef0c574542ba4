import { type HeaderProblem, printable } from "./check-header.ts";

/** Why a text cannot be the value of a parameter; undefined when it can. */
export function unfitForParameter(text: string): HeaderProblem | undefined {
  const control = [...text].find((character) => character < " " || character === "\x7f");
  if (control === undefined) return undefined;
  return {
    message: `the text of a parameter has no \`${printable(control)}\``,
    // Tabs part what is in that line.
    help: "it travels in one line: what needs control characters can stand in the statements",
  };
}
