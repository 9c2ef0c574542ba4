import type * as assemblyscript from "assemblyscript";
import { isList, type Node, stringOf } from "../../filters/proxy-wasm-as/syntax/tree.ts";
import { headerKey, unwritableByCode } from "./check-header.ts";
import { type HeaderList, type HeaderUse, headerUses } from "./header-uses.ts";
import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

const lists: readonly HeaderList[] = ["reads", "writes"];
const help =
  "use quoted names or constants that hold one, on `request.headers` or a variable that is begun with them";
const label = "from here on it may be any header: this filter is placed as one without lists";

/** What is known of the headers that the code uses. */
interface HeadersOfCode {
  /** False when not all that it does with them is known, so that the lists must not be believed. */
  readonly areListed: boolean;
  /** Those that it writes in any case, as proxies keep their names. */
  readonly written: readonly string[];
}

/**
 * Hold the lists `reads` and `writes` against the code, which placement would else believe: what is used is listed, and what is listed is
 * used. A list that is not there is compared with nothing, since such a filter commutes with nothing. `all` are the nodes of the file.
 */
export function checkHeaders(
  constants: ReadonlyMap<string, assemblyscript.Expression>,
  all: readonly Node[],
  reporter: Reporter,
): HeadersOfCode {
  const given = lists.filter((list) => constants.has(list));
  const { uses, lost } = headerUses(all);
  for (const use of uses) checkWritable(use, reporter);
  const sure = new Set(
    uses.flatMap(({ list, names = [] }) => (list === "writes" ? names.map(headerKey) : [])),
  );
  if (given.length === 0) return { areListed: true, written: [...sure] };
  for (const list of given) {
    const node = constants.get(list);
    if (node === undefined || !isList(node)) continue;
    const elements = node.elementExpressions;
    const listed = new Set(elements.map((element) => headerKey(stringOf(element) ?? "")));
    const ours = uses.filter((use) => use.list === list);
    for (const use of ours) compare(use, listed, node, reporter);

    // What is computed may be any of them.
    if (lost.length > 0 || ours.some(({ names }) => names === undefined)) continue;
    const used = new Set(ours.flatMap(({ names }) => names ?? []).map(headerKey));
    for (const element of elements) {
      const name = stringOf(element) ?? "";
      if (used.has(headerKey(name))) continue;
      reporter.report("FLT0210", spanOf(element), `nothing here ${list} the header \`${name}\``, {
        severity: "warning",
        help: `leave it out of \`${list}\`: it keeps this filter in order with others for nothing`,
      });
    }
  }
  for (const node of lost)
    reporter.report("FLT0209", spanOf(node), "what this does with headers cannot be held against the lists", {
      severity: "warning",
      label,
      help: `${help}; or leave the lists out`,
    });
  const areListed =
    lost.length === 0 && uses.every(({ list, names }) => names !== undefined || !given.includes(list));
  return { areListed, written: [...sure] };
}

/** What would be written, and is not when the filter runs. */
function checkWritable({ list, node, names, method }: HeaderUse, reporter: Reporter): void {
  if (list !== "writes" || method === undefined) return;
  for (const name of names ?? []) {
    const problem = unwritableByCode(name, method);
    if (problem === undefined) continue;
    const { message, help } = problem;
    reporter.report("FLT0218", spanOf(node), message, {
      severity: "warning",
      label: "the header stays as it is when the filter runs",
      help: help.replace(/^write/, "in Copper, write"),
    });
  }
}

function compare(
  { list, node: at, names }: HeaderUse,
  listed: ReadonlySet<string>,
  node: assemblyscript.ArrayLiteralExpression,
  reporter: Reporter,
): void {
  if (names === undefined) {
    reporter.report("FLT0209", spanOf(at), `which header this ${list} cannot be held against \`${list}\``, {
      severity: "warning",
      label: "computed when the filter runs: this filter is placed as one without lists",
      help: `${help}; or leave the lists out`,
    });
  }
  for (const name of names ?? []) {
    if (listed.has(headerKey(name))) continue;
    const text = ({ range }: Node): string => reporter.source.text.slice(range.start, range.end);
    const whole = `[${[...node.elementExpressions.map(text), JSON.stringify(name.toLowerCase())].join(", ")}]`;
    reporter.report(
      "FLT0208",
      spanOf(at),
      `this ${list} the header \`${name}\`, which \`${list}\` does not list`,
      {
        help: `write \`export const ${list} = ${whole};\``,
        suggestions: [{ span: spanOf(node), text: whole }],
      },
    );
  }
}

function spanOf({ range }: Node): Span {
  return { start: range.start, end: range.end };
}
