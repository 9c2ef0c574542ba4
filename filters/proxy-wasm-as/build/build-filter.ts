import { posix } from "node:path";
import { filterCallbacks, signatureOf } from "../abi/filter-callbacks.ts";
import { pathOf, properties } from "../abi/properties.ts";
import { heldBodies, letGo } from "../syntax/held-bodies.ts";
import { mayPauseAmong, pausingAmong } from "../syntax/pausing.ts";
import { assemble, BUDGET, STACK, STACK_MAX } from "./assemble.ts";
import { checkCallbacks } from "./check-callbacks.ts";
import { filterEntry } from "./filter-entry.ts";
import { inOurWords } from "./in-our-words.ts";
import { nearest } from "./nearest.ts";
import { publicMembers } from "./public-members.ts";
import { type ExportedFunction, type FilterModule, readFilterModule } from "./read-filter-module.ts";
import { readParameters, unfilledParameters } from "./read-parameters.ts";
import { smoke } from "./smoke.ts";
import { PAGES_MIN, verifyModule } from "./verify-module.ts";

/** How a filter is built. */
export interface BuildFilterOptions {
  /** Its files by their names in the filter's folder, `/` between parts, `filter.ts` the one that exports callbacks. */
  readonly files: Readonly<Record<string, string>>;
  /** Who is named in the log when it goes over its budget, and whose file it says that `throw` stands in. Default `filter`. */
  readonly name?: string;
  /** How many instructions a callback may take, about. Default 50,000,000, which take less than a tenth of a second. */
  readonly budget?: number;
  /** How far functions that call themselves may go, in KiB of stack: at most 768. Default 512, which are 500 to 4,000 calls. */
  readonly stack?: number;
  /** The most memory that an instance may have, in pages of 64 KiB: at least 32, with which it begins. Default 256, which is 16 MiB. */
  readonly memory?: number;
  /** Default `arena`, or `minimal` where the filter keeps from one callback to the next what it made. */
  readonly runtime?: "arena" | "minimal";
  /** Keep the names of functions, for traces. Default false. */
  readonly names?: boolean;
  /** The plugin configuration that the module is tried with. Default none. */
  readonly configuration?: string;
}

/** Why a filter was not built: in a file, as UTF-16 offsets into it, or nowhere in particular. */
export interface BuildProblem {
  /** Of a warning: `PWA0101`, which stays the same when the words change. PWA0102, which has gone, is no other's. */
  readonly code?: string;
  readonly message: string;
  readonly file?: string;
  readonly start?: number;
  readonly end?: number;
}

/** `bytes` are there when there are no problems. */
export interface BuiltFilter {
  readonly bytes?: Uint8Array;
  /** The entry file that was written around the filter. */
  readonly entry: string;
  readonly problems: readonly BuildProblem[];
  /** What may go wrong in a proxy, and does not keep it from being built. */
  readonly warnings: readonly BuildProblem[];
}

/**
 * Compile a filter, bound it, hold the module against the ABI, and try each of its callbacks in the host. Files and clocks are not touched, and
 * nothing is thrown: what is wrong is a problem.
 */
export async function buildFilter(options: BuildFilterOptions): Promise<BuiltFilter> {
  const built = await build(options);
  return {
    ...built,
    warnings: built.bytes === undefined ? [] : warningsOf(options.files),
  };
}

async function build(options: BuildFilterOptions): Promise<Omit<BuiltFilter, "warnings">> {
  const { files } = options;
  const filter = files["filter.ts"] ?? "";
  let modules: readonly FilterModule[];
  try {
    const texts = Object.values(files);
    modules = texts.map((text) => readFilterModule(text, texts.length === 1));
  } catch {
    return { entry: "", problems: [{ message: "this is nested too deeply to be read" }] };
  }
  const module = readFilterModule(filter, modules.length === 1);
  const { exported } = module;
  if (options.memory !== undefined && options.memory < PAGES_MIN)
    return {
      entry: "",
      problems: [{ message: `a module begins with ${PAGES_MIN} pages of memory, and cannot have less` }],
    };
  if (options.stack !== undefined && options.stack > STACK_MAX)
    return {
      entry: "",
      problems: [{ message: `a proxy has no room for more than ${STACK_MAX} KiB of stack` }],
    };
  const { parameters, problems: unfit } = readParameters(filter);
  const entry = filterEntry({
    exported,
    sdk: new Set(modules.flatMap(({ sdk }) => [...sdk])),
    startsWithValues: modules.some(({ startsWithValues }) => startsWithValues),
    keepsStreams: modules.some(({ keepsStreams }) => keepsStreams),
    writesBodies: modules.some(({ writesBodies }) => writesBodies),
    pausing: mayPauseAmong(modules.flatMap(({ functions }) => functions)),
    parameters,
  });
  const problems = [
    ...checkCallbacks(module, filter),
    ...unfit.map((problem) => ({ ...problem, file: "filter.ts" })),
    ...managed(files, modules),
    ...madeAgain(files, modules),
  ];
  if (problems.length > 0) return { entry, problems };
  const kept = keptIn(files, modules, parameters.length > 0);
  if (options.runtime === "arena" && kept.length > 0) return { entry, problems: kept };
  const assembled = await assemble({
    entry,
    files,
    runtime: options.runtime ?? (kept.length > 0 ? "minimal" : "arena"),
    bound: {
      name: options.name ?? "filter",
      budget: options.budget ?? BUDGET,
      stack: options.stack ?? STACK,
    },
    shownAs: { "filter.ts": `${options.name ?? "filter"}.ts` },
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.names === undefined ? {} : { names: options.names }),
  });
  const { bytes } = assembled;
  if (bytes === undefined) {
    const errors = assembled.messages.filter(({ severity }) => severity === "error");
    const said = errors.map(({ code: _code, severity: _severity, ...error }) =>
      atCallback(
        { ...error, message: inOurWords(error.message, files[error.file ?? ""], error.start) },
        entry,
        module,
      ),
    );
    const problems = firstOfLines(said, files).map((problem) => notFound(problem, files));
    return { entry, problems: problems.length > 0 ? problems : [{ message: assembled.stderr.trim() }] };
  }
  const unfitting = verifyModule(bytes, options.memory);
  if (unfitting.length > 0)
    return { entry, problems: unfitting.flatMap((reason) => foreignTo(reason, files)) };
  const smoked = await smoke(bytes, options.configuration ?? "");
  const reasons = smoked.kind === "tried" ? smoked.reasons : [smoked.reason];
  const isTried = (reason: string): boolean => reason.startsWith("tried ");
  const [tried] = reasons.slice(-1).filter(isTried);
  const reason = (tried === undefined ? reasons : reasons.slice(0, -1)).join(": ");
  const how = tried === undefined ? "" : ` (${tried})`;
  if (reason !== "") {
    const isRefused = reason.startsWith(REFUSED) && (options.configuration ?? "") === "";
    const place = isRefused
      ? placeOf("onConfigure", module)
      : placeOfStart(reason, Object.keys(files), modules);
    const help = isRefused ? "; it is tried with an empty one, unless `--configuration` says another" : "";
    return { entry, problems: [{ message: `it does not run: ${said(reason)}${how}${help}`, ...place }] };
  }
  return { bytes, entry, problems: [] };
}

function warningsOf(files: Readonly<Record<string, string>>): readonly BuildProblem[] {
  const texts = Object.entries(files);
  const modules = texts.map(([file, text]) => ({ file, ...readFilterModule(text, texts.length === 1) }));
  const exported = modules.find(({ file }) => file === "filter.ts")?.exported ?? [];
  const functions = modules.flatMap(({ functions }) => functions);
  const pausing = pausingAmong(functions);
  const unfilled = unfilledParameters(files["filter.ts"] ?? "").map((problem) => ({
    code: "PWA0104",
    ...problem,
    file: "filter.ts",
  }));
  return [
    ...heldHeaders(exported, pausing),
    ...takenOn(exported, pausing),
    ...(modules.some(({ sdk }) => sdk.has("resume") || sdk.has("*")) ? goingOn(exported, pausing) : []),
    ...modules.flatMap(misspeltPaths),
    ...unfilled,
  ];
}

/** Paths that Envoy has no property by, and one that is written much alike. What it has besides, as by metadata or by what filters set, is in no table. */
function misspeltPaths({
  file,
  propertyPaths,
}: FilterModule & { readonly file: string }): readonly BuildProblem[] {
  return propertyPaths.flatMap(({ name: path, start, end }) => {
    const [group = "", name = ""] = path.split(".");
    const known = Object.keys((Object.hasOwn(properties, group) && properties[group]) || {});
    const meant = known.includes(name) ? name : nearest(name, known);
    if (meant === undefined) return [];
    const said = `${group}.${name}`;
    const right = pathOf(group, meant).replaceAll("\0", ".");
    if (said === right) return [];
    const message = `Envoy has no property \`${said}\`, which is null then: did you mean \`${right}\`?`;
    return [{ code: "PWA0103", message, file, start, end }];
  });
}

/** Headers that are held while a body is looked at. */
function heldHeaders(
  exported: readonly ExportedFunction[],
  pausing: ReadonlySet<string>,
): readonly BuildProblem[] {
  return exported
    .filter(({ name }) => /^on(?:Request|Response)$/.test(name) && pausing.has(name))
    .filter(({ name }) => exported.some((other) => other.name === `${name}Body`))
    .map(({ name, start, end }) => ({
      code: "PWA0101",
      message: `\`${name}\` pauses and there is \`${name}Body\`: Envoy shows a body while headers are held only with \`allow_on_headers_stop_iteration: true\` in the plugin's configuration, and else never goes on by itself`,
      file: "filter.ts",
      start,
      end,
    }));
}

/** Bodies that are held, which somebody else may take on. */
function takenOn(
  exported: readonly ExportedFunction[],
  pausing: ReadonlySet<string>,
): readonly BuildProblem[] {
  const held = heldBodies(
    exported.map(({ name }) => name),
    pausing,
  );
  return exported.flatMap(({ name, start, end }) =>
    held
      .filter(({ callback }) => callback === name)
      .map(({ by, missing }) => ({
        ...(by === "trailers"
          ? {
              code: "PWA0105",
              message: `\`${name}\` pauses and there is no \`${missing}\`: a body with trailers, which whoever sends it can add, has no last piece, and what was paused of it goes on unseen or stays`,
            }
          : {
              code: "PWA0106",
              message: `\`${name}\` pauses and \`${missing}\` does not: where a filter behind this one lets go headers that it has held, what was paused of the body goes on unseen`,
            }),
        ...{ file: "filter.ts", start, end },
      })),
  );
}

/** Messages that go on before they are resumed. */
function goingOn(
  exported: readonly ExportedFunction[],
  pausing: ReadonlySet<string>,
): readonly BuildProblem[] {
  const found = letGo(
    exported.map(({ name }) => name),
    pausing,
  );
  return exported.flatMap(({ name, start, end }) =>
    found
      .filter(({ callback }) => callback === name)
      .map(({ paused }) => ({
        code: "PWA0107",
        message: `\`${name}\` never pauses: what \`${paused}\` has paused goes on by it, and not only when it is resumed`,
        file: "filter.ts",
        start,
        end,
      })),
  );
}

/** Memory that is managed by hand, of which the SDK knows nothing. */
function managed(
  files: Readonly<Record<string, string>>,
  modules: readonly FilterModule[],
): readonly BuildProblem[] {
  return Object.keys(files).flatMap((file, index) =>
    (modules[index]?.runtimeUses ?? []).map(({ name, start, end }) => ({
      message: `\`${name}\` is the runtime's, which frees what a callback makes when that ends: leave it out`,
      file,
      start,
      end,
    })),
  );
}

/** What takes memory for good, and is made again and again. */
function madeAgain(
  files: Readonly<Record<string, string>>,
  modules: readonly FilterModule[],
): readonly BuildProblem[] {
  return Object.keys(files).flatMap((file, index) =>
    (modules[index]?.madeWithin ?? []).map(({ name, start, end }) => ({
      message: `a \`${name}\` is made once, at the top of a file: each one takes memory for good`,
      file,
      start,
      end,
    })),
  );
}

/** What outlives a callback, as what the arena would take back. The texts of parameters are made anew in each. */
function keptIn(
  files: Readonly<Record<string, string>>,
  modules: readonly FilterModule[],
  hasParameters: boolean,
): readonly BuildProblem[] {
  const without = "which the runtime `arena` takes back when that ends: leave it out, or say `minimal`";
  return Object.keys(files).flatMap((file, index) => {
    const { kept = [], sdk } = modules[index] ?? {};
    return [
      ...kept
        .filter(({ name }) => !(hasParameters && file === "filter.ts" && name === "params"))
        .map(({ name, start, end }) => ({
          message: `\`${name}\` may keep what a callback makes, ${without}`,
          file,
          start,
          end,
        })),
      ...(sdk?.has("PerPlugin") === true
        ? [{ message: `a \`PerPlugin\` keeps what a callback makes, ${without}` }]
        : []),
    ];
  });
}

const TRAP = "unreachable: ";
/** What the host says of a plugin that does not take what it is configured with. */
const REFUSED = "the plugin refused its configuration";

function placeOf(name: string, { exported }: FilterModule): Pick<BuildProblem, "file" | "start" | "end"> {
  const found = exported.find((each) => each.name === name);
  return found === undefined ? {} : { file: "filter.ts", start: found.start, end: found.end };
}

/** The host's word for a call that would crash a proxy, and V8's for a trap, in the author's terms. */
function said(reason: string): string {
  if (reason === "unreachable") return "it traps, as it does when its memory is used up";
  // What it has said before tells why.
  if (reason.startsWith(TRAP)) return reason.slice(TRAP.length);
  const [, called] = /^restricted_callback: (\w+)/.exec(reason) ?? [];
  if (called === undefined) return reason;
  return `it calls the host as it starts, which crashes a proxy (\`${called}\`): do that in a callback`;
}

/** Without what asc says behind another thing in a line: it stumbles over what follows, or over the same once more. */
function firstOfLines(
  problems: readonly BuildProblem[],
  files: Readonly<Record<string, string>>,
): readonly BuildProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ file = "", start }) => {
    if (start === undefined) return true;
    const line = `${file}:${(files[file] ?? "").slice(0, start).split("\n").length}`;
    return !seen.has(line) && seen.add(line);
  });
}

/** Where a filter calls the host as it starts: by a function of the SDK's that says in its documentation which call is beneath. */
function placeOfStart(
  reason: string,
  files: readonly string[],
  modules: readonly FilterModule[],
): Pick<BuildProblem, "file" | "start" | "end"> {
  const [, called] = /^restricted_callback: (\w+)/.exec(reason) ?? [];
  if (called === undefined) return {};
  const calling = new Set(
    publicMembers()
      .filter(({ doc = "" }) => doc.includes(`\`${called}\``))
      .map(({ of, name }) => (of === "" ? name : `${of}.${name}`)),
  );
  for (const [index, file] of files.entries()) {
    const found = modules[index]?.startCalls.find(({ name }) => calling.has(name));
    if (found !== undefined) return { file, start: found.start, end: found.end };
  }
  return {};
}

/** Why an import leads to no file, where that is in how it is written. */
function notFound(problem: BuildProblem, files: Readonly<Record<string, string>>): BuildProblem {
  const { message, file = "", start, end } = problem;
  if (!/^file `.*` not found$/.test(message)) return problem;
  const said = (files[file] ?? "").slice(start, end).replace(/^["']|["']$/g, "");
  if (posix.join(posix.dirname(file), said).startsWith("../"))
    return { ...problem, message: `${message}: a filter imports from its own folder and those below` };
  if (/\.[cm]?js$/.test(said))
    return { ...problem, message: `${message}: an import has the name of the \`.ts\` file, or no ending` };
  if (!said.startsWith("."))
    return { ...problem, message: `${message}: of packages there is \`proxy-wasm-as\` only` };
  return problem;
}

const ofTheSdk: Readonly<Record<string, string>> = {
  "Math.random": "`random`",
  "Date.now": "`now`, in nanoseconds,",
  "performance.now": "`now`, in nanoseconds,",
};

/** An import that no proxy has, where the filter uses it. */
function foreignTo(reason: string, files: Readonly<Record<string, string>>): readonly BuildProblem[] {
  const placesOf = (name: string): readonly Omit<BuildProblem, "message">[] =>
    Object.entries(files).flatMap(([file, text]) =>
      readFilterModule(text)
        .hostUses(name)
        .map(({ start, end }) => ({ file, start, end })),
    );
  const [, imported, how] = /^the import `\w+\.([^`]+)` is (not in|\()/.exec(reason) ?? [];
  if (imported === undefined || how !== "not in") {
    const places = imported === undefined ? [] : placesOf(imported);
    return places.length === 0
      ? [{ message: reason }]
      : places.map((place) => ({ message: reason, ...place }));
  }
  const name = imported === "seed" ? "Math.random" : imported;
  const log = name.startsWith("console.") ? "`log`" : undefined;
  const instead = log ?? ofTheSdk[name];
  const help = instead === undefined ? "" : `: import ${instead} from \`proxy-wasm-as\``;
  const places = placesOf(name);
  const message = `a proxy has no \`${name}\`${help}`;
  return places.length === 0
    ? [{ message: `${message} (${reason})` }]
    : places.map((place) => ({ message, ...place }));
}

/** What asc says of the entry is about a callback, and how that is called. */
function atCallback(problem: BuildProblem, entry: string, { exported }: FilterModule): BuildProblem {
  if (problem.file !== "module.ts" || problem.start === undefined) return problem;
  const line = entry.slice(entry.lastIndexOf("\n", problem.start - 1) + 1).split("\n", 1)[0] ?? "";
  const callback = exported.find(
    ({ name }) => Object.hasOwn(filterCallbacks, name) && line.includes(`${name}(`),
  );
  if (callback === undefined) return problem;
  const { name, start, end } = callback;
  const message = `\`${name}\` is written \`${signatureOf(name)}\`: ${problem.message}`;
  return { message, file: "filter.ts", start, end };
}
