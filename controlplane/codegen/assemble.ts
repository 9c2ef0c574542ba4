import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** Something that asc said: where, as UTF-16 offsets into the file it names, when it said that. */
export interface AssemblyMessage {
  readonly severity: "error" | "warning";
  readonly code: number;
  readonly message: string;
  readonly file?: string;
  readonly start?: number;
  readonly end?: number;
}

/** `bytes` is missing when it did not compile; `stderr` is then what a person reads. */
export interface Assembled {
  readonly bytes?: Uint8Array;
  readonly messages: readonly AssemblyMessage[];
  readonly stderr: string;
}

/** `entry` is the text of the entry file; `files` are those beside it, by name. */
export interface AssembleOptions {
  readonly entry: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Default `arena`; code whose objects outlive a request needs `minimal`. */
  readonly runtime?: "arena" | "minimal";
  /** Keep function names, for traces. Default false. */
  readonly names?: boolean;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const PACKAGE = "proxy-wasm-as/";

// The SDK's sources and the options are part of the compiler: read once, like its own code.
const sdk: ReadonlyMap<string, string> = new Map(
  readdirSync(`${root}filters/${PACKAGE}`, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path === "index.ts" || (path.startsWith("assembly/") && path.endsWith(".ts")))
    .map((path) => [path, readFileSync(`${root}filters/${PACKAGE}${path}`, "utf8")]),
);
const configuration = readFileSync(`${root}asconfig.json`, "utf8");

/** Compile AssemblyScript in this process, without touching files. */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const files: Readonly<Record<string, string>> = {
    ...options.files,
    "asconfig.json": configuration,
    "module.ts": options.entry,
  };
  let bytes: Uint8Array | undefined;
  const messages: AssemblyMessage[] = [];
  const runtime = options.runtime === "minimal" ? "minimal" : `node_modules/${PACKAGE}assembly/rt/arena`;
  const flags = ["module.ts", "--outFile", "out.wasm", "--runtime", runtime];
  const { error, stderr } = await asc.main(options.names ? [...flags, "--debug"] : flags, {
    readFile: (path) => {
      const at = path.replaceAll("\\", "/").lastIndexOf(`node_modules/${PACKAGE}`);
      if (at >= 0) return sdk.get(path.slice(at + 13 + PACKAGE.length)) ?? null;
      return Object.hasOwn(files, path) ? (files[path] ?? null) : null;
    },
    writeFile: (_path, contents) => {
      if (typeof contents !== "string") bytes = contents;
    },
    listFiles: () => [],
    reportDiagnostic: (message) => {
      const { range } = message;
      messages.push({
        severity: message.category === 3 ? "error" : "warning",
        code: message.code,
        message: message.message,
        ...(range === null ? {} : { start: range.start, end: range.end }),
        ...(range?.source ? { file: range.source.normalizedPath } : {}),
      });
    },
  });
  const said = stderr.toString();
  if (error !== null || bytes === undefined) return { messages, stderr: said || String(error) };
  return { bytes, messages, stderr: said };
}
