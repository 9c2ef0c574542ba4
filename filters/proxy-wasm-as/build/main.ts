#!/usr/bin/env node
// The command `proxy-wasm-as`: ends with 0 when the module is written, 1 when something is wrong with the filter, 2 with the command itself.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUDGET, STACK, STACK_MAX } from "./assemble.ts";
import { type BuildProblem, buildFilter } from "./build-filter.ts";
import { type FilterFiles, readFilterFiles } from "./read-filter-files.ts";
import { PAGES_MIN } from "./verify-module.ts";

const usage = `usage: proxy-wasm-as build FILTER.ts [-o FILTER.wasm] [--budget INSTRUCTIONS] [--stack KIB]
       [--memory PAGES] [--runtime arena|minimal] [--names] [--configuration TEXT] [--text ENTRY.ts]
`;

const options = `  -o, --out FILTER.wasm    where the module goes; default: beside the filter
  --budget INSTRUCTIONS    what a callback may take before it traps; default ${BUDGET}
  --stack KIB              how far its functions may call themselves before that traps; default ${STACK}, at most ${STACK_MAX}
  --memory PAGES           the most memory of an instance, in pages of 64 KiB; at least ${PAGES_MIN}, default 256
  --runtime NAME           arena, where what a callback made goes with it, or minimal; default: what the filter needs
  --names                  keep the names of functions, for traces
  --configuration TEXT     the plugin configuration that the module is tried with
  --text ENTRY.ts          also write the entry around the filter
  -h, --help               say this
  --version                say which version this is

It ends with 0 when the module is written, with 1 when something is wrong with the filter, with 2 when the command is.
`;

/** All that 32 bits can address. */
const PAGES_MAX = 65_536;

class UsageError extends Error {}

/** What package.json says, which is beside the compiled files' folder. */
function version(): string {
  const home = import.meta.url.endsWith(".ts") ? "../" : "../../";
  const { version } = JSON.parse(readFileSync(new URL(`${home}package.json`, import.meta.url), "utf8"));
  return String(version);
}

/** A file that cannot be read or written, as a person says it. */
class FileError extends Error {
  constructor(doing: string, path: string, cause: unknown) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
    super(`cannot ${doing} ${path}: ${why}`, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "part of its path is not a folder",
  EACCES: "that is not permitted",
  EPERM: "that is not permitted",
  EROFS: "the disk takes no files",
  ENOSPC: "the disk is full",
};

function write(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new FileError("write", path, error);
  }
}

function read(path: string): FilterFiles {
  try {
    return readFilterFiles(path);
  } catch (error) {
    throw new FileError("read", path, error);
  }
}

/** A problem as a person reads it: at the author's line, with what stands there. */
function framed({ code, message, file, start, end }: BuildProblem, { files, paths }: FilterFiles): string {
  const kind = code === undefined ? "error" : `warning[${code}]`;
  const text = file === undefined ? undefined : files[file];
  if (file === undefined || text === undefined || start === undefined) return `${kind}: ${message}\n`;
  const before = text.slice(0, start).split("\n");
  const line = text.split(/\r?\n/)[before.length - 1] ?? "";
  const column = before.at(-1)?.length ?? 0;
  const shown = paths.get(file) ?? file;
  const gutter = " ".repeat(String(before.length).length);
  const marks = "^".repeat(Math.max(1, Math.min((end ?? start) - start, line.length - column)));
  return `${kind}: ${message}
${gutter}--> ${shown}:${before.length}:${column + 1}
${gutter} |
${before.length} | ${line}
${gutter} | ${" ".repeat(column)}${marks}
`;
}

function wholeNumber(
  name: string,
  said: string | undefined,
  [least, most]: readonly [number, number],
): number | undefined {
  if (said === undefined) return undefined;
  const value = Number(said.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}`);
  return value;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string", short: "o" },
      budget: { type: "string" },
      stack: { type: "string" },
      memory: { type: "string" },
      runtime: { type: "string" },
      names: { type: "boolean" },
      configuration: { type: "string" },
      text: { type: "string" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
    },
  });
  if (values.help === true || values.version === true) {
    process.stdout.write(values.help === true ? `${usage}\n${options}` : `${version()}\n`);
    return 0;
  }
  const [command, path, ...rest] = positionals;
  if (command !== undefined && command !== "build")
    throw new UsageError(`there is no command \`${command}\``);
  if (path === undefined) throw new UsageError("say which filter to build");
  if (rest.length > 0)
    throw new UsageError("it builds one filter at a time; what this one imports is found by itself");
  const { runtime, names, configuration } = values;
  if (runtime !== undefined && runtime !== "arena" && runtime !== "minimal")
    throw new UsageError("--runtime takes arena or minimal");
  const budget = wholeNumber("budget", values.budget, [1, Number.MAX_SAFE_INTEGER]);
  const stack = wholeNumber("stack", values.stack, [1, STACK_MAX]);
  const memory = wholeNumber("memory", values.memory, [PAGES_MIN, PAGES_MAX]);
  const found = read(path);
  const { files } = found;
  const out = values.out ?? path.replace(/(\.ts)?$/, ".wasm");
  const sources = [...found.paths.values()].map((each) => resolve(each));
  for (const target of [out, ...(values.text === undefined ? [] : [values.text])])
    if (sources.includes(resolve(target)))
      throw new UsageError(`${target} would be written over its own source`);
  const { bytes, entry, problems, warnings } = await buildFilter({
    files,
    name: basename(path, ".ts"),
    ...(budget === undefined ? {} : { budget }),
    ...(stack === undefined ? {} : { stack }),
    ...(memory === undefined ? {} : { memory }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(names === undefined ? {} : { names }),
    ...(configuration === undefined ? {} : { configuration }),
  });
  if (values.text !== undefined) write(values.text, entry);
  if (bytes === undefined) {
    process.stderr.write(problems.map((problem) => framed(problem, found)).join("\n"));
    return 1;
  }
  write(out, bytes);
  process.stderr.write(warnings.map((warning) => framed(warning, found)).join("\n"));
  process.stdout.write(`${out}: ${bytes.length} bytes\n`);
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  const [message = ""] = (error instanceof Error ? error.message : String(error)).split(/\.?\n|\. To /);
  process.stderr.write(`proxy-wasm-as: ${message}\n${isUsage ? usage : ""}`);
  process.exitCode = 2;
}
