// The thread that runs asc: a crash of the compiler calls `process.exit`, which ends no more than this thread.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import type { Program } from "assemblyscript";
import asc, { libraryFiles } from "assemblyscript/asc";
import type binaryen from "assemblyscript/binaryen";
import { type Assembled, type AssembleOptions, type AssemblyMessage, STACK } from "./assemble.ts";
import { boundModule } from "./bound-module.ts";
import { callbacksIn, EXCEEDED, exceeded, type SaidCode, TOO_DEEP, tooDeep } from "./exceeded.ts";
import { EXHAUSTED, exhausted, mayExhaust, sayExhausted } from "./exhausted.ts";
import { UnknownExpressionError } from "./expressions.ts";
import { mayRecurse } from "./limit-stack.ts";
import { needsBudget } from "./needs-budget.ts";
import { RECORD_REFERENCE, recordReferences } from "./record-references.ts";
import { changeStaticData, withoutHeader } from "./static-data.ts";
import { withoutIdleStart } from "./without-idle-start.ts";

const PACKAGE = "proxy-wasm-as/";
// The package is one folder further up from where its compiled files are.
const home = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url));

// The SDK's sources are part of the compiler: read once, like its own code.
const sdk: ReadonlyMap<string, string> = new Map(
  [
    "index.ts",
    ...readdirSync(`${home}assembly`, { recursive: true, encoding: "utf8" }).map(
      (path) => `assembly/${path}`,
    ),
  ]
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, inAssemblyScript(path, readFileSync(`${home}${path}`, "utf8"))]),
);
const always = [
  ...["--optimizeLevel", "2", "--shrinkLevel", "2"],
  // Not in a start section, which runs before the proxy is ready for calls.
  ...["--exportStart", "_initialize"],
  // In pages of 64 KiB.
  ...["--initialMemory", "32"],
  ...["--use", "abort=~lib/proxy-wasm-as/assembly/abort/abort"],
];

/** The functions that say why a callback ends, as asc names them. */
const saying: ReadonlySet<string> = new Set([EXCEEDED, TOO_DEEP].map((name) => `module/${name}`));

// A runtime given by its path counts as `incremental`, whose shadow stack the arena has no use for. In the place of
// `stub` it gets none, which makes modules smaller and the compiler faster.
// Not `rt/index-stub` itself: what that exports, the module would, too.
libraryFiles["rt/stub"] = sdk.get("assembly/rt/arena.ts") ?? "";

// `minimal` collects when it is told to, and does not say of how much there is.
libraryFiles["rt/tcms"] += `
@global @unsafe
export function __total(): usize {
  return total;
}
`;

// Where modules are to be small, `join` of texts makes a new text for each of them, which is 16 MiB for 2,000 short ones.
libraryFiles["array"] = (libraryFiles["array"] ?? "").replace(
  /if \(ASC_SHRINK_LEVEL < 1\) (?=\{\s+if \(isString<T>\(\)\)\s+return joinStringArray)/,
  "",
);

// What asc reads before anything else whether or not it is used, and what neither the SDK nor generated code uses: a quarter of the time that
// parsing takes.
const spare: ReadonlyMap<string, string> = new Map(
  [
    "atomics",
    "console",
    "dataview",
    "date",
    "iterator",
    "process",
    "reference",
    "set",
    "staticarray",
    "symbol",
    "typedarray",
    "uri",
  ].map((name) => [name, libraryFiles[name] ?? ""]),
);

/** The one type that is said otherwise for TypeScript, whose literals have to have all of a class. */
function inAssemblyScript(path: string, text: string): string {
  return path === "assembly/given.ts" ? text.replace(/= \{.*\}/, "= T") : text;
}

/** Without the spare part of the library, unless the source turns out to need it. */
async function compile(options: AssembleOptions): Promise<Assembled> {
  // Filter code may write an array down, for which the compiler itself needs a part, and crashes when that is not there.
  if (options.files === undefined) {
    for (const name of spare.keys()) libraryFiles[name] = "";
    const assembled = await run(options);
    if (assembled.bytes !== undefined) return assembled;
  }
  for (const [name, text] of spare) libraryFiles[name] = text;
  return run(options);
}

async function run(options: AssembleOptions): Promise<Assembled> {
  const callbacks = callbacksIn(options.entry);
  const code = options.bound === undefined ? undefined : exceeded(options.bound, callbacks);
  const stackCode = options.bound === undefined ? undefined : tooDeep(options.bound, callbacks);
  const memory = options.memory ?? 256;
  const memoryCode = options.bound === undefined ? undefined : exhausted(options.bound, memory);
  const files: Readonly<Record<string, string>> = {
    ...options.files,
    "module.ts": `${options.entry}\n${code?.source ?? ""}${stackCode?.source ?? ""}${memoryCode?.source ?? ""}`,
  };
  let bytes: Uint8Array | undefined;
  let isBounded = code !== undefined;
  const messages: AssemblyMessage[] = [];
  const runtime = options.runtime === "minimal" ? "minimal" : "stub";
  const flags = [
    "module.ts",
    "--outFile",
    "out.wasm",
    "--runtime",
    runtime,
    ...always,
    "--maximumMemory",
    String(memory),
  ];
  let program: Program | undefined;
  const named = new Map<string, string>();
  const placeOf = (range: Parameters<typeof rangeOf>[0]): ReturnType<typeof rangeOf> => {
    const { file, ...place } = rangeOf(range);
    return file === undefined ? place : { ...place, file: named.get(file) ?? file };
  };
  // Classes get what the type says besides; an object has no need of it.
  const beforeOptimizing: Pick<asc.Transform, "afterCompile" | "afterInitialize"> = {
    afterInitialize: (initialized) => {
      program = initialized;
      for (const source of initialized.sources) {
        const shown = options.shownAs?.[source.normalizedPath];
        if (shown === undefined) continue;
        named.set(shown, source.normalizedPath);
        Object.assign(source, { normalizedPath: shown });
      }
    },
    afterCompile: (module) => {
      const references = program === undefined ? [] : recordReferences(program);
      for (const { message, range } of references)
        messages.push({ severity: "error", code: RECORD_REFERENCE, message, ...placeOf(range) });
      if (references.length > 0) throw new Error(references.map(({ message }) => message).join("\n"));
      isBounded &&= options.runtime === "minimal" || needsBudget(module, saying, memory);
      const spare: SaidCode[] = [];
      if (code !== undefined && !isBounded) {
        module.removeExport(EXCEEDED);
        spare.push(code);
      }
      if (stackCode !== undefined && !(isBounded && mayRecurse(module))) {
        module.removeExport(TOO_DEEP);
        spare.push(stackCode);
      }
      if (memoryCode !== undefined) {
        module.removeExport(EXHAUSTED);
        if (isBounded || mayExhaust(module)) sayExhausted(module, `module/${EXHAUSTED}`);
        else spare.push(memoryCode);
      }
      trim(module, options, spare);
    },
  };
  const { error, stderr } = await asc.main(options.names ? [...flags, "--debug"] : flags, {
    readFile: (path) => {
      const at = path.replaceAll("\\", "/").lastIndexOf(`node_modules/${PACKAGE}`);
      if (at >= 0) return sdk.get(path.slice(at + 13 + PACKAGE.length)) ?? null;
      return Object.hasOwn(files, path) ? (files[path] ?? null) : null;
    },
    writeFile: (_path, contents) => {
      if (typeof contents !== "string") bytes = withoutIdleStart(contents);
    },
    listFiles: () => [],
    transforms: [beforeOptimizing as asc.Transform],
    reportDiagnostic: (message) => {
      const { range } = message;
      messages.push({
        severity: message.category === 3 ? "error" : "warning",
        code: message.code,
        message: message.message,
        ...placeOf(range),
      });
    },
  });
  const said = stderr.toString();
  if (error !== null || bytes === undefined) return { messages, stderr: said || String(error) };
  if (options.bound === undefined || !isBounded) return { bytes, messages, stderr: said };
  const { budget, stack = STACK } = options.bound;
  try {
    bytes = boundModule(bytes, { budget, callbacks, exceeded: EXCEEDED, stack, tooDeep: TOO_DEEP });
  } catch (failure) {
    if (!(failure instanceof UnknownExpressionError)) throw failure;
    return { messages, stderr: `the module has ${failure.message}, which cannot be bounded` };
  }
  return { bytes, messages, stderr: said };
}

function rangeOf(
  range: {
    readonly start: number;
    readonly end: number;
    readonly source: { readonly normalizedPath: string };
  } | null,
): Pick<AssemblyMessage, "file" | "start" | "end"> {
  if (range === null) return {};
  const { start, end, source } = range;
  return { start, end, ...(source ? { file: source.normalizedPath } : {}) };
}

/** What asc would keep, and nobody has a use for: before it optimizes, so that what hangs on it goes as well. */
function trim(module: binaryen.Module, options: AssembleOptions, spareCode: readonly SaidCode[]): void {
  const sources = [options.entry, ...Object.values(options.files ?? {})];
  const areBare = options.runtime !== "minimal" && !sources.some((text) => looksAtObjects.test(text));
  changeStaticData(module, (piece, all) => {
    const isSpare = spareCode.some(({ data }) => {
      const same = all.filter(({ bytes }) => Buffer.compare(bytes, data) === 0);
      // Of two that are the same, one is not ours.
      return same.length === 1 && same[0] === piece;
    });
    if (isSpare) return new Uint8Array(piece.bytes.length);
    return areBare ? withoutHeader(piece) : piece.bytes;
  });
}

/** What may read the headers of objects, or lay out something that looks like one. */
const looksAtObjects = /\b(?:instanceof|memory)\b/;

parentPort?.on("message", (options: AssembleOptions) => {
  // What asc throws instead of reporting is a crash of the compiler, and the thread ends as with the others.
  compile(options).then(
    (assembled) => parentPort?.postMessage(assembled),
    (error: unknown) => {
      throw error;
    },
  );
});
