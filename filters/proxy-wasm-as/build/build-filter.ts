import { filterCallbacks } from "../abi/filter-callbacks.ts";
import { assemble, BUDGET } from "./assemble.ts";
import { filterEntry } from "./filter-entry.ts";
import { inOurWords } from "./in-our-words.ts";
import { type FilterModule, readFilterModule } from "./read-filter-module.ts";
import { readParameters } from "./read-parameters.ts";
import { smoke } from "./smoke.ts";
import { verifyModule } from "./verify-module.ts";

/** How a filter is built. */
export interface BuildFilterOptions {
  /** Its files by their names in the filter's folder, `/` between parts, `filter.ts` the one that exports callbacks. */
  readonly files: Readonly<Record<string, string>>;
  /** Who is named in the log when it goes over its budget. Default `filter`. */
  readonly name?: string;
  /** How many instructions a callback may take, about. Default 50,000,000, which take less than a tenth of a second. */
  readonly budget?: number;
  /** The most memory that an instance may have, in pages of 64 KiB. Default 256, which is 16 MiB. */
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
}

/**
 * Compile a filter, bound it, hold the module against the ABI, and try each of its callbacks in the host. Files and clocks are not touched, and
 * nothing is thrown: what is wrong is a problem.
 */
export async function buildFilter(options: BuildFilterOptions): Promise<BuiltFilter> {
  const { files } = options;
  const filter = files["filter.ts"] ?? "";
  let modules: readonly FilterModule[];
  try {
    const texts = Object.values(files);
    modules = texts.map((text) => readFilterModule(text, texts.length === 1));
  } catch {
    return { entry: "", problems: [{ message: "this is nested too deeply to be read" }] };
  }
  const { exported } = readFilterModule(filter);
  const { parameters, problems: unfit } = readParameters(filter);
  const entry = filterEntry({
    exported,
    sdk: new Set(modules.flatMap(({ sdk }) => [...sdk])),
    startsWithValues: modules.some(({ startsWithValues }) => startsWithValues),
    parameters,
  });
  const problems = [
    ...unknownCallbacks(exported),
    ...unfit.map((problem) => ({ ...problem, file: "filter.ts" })),
  ];
  if (problems.length > 0) return { entry, problems };
  const keeps = modules.some(({ keptObjects, sdk }) => keptObjects.length > 0 || sdk.has("PerPlugin"));
  const assembled = await assemble({
    entry,
    files,
    runtime: options.runtime ?? (keeps ? "minimal" : "arena"),
    bound: { name: options.name ?? "filter", budget: options.budget ?? BUDGET },
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.names === undefined ? {} : { names: options.names }),
  });
  const { bytes } = assembled;
  if (bytes === undefined) {
    const errors = assembled.messages.filter(({ severity }) => severity === "error");
    const said = errors.map((error) => ({ ...error, message: inOurWords(error.message) }));
    return { entry, problems: said.length > 0 ? said : [{ message: assembled.stderr.trim() }] };
  }
  const reasons = verifyModule(bytes, options.memory);
  if (reasons.length > 0) return { entry, problems: reasons.map((message) => ({ message })) };
  const smoked = await smoke(bytes, options.configuration ?? "");
  const reason = smoked.kind === "tried" ? smoked.reasons.join(": ") : smoked.reason;
  if (reason !== "") return { entry, problems: [{ message: `it does not run: ${said(reason)}` }] };
  return { bytes, entry, problems: [] };
}

/** The host's word for a call that would crash a proxy, and V8's for a trap, in the author's terms. */
function said(reason: string): string {
  if (reason === "unreachable") return "it traps, as it does when its memory is used up";
  const [, called] = /^restricted_callback: (\w+)/.exec(reason) ?? [];
  if (called === undefined) return reason;
  return `it calls the host as it starts, which crashes a proxy (\`${called}\`): do that in a callback`;
}

function unknownCallbacks(exported: FilterModule["exported"]): readonly BuildProblem[] {
  const known = Object.keys(filterCallbacks);
  const unknown = exported.filter(({ name }) => /^on[A-Z]/.test(name) && !known.includes(name));
  const tooMany = exported.filter(({ name, parameters }) => {
    const most = Object.hasOwn(filterCallbacks, name) ? filterCallbacks[name]?.arguments.length : undefined;
    return most !== undefined && parameters > most;
  });
  const thereAre = `there are ${known.map((name) => `\`${name}\``).join(", ")}`;
  if (!exported.some(({ name }) => known.includes(name)) && unknown.length === 0)
    return [{ message: `the filter exports no callback; ${thereAre}` }];
  const file = "filter.ts";
  return [
    ...unknown.map(({ name, start, end }) => ({
      message: `nothing calls \`${name}\`; ${thereAre}`,
      file,
      start,
      end,
    })),
    ...tooMany.map(({ name, start, end }) => {
      const most = filterCallbacks[name]?.arguments.length ?? 0;
      return {
        message: `\`${name}\` has ${most} parameter${most === 1 ? "" : "s"} at most`,
        file,
        start,
        end,
      };
    }),
  ];
}
