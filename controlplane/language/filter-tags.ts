import { isCall, isProperty, type Node } from "../../filters/proxy-wasm-as/syntax/tree.ts";
import { isName } from "./check-constant.ts";
import { constantsIn, textsOf } from "./filter-texts.ts";
import type { Reporter } from "./reporter.ts";

/**
 * The tags that filter code adds to the access log. They are columns of it, which a listener names before any request comes, so that
 * they have to stand in the code. `all` are the nodes of the file.
 */
export function filterTags(all: readonly Node[], reporter: Reporter): readonly string[] {
  const constants = constantsIn(all);
  const tags = new Set<string>();
  for (const { expression, args } of all.filter(isCall)) {
    const [name] = args;
    if (!isProperty(expression) || expression.property.text !== "tagAccessLog" || name === undefined)
      continue;
    const names = textsOf(name, constants);
    for (const text of names ?? []) tags.add(text);
    const wrong = names?.find((text) => !isName(text));
    if (names !== undefined && wrong === undefined) continue;
    const { start, end } = name.range;
    const message =
      wrong === undefined ? "the name of a tag stands in the code" : `\`${wrong}\` is not the name of a tag`;
    reporter.report("FLT0211", { start, end }, message, {
      ...(wrong === undefined ? { label: "computed when the filter runs" } : {}),
      help: "write a quoted name of letters, digits, `_`, `.` and `-`, or a constant that holds one",
    });
  }
  return [...tags].sort();
}
