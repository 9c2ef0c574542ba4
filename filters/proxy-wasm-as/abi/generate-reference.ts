import { differences } from "../testing/differences.ts";
import {
  type AbiFunction,
  callbacks,
  enums,
  foreignFunctions,
  hostFunctions,
  wasiFunctions,
} from "./table.ts";

/** The reference page of the ABI, in Markdown. */
export function generateReference(): string {
  return `# Proxy-Wasm ABI 0.2.1, as this package knows it

Written by \`npm run gen:abi\` from the table that the filters' imports, the host and the checker of modules share.

\`bytes\` and \`pairs\` are two parameters, a pointer and a size. What begins with \`out\` is where the host writes: one pointer for a number,
two for bytes, of which it allocates the memory in the module. \`pairs\` are serialized: how many, the sizes of each key and value, then
each key and value with a zero byte behind it; all numbers have four bytes, the lowest first.

## What a module exports

A callback that is not exported costs nothing: the host does not enter the VM for it.

${functions(callbacks)}
## Host functions

Module \`env\`. All of them return a \`Status\`.

${functions(hostFunctions)}
## WASI

Module \`wasi_snapshot_preview1\`.

${functions(wasiFunctions)}
## Foreign functions

What Envoy has, for \`proxy_call_foreign_function\`.

${table(
  ["name", "what"],
  Object.entries(foreignFunctions).map(([name, doc]) => [code(name), doc]),
)}
## What the host does otherwise

What \`proxy-wasm-as/testing\` does on purpose otherwise than an Envoy. Each that can be is played in both, and has to differ in just this way.

${table(
  ["the host", "an Envoy", "why", "held by"],
  differences.map(({ host, envoy, why, shown }) => [
    host,
    envoy,
    why,
    shown.kind === "played" ? code(shown.play) : `not played: ${shown.reason}`,
  ]),
)}
## Enumerations

${Object.entries(enums)
  .map(
    ([name, { doc, members }]) =>
      `### ${name}\n\n${doc}\n\n${table(
        ["value", "name", "what"],
        Object.entries(members).map(([member, [value, about]]) => [String(value), code(member), about]),
      )}`,
  )
  .join("\n")}`;
}

function functions(list: Readonly<Record<string, AbiFunction>>): string {
  return Object.entries(list)
    .map(([name, { doc, takes, gives, envoy, parameters, results }]) => {
      const taken = takes.map(([parameter, type]) => `${parameter}: ${type}`).join(", ");
      const raw = `(${parameters.join(", ")}) -> (${results.join(", ")})`;
      return `### ${name}\n\n    ${name}(${taken})${gives === "none" ? "" : `: ${gives}`}\n\n${doc}${envoy ? " Envoy's own." : ""} In WebAssembly: \`${raw}\`.\n`;
    })
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}

function code(text: string): string {
  return `\`${text}\``;
}
