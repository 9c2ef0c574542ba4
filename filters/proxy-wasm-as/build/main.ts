#!/usr/bin/env node
// The command `proxy-wasm-as`: ends with 0 when the module is written, 1 when something is wrong with the filter, 2 with the command itself.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type BuildProblem, buildFilter } from "./build-filter.ts";
import { readFilterModule } from "./read-filter-module.ts";

const usage = `usage: proxy-wasm-as build FILTER.ts [-o FILTER.wasm] [--budget INSTRUCTIONS] [--memory PAGES]
       [--runtime arena|minimal] [--names] [--configuration TEXT] [--text ENTRY.ts]
`;

class UsageError extends Error {}

/** The filter and the files beside it that it imports, by their names; the filter is `filter.ts`. */
function readFiles(path: string): { readonly [name: string]: string } {
  const files: Record<string, string> = { "filter.ts": readFileSync(path, "utf8") };
  const left = ["filter.ts"];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    for (const said of readFilterModule(files[name] ?? "").imports) {
      if (!said.startsWith("./")) continue;
      const file = `${said.slice(2).replace(/\.ts$/, "")}.ts`;
      if (Object.hasOwn(files, file)) continue;
      files[file] = readFileSync(join(dirname(path), file), "utf8");
      left.push(file);
    }
  }
  return files;
}

/** A problem as a person reads it: at the author's line, with what stands there. */
function framed(
  { message, file, start, end }: BuildProblem,
  path: string,
  files: Readonly<Record<string, string>>,
): string {
  const text = file === undefined ? undefined : files[file];
  if (file === undefined || text === undefined || start === undefined) return `error: ${message}\n`;
  const before = text.slice(0, start).split("\n");
  const line = text.split("\n")[before.length - 1] ?? "";
  const column = before.at(-1)?.length ?? 0;
  const shown = file === "filter.ts" ? path : join(dirname(path), file);
  const gutter = " ".repeat(String(before.length).length);
  const marks = "^".repeat(Math.max(1, Math.min((end ?? start) - start, line.length - column)));
  return `error: ${message}
${gutter}--> ${shown}:${before.length}:${column + 1}
${gutter} |
${before.length} | ${line}
${gutter} | ${" ".repeat(column)}${marks}
`;
}

function wholeNumber(name: string, said: string | undefined): number | undefined {
  if (said === undefined) return undefined;
  const value = Number(said.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`--${name} takes a whole number`);
  return value;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string", short: "o" },
      budget: { type: "string" },
      memory: { type: "string" },
      runtime: { type: "string" },
      names: { type: "boolean" },
      configuration: { type: "string" },
      text: { type: "string" },
    },
  });
  const [command, path, ...rest] = positionals;
  if (command !== "build" || path === undefined || rest.length > 0) throw new UsageError("say what to build");
  const { runtime, names, configuration } = values;
  if (runtime !== undefined && runtime !== "arena" && runtime !== "minimal")
    throw new UsageError("--runtime takes arena or minimal");
  const budget = wholeNumber("budget", values.budget);
  const memory = wholeNumber("memory", values.memory);
  const files = readFiles(path);
  const { bytes, entry, problems } = await buildFilter({
    files,
    name: basename(path, ".ts"),
    ...(budget === undefined ? {} : { budget }),
    ...(memory === undefined ? {} : { memory }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(names === undefined ? {} : { names }),
    ...(configuration === undefined ? {} : { configuration }),
  });
  if (values.text !== undefined) writeFileSync(values.text, entry);
  if (bytes === undefined) {
    process.stderr.write(problems.map((problem) => framed(problem, path, files)).join("\n"));
    return 1;
  }
  const out = values.out ?? path.replace(/(\.ts)?$/, ".wasm");
  writeFileSync(out, bytes);
  process.stdout.write(`${out}: ${bytes.length} bytes\n`);
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`proxy-wasm-as: ${message}\n${error instanceof UsageError ? usage : ""}`);
  process.exitCode = 2;
}
