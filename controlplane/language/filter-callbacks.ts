import type * as assemblyscript from "assemblyscript";
import {
  type FilterCallback,
  filterCallbacks,
  signatureOf,
} from "../../filters/proxy-wasm-as/abi/filter-callbacks.ts";
import { isImportedName, type Node } from "../../filters/proxy-wasm-as/syntax/tree.ts";
import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

export { signatureOf };

/** What standalone filters are called for and policies are not, and what to do instead. */
const withheld: ReadonlyMap<string, string> = new Map([
  [
    "onVmStart",
    "a policy shares its VM with others, and has no configuration of it: its parameters are `export const params = new Params();`",
  ],
  [
    "onConfigure",
    "what a policy is configured with are its parameters: `export const params = new Params();`",
  ],
  [
    "onQueue",
    "a queue is registered when a filter is configured, which the mesh does: use `onTick` and `shared`",
  ],
  ["onDone", "policies come and go with the mesh's configuration, and nothing waits for one"],
  ["onForeign", "what calls it is compiled into a proxy: use `onTick`"],
]);

/** The callbacks that the policies of a mesh may have. */
export const policyCallbacks: readonly string[] = Object.keys(filterCallbacks).filter(
  (name) => !withheld.has(name),
);

/** Whether this is a callback of TCP connections. */
export function isForConnections(name: string): boolean {
  return callbackOf(name)?.isTcp === true;
}

/** Hold the functions that a filter exports against what is called, and how. */
export function checkCallbacks(
  functions: readonly assemblyscript.FunctionDeclaration[],
  all: readonly Node[],
  reporter: Reporter,
): void {
  const own = functions.filter(({ name }) => callbackOf(name.text) !== undefined);
  const flows = new Set([
    "Flow",
    ...all
      .filter(isImportedName)
      .filter(({ foreignName }) => foreignName.text === "Flow")
      .map(({ name }) => name.text),
  ]);
  for (const { name, signature } of own) {
    const place = spanOf(name);
    const help = withheld.get(name.text);
    if (help !== undefined) {
      reporter.report("FLT0213", place, `a policy has no \`${name.text}\``, { help });
      continue;
    }
    const { arguments: given = [], result } = callbackOf(name.text) ?? {};
    const written = { help: `write \`${signatureOf(name.text)}\`; parameters at the end may be left out` };
    if (signature.parameters.length > given.length) {
      const most = `${given.length} parameter${given.length === 1 ? "" : "s"} at most`;
      reporter.report("FLT0212", place, `\`${name.text}\` has ${most}`, written);
    }
    const { range } = signature.returnType;
    const said = reporter.source.text.slice(range.start, range.end).trim();
    if (said === "" || said === "void" || (result !== undefined && flows.has(said))) continue;
    const may = result === undefined ? "nothing" : "`Flow` or nothing";
    reporter.report(
      "FLT0212",
      { start: range.start, end: range.end },
      `\`${name.text}\` returns ${may}`,
      written,
    );
  }
  const [connection] = own.filter(({ name }) => isForConnections(name.text));
  const [request] = own.filter(
    ({ name }) => /^on(Request|Response)/.test(name.text) && !isForConnections(name.text),
  );
  if (connection === undefined || request === undefined) return;
  reporter.report(
    "FLT0213",
    spanOf(connection.name),
    `a policy is for connections or for requests, and \`${request.name.text}\` is for requests`,
    { help: "make two policies of it" },
  );
}

function callbackOf(name: string): FilterCallback | undefined {
  return Object.hasOwn(filterCallbacks, name) ? filterCallbacks[name] : undefined;
}

function spanOf({ range }: Node): Span {
  return { start: range.start, end: range.end };
}
