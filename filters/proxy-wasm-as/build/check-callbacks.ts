import { filterCallbacks, signatureOf } from "../abi/filter-callbacks.ts";
import { callbacks } from "../abi/table.ts";
import type { BuildProblem } from "./build-filter.ts";
import { inOurWords } from "./in-our-words.ts";
import { nearest } from "./nearest.ts";
import type { FilterModule } from "./read-filter-module.ts";

const known = Object.keys(filterCallbacks);
const thereAre = `there are ${known.map((name) => `\`${name}\``).join(", ")}`;
const isKnown = (name: string): boolean => Object.hasOwn(filterCallbacks, name);
/** What the entry around a filter exports, and other toolkits have their authors write. */
const ofTheAbi = (name: string): boolean =>
  Object.hasOwn(callbacks, name) || /^(?:proxy_\w+|malloc|free|_start|_initialize|main)$/.test(name);

/** Hold what a filter exports against what is called, and how. `text` is its file, `filter.ts`. */
export function checkCallbacks(filter: FilterModule, text: string): readonly BuildProblem[] {
  const { exported } = filter;
  const isCalled = exported.some(({ name }) => isKnown(name));
  const astray = [...filter.astray(isKnown), ...asyncIn(text)]
    .filter(({ isExported }) => isExported || !isCalled)
    .map(({ what, name, start, end }) => ({
      message: `\`${name}\` is ${what}, which nothing calls: write \`${signatureOf(name)}\``,
      file: "filter.ts",
      start,
      end,
    }));
  const problems = [...misnamed(filter), ...misshapen(filter), ...astray];
  if (problems.length > 0 || isCalled) return problems;
  // A callback that could not be read is missing for that reason.
  if (filter.syntaxErrors.length > 0)
    return filter.syntaxErrors.map((error) => ({
      ...error,
      message: inOurWords(error.message, text, error.start),
      file: "filter.ts",
    }));
  return [{ message: `the filter exports no callback; ${thereAre}` }];
}

function meant(name: string): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `, do you mean \`${near}\`?`;
}

function misnamed({ exported }: FilterModule): readonly BuildProblem[] {
  return exported.flatMap(({ name, start, end }): readonly BuildProblem[] => {
    const place = { file: "filter.ts", start, end };
    if (/^on[A-Z]/.test(name) && !isKnown(name))
      return [{ message: `nothing calls \`${name}\`${meant(name)}; ${thereAre}`, ...place }];
    if (ofTheAbi(name))
      return [
        {
          message: `\`${name}\` is for the entry around a filter, which nothing here calls; ${thereAre}`,
          ...place,
        },
      ];
    return [];
  });
}

function misshapen({ exported, importedAs }: FilterModule): readonly BuildProblem[] {
  const flows = ["Flow", ...importedAs("Flow")];
  return exported.flatMap(({ name, parameters, returnsNothing, result = "", start, end }) => {
    if (!isKnown(name)) return [];
    const { arguments: given = [], result: takes } = filterCallbacks[name] ?? {};
    const place = { file: "filter.ts", start, end };
    const problems: BuildProblem[] = [];
    if (parameters > given.length)
      problems.push({
        message: `\`${name}\` has ${given.length} parameter${given.length === 1 ? "" : "s"} at most`,
        ...place,
      });
    const isFlow = flows.includes(result);
    const isTaken =
      takes?.type === "Flow" ? isFlow : takes !== undefined && (result === "bool" || result === "boolean");
    if (!returnsNothing && !isTaken)
      problems.push({
        message: `\`${name}\` returns ${takes === undefined ? "nothing" : `\`${takes.type}\` or nothing`}, not \`${result}\``,
        ...place,
      });
    return problems;
  });
}

/** asc's parser takes `async` for an expression of its own, and drops the function. */
function asyncIn(text: string): ReturnType<FilterModule["astray"]> {
  return [...text.matchAll(/\basync\s+function\s+(\w+)/g)].flatMap(({ 0: all, 1: name = "", index }) =>
    isKnown(name)
      ? [{ what: "an `async` function", isExported: false, name, start: index, end: index + all.length }]
      : [],
  );
}
