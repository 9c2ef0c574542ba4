import { type Code, codes } from "../language/codes.ts";
import { explanations } from "../language/explanations.ts";

/** The families of codes by their first three letters, in the order of the table. */
const families: Readonly<Record<string, string>> = {
  SRC: "Any file",
  CUP: "Copper",
  CUI: "Interfaces",
  CTX: "Contexts",
  FLT: "Filter code",
  MSH: "Mesh files",
  PRM: "Files of parameters",
  PLC: "Placement",
  MOD: "Modules",
};

/** A diagnostic as it was printed, and the folder of tests/policies/ that it is from. */
export interface DiagnosticExample {
  readonly folder: string;
  readonly text: string;
}

/** The page with every code, in Markdown: what it is about, what lies behind it, and a message from the golden corpus with its place and its help. */
export function diagnosticsManual(examples: ReadonlyMap<Code, DiagnosticExample>): string {
  const all = Object.keys(codes) as readonly Code[];
  const lines = Object.entries(families).flatMap(([family, title]) => [
    `## ${title}`,
    "",
    ...all.filter((code) => code.startsWith(family)).flatMap((code) => entry(code, examples.get(code))),
  ]);
  return [
    "# Diagnostics",
    "",
    "Every message of `wire check` and its siblings by its code, written by `npm run gen:reference` from the table of codes and the golden cases.",
    "",
    "A message is an error, which stops the command, or a warning, which does not. It says where, and in its last line what to type instead.",
    "The first three letters of its code say what is at fault:",
    "",
    ...Object.entries(families).map(([family, title]) => `- [${title}](#${anchor(title)}): \`${family}\``),
    "",
    ...lines,
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function entry(code: Code, example: DiagnosticExample | undefined): readonly string[] {
  const shown =
    example === undefined
      ? []
      : [
          "```text",
          example.text,
          "```",
          "",
          `The whole case: [${example.folder}](../tests/policies/${example.folder}).`,
          "",
        ];
  return [`### ${code}: ${codes[code]}`, "", explanations[code], "", ...shown];
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(" ", "-");
}
