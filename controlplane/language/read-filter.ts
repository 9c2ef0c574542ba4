import * as assemblyscript from "assemblyscript";
import { filterCallbacks, signatureOf } from "../../filters/proxy-wasm-as/abi/filter-callbacks.ts";
import { heldBodies, letGo } from "../../filters/proxy-wasm-as/syntax/held-bodies.ts";
import { nameOf as madeBy, madeWithin } from "../../filters/proxy-wasm-as/syntax/made-within.ts";
import { pausingAmong } from "../../filters/proxy-wasm-as/syntax/pausing.ts";
import { runtimeUses } from "../../filters/proxy-wasm-as/syntax/runtime-uses.ts";
import { stateIn } from "../../filters/proxy-wasm-as/syntax/state.ts";
import {
  isDecorator,
  isExportDefault,
  isExported,
  isExportList,
  isFunction,
  isIdentifier,
  isImport,
  isImportedName,
  isList,
  isMethod,
  isProperty,
  isVariables,
  type Node,
  nodesIn,
  stringOf,
} from "../../filters/proxy-wasm-as/syntax/tree.ts";
import { writesBodies } from "../../filters/proxy-wasm-as/syntax/writes-bodies.ts";
import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import { checkCallbacks, isForConnections, policyCallbacks } from "./filter-callbacks.ts";
import { checkHeaders } from "./filter-headers.ts";
import { filterParameters } from "./filter-parameters.ts";
import { filterTags } from "./filter-tags.ts";
import { didYouMean, suggest, within } from "./nearest.ts";
import { parseContext } from "./parse-context.ts";
import type { FilterPolicy, Mode, OnLost, Side } from "./policy.ts";
import { checkPolicyName } from "./policy-name.ts";
import { positionOf } from "./render.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";

/** The constants that the compiler reads, which a filter exports. */
export const filterConstants: readonly string[] = [
  "context",
  "side",
  "priority",
  "onLost",
  "mode",
  "reads",
  "writes",
  "params",
  "tickPeriod",
];
/** What only the caller's side can do. */
const steering: readonly string[] = ["routeToVersion", "setHashKey"];
const sides: readonly Side[] = ["either", "egress", "ingress"];
const modes: readonly Mode[] = ["enforce", "audit", "off"];
const onLosts: readonly OnLost[] = ["deny", "skip"];

/**
 * Read the constants of filter code from the tree of AssemblyScript's own parser, so that what asc would refuse to
 * parse is said here, at the author's line. Types are checked later, by asc.
 */
export function readFilter(source: Source): {
  readonly policy?: FilterPolicy;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reporter = reporterFor(source);
  const statements = parseFilter(reporter);
  if (reporter.diagnostics.length > 0) return { diagnostics: reporter.diagnostics };

  const start = { start: 0, end: source.text.split("\n", 1)[0]?.length ?? 0 };
  const name = nameOf(source.path);
  checkPolicyName(
    name,
    start,
    reporter,
    "filter code is called like its file, or the folder of a `policy.ts`",
  );
  const all = nodesIn(statements);
  checkImports(statements, all, reporter);
  for (const { text, range } of runtimeUses(all))
    reporter.report("FLT0216", placeOf(range, source), `\`${text}\` is the runtime's`, {
      help: "leave it out: what a callback makes goes when it ends",
    });
  for (const node of madeWithin(all))
    reporter.report("FLT0217", placeOf(node.range, source), `a \`${madeBy(node)}\` is made once`, {
      help: "make it at the top of the file: each one takes memory for good",
    });
  const exported = exportsOf(statements);
  const constants = checkExports(exported, start, reporter);
  checkCallbacks(exported.functions, all, reporter);
  const callbacks = exported.functions.map(({ name }) => name.text);
  checkHeldBodies(exported.functions, statements, reporter);

  const actions = actionsOf(all);
  const one = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = constants.get(name);
    if (value === undefined) return undefined;
    const text = stringOf(value);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) {
      reporter.report("FLT0202", placeOf(value.range, source), `\`${name}\` takes ${listed(choices)}`, {
        ...suggest(
          text ?? "",
          choices,
          `write \`export const ${name} = "${choices[0]}";\``,
          within(placeOf(value.range, source)),
        ),
      });
    }
    return choice;
  };
  const side = sideOf(one("side", sides) ?? "either", statements, all, reporter);
  const mode = one("mode", modes) ?? "enforce";
  const onLost = one("onLost", onLosts) ?? (actions.includes("Deny") ? "deny" : "skip");
  const priority = readWhole("priority", constants.get("priority"), reporter) ?? 0;
  const tickPeriod = periodOf(constants.get("tickPeriod"), exported.functions, reporter);
  const lists = {
    reads: readNames("reads", constants.get("reads"), reporter),
    writes: readNames("writes", constants.get("writes"), reporter),
  };
  // Placement believes the lists: where not all that the code does is known, there are none.
  const { areListed, written } = hasErrors(reporter.diagnostics)
    ? { areListed: false, written: [] }
    : checkHeaders(constants, all, reporter);
  const { reads, writes } = areListed ? lists : { reads: undefined, writes: undefined };

  const tags = filterTags(all, reporter);
  const parameters = filterParameters(constants.get("params"), statements, reporter);

  const context = constants.get("context");
  if (context === undefined) {
    reporter.report("FLT0201", start, "this filter says no context", {
      help: 'add `export const context = "frontend -> rate";`',
    });
    return { diagnostics: reporter.diagnostics };
  }
  const contextPlace = placeOf(context.range, source);
  const contextSpan = { start: contextPlace.start + 1, end: contextPlace.end - 1 };
  if (stringOf(context) === undefined) {
    reporter.report("FLT0202", contextPlace, "`context` takes a quoted string", {
      help: 'write `export const context = "frontend -> rate";`',
    });
    return { diagnostics: reporter.diagnostics };
  }
  const parsed = parseContext(reporter, contextSpan);
  if (!parsed || hasErrors(reporter.diagnostics)) return { diagnostics: reporter.diagnostics };
  return {
    diagnostics: reporter.diagnostics,
    policy: {
      kind: "filter",
      name,
      source,
      span: contextPlace,
      act: callbacks.some(isForConnections) ? "Connection" : "Request",
      context: parsed,
      contextSpan,
      priority,
      mode,
      onLost,
      actions,
      parameters,
      side,
      ...(callbacks.some((callback) => callback.startsWith("onResponse")) ? { responds: true } : {}),
      ...(changesBodies(all, callbacks) ? { changesBodies: true } : {}),
      ...(keptIn(statements, all).length > 0 || leavesTraces(all) ? { keepsState: true } : {}),
      ...(tickPeriod === undefined ? {} : { tickPeriod }),
      ...(tags.length > 0 ? { tags } : {}),
      ...(reads === undefined ? {} : { reads }),
      ...(writes === undefined ? {} : { writes }),
      ...(written.length === 0 ? {} : { written }),
    },
  };
}

/** Bodies that are held, which somebody else may take on, and what the filter itself lets go of what waits. */
function checkHeldBodies(
  exported: readonly assemblyscript.FunctionDeclaration[],
  statements: readonly assemblyscript.Statement[],
  reporter: Reporter,
): void {
  const all = nodesIn(statements);
  const pausing = pausingAmong([...statements.filter(isFunction), ...all.filter(isMethod)]);
  const held = heldBodies(
    exported.map(({ name }) => name.text),
    pausing,
  );
  if (all.filter(isProperty).some(({ property }) => property.text === "resume"))
    for (const { callback, paused } of letGo(
      exported.map(({ name }) => name.text),
      pausing,
    ))
      for (const { name } of exported.filter(({ name }) => name.text === callback))
        reporter.report(
          "FLT0221",
          placeOf(name.range, reporter.source),
          `\`${callback}\` never pauses, and lets go what \`${paused}\` has paused`,
          {
            help: "keep in a `PerStream` that it waits, and return `Flow.Pause` as long as it does",
            severity: "warning",
          },
        );
  for (const { callback, by, missing } of held)
    for (const { name } of exported.filter(({ name }) => name.text === callback)) {
      const place = placeOf(name.range, reporter.source);
      if (by === "trailers")
        reporter.report("FLT0219", place, `\`${callback}\` holds a body, and its trailers are let go`, {
          help: `do in \`${missing}\`, too, what is done where \`last\` is true`,
          severity: "warning",
        });
      else
        reporter.report("FLT0220", place, `\`${callback}\` holds a body, and its headers are let go`, {
          help: `return \`Flow.Pause\` in \`${missing}\` where \`last\` is false`,
          severity: "warning",
        });
    }
}

/** The statements of the file; what asc's parser says against them is reported. */
function parseFilter(reporter: Reporter): readonly assemblyscript.Statement[] {
  const { source } = reporter;
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  const refuse = (place: Span, message: string): void =>
    reporter.report("FLT0101", place, message, {
      help: "filter code is AssemblyScript, a strict subset of TypeScript",
    });
  try {
    assemblyscript.parse(program, source.text, "policy.ts", true);
  } catch {
    // asc's parser calls itself for everything that is nested, and what it was reading is not known here.
    refuse(
      { start: 0, end: source.text.split("\n", 1)[0]?.length ?? 0 },
      "this is nested too deeply to be read",
    );
    return [];
  }
  const lines = new Set<number>();
  for (
    let message = assemblyscript.nextDiagnostic(program);
    message;
    message = assemblyscript.nextDiagnostic(program)
  ) {
    if (!assemblyscript.isError(message)) continue;
    const range = assemblyscript.getDiagnosticRange(message);
    const text = assemblyscript.getDiagnosticMessage(message).replace(/\.$/, "");
    const place = range === null ? { start: 0, end: 0 } : placeOf(range, source);
    // The parser goes on in the middle of a broken line: what it says next there is about the same mistake.
    const { line } = positionOf(source, place.start);
    if (lines.has(line)) continue;
    lines.add(line);
    refuse(place, `${text.charAt(0).toLowerCase()}${text.slice(1)}`);
  }
  return program.sources.find((file) => file.internalPath === "policy")?.statements ?? [];
}

/** The file's name without extension, or its folder's where the file is called policy.ts. */
function nameOf(path: string): string {
  const parts = path.split(/[/\\]/);
  const base = (parts.pop() ?? "").replace(/(\.as)?\.ts$/, "");
  const folder = parts.pop();
  return base === "policy" && folder !== undefined && folder !== "" && folder !== "." ? folder : base;
}

function placeOf(range: assemblyscript.Range, source: Source): Span {
  const end = Math.min(range.end, source.text.trimEnd().length);
  return { start: Math.min(range.start, Math.max(0, end - 1)), end };
}

/**
 * Filter code reaches the host through `Request` alone: what it does past that would be neither held back in audit mode nor known to
 * the stages that ask for a policy's actions.
 */
function checkImports(
  statements: readonly assemblyscript.Statement[],
  all: readonly Node[],
  reporter: Reporter,
): void {
  for (const statement of statements) {
    const from = isImport(statement) || isExportList(statement) ? statement.path : null;
    if (from === null || from.value === "proxy-wasm-as") continue;
    reporter.report(
      "FLT0204",
      placeOf(from.range, reporter.source),
      `filter code cannot import \`${from.value}\``,
      {
        help: 'there is `import { Request } from "proxy-wasm-as";` and nothing else',
      },
    );
  }
  // With `import * as`, it is a property of what is imported.
  const used = [
    ...all.filter(isImportedName).map(({ foreignName }) => foreignName),
    ...all.filter(isProperty).map(({ property }) => property),
  ];
  for (const { text, range } of used) {
    const help = withheld.get(text);
    if (help !== undefined)
      reporter.report(
        "FLT0204",
        placeOf(range, reporter.source),
        `filter code in a mesh has no \`${text}\``,
        { help },
      );
  }
  for (const decorator of all.filter(isDecorator)) {
    const place = placeOf(decorator.range, reporter.source);
    const text = reporter.source.text.slice(place.start, place.end);
    if (!text.startsWith("@external")) continue;
    reporter.report("FLT0204", place, "filter code cannot import host functions", {
      help: "use what `Request` offers",
    });
  }
}

/** What is for filters that are configured in a callback, and what a policy has in its place. */
const withheld: ReadonlyMap<string, string> = new Map([
  ["setTickPeriod", "write `export const tickPeriod = 1000;`, in milliseconds"],
  ["PerPlugin", "what a policy is configured with are its parameters: `export const params = new Params();`"],
]);

interface Exports {
  /** A callback that leaves the file in another way than as a function of its own name: nobody would call it. */
  readonly astray: assemblyscript.Range | undefined;
  readonly functions: readonly assemblyscript.FunctionDeclaration[];
  readonly variables: readonly assemblyscript.VariableDeclaration[];
}

function exportsOf(statements: readonly assemblyscript.Statement[]): Exports {
  const later = new Set(
    statements
      .filter(isExportList)
      .flatMap((list) => list.members ?? [])
      .map((member) => member.localName.text),
  );
  const aliased = statements
    .filter(isExportList)
    .flatMap((list) => list.members ?? [])
    .find(
      ({ localName, exportedName }) =>
        localName !== exportedName && policyCallbacks.includes(exportedName.text),
    );
  const byDefault = statements
    .filter(isExportDefault)
    .find(({ declaration }) => policyCallbacks.includes(declaration.name.text));
  const leaves = (node: assemblyscript.DeclarationStatement): boolean =>
    isExported(node) || later.has(node.name.text);
  const variables = statements
    .filter(isVariables)
    .flatMap((statement) => statement.declarations)
    .filter(leaves);
  const value = variables.find(({ name }) => policyCallbacks.includes(name.text));
  return {
    functions: statements.filter(isFunction).filter(leaves),
    variables: variables.filter((variable) => variable !== value),
    astray: (aliased?.exportedName ?? byDefault?.declaration.name ?? value?.name)?.range,
  };
}

/** The values of the constants that the compiler reads. */
function checkExports(
  { functions, variables, astray }: Exports,
  start: Span,
  reporter: Reporter,
): ReadonlyMap<string, assemblyscript.Expression> {
  const names = functions.map((node) => node.name.text);
  const called = names.some((name) => Object.hasOwn(filterCallbacks, name));
  if (!called && astray !== undefined) {
    reporter.report(
      "FLT0203",
      placeOf(astray, reporter.source),
      "a callback is exported as a function of its own name only",
      {
        help: `write \`${signatureOf(reporter.source.text.slice(astray.start, astray.end))}\``,
      },
    );
  } else if (!called) {
    const near = names.map((name) => didYouMean(name, policyCallbacks, "")).find((help) => help !== "");
    reporter.report("FLT0203", start, "this filter has no callback", {
      help: near ?? "add `export function onRequest(request: Request): void { … }`",
    });
  }
  for (const { name } of called ? functions : []) {
    if (Object.hasOwn(filterCallbacks, name.text) || !/^on[A-Z]/.test(name.text)) continue;
    reporter.report("FLT0205", placeOf(name.range, reporter.source), `nothing calls \`${name.text}\``, {
      ...suggest(
        name.text,
        policyCallbacks,
        `there are ${policyCallbacks.map((each) => `\`${each}\``).join(", ")}`,
        placeOf(name.range, reporter.source),
      ),
    });
  }
  const found = new Map<string, assemblyscript.Expression>();
  for (const { name, initializer } of variables) {
    if (filterConstants.includes(name.text)) {
      if (initializer) found.set(name.text, initializer);
      continue;
    }
    const place = placeOf(name.range, reporter.source);
    reporter.report(
      "FLT0205",
      place,
      `a filter has no constant \`${name.text}\``,
      suggest(name.text, filterConstants, "leave out `export` where it is for the code itself", place),
    );
  }
  return found;
}

/**
 * Actions by the names in the code, wherever they stand: a helper of any shape may deny, and taking too much for a denial only makes
 * the policy fail closed. The compiled module is held against this.
 */
function actionsOf(all: readonly Node[]): readonly string[] {
  const names = new Set(all.filter(isIdentifier).map((node) => node.text));
  const uses = (...wanted: readonly string[]): boolean => wanted.some((name) => names.has(name));
  return [
    ...(uses("deny", "reply", "replyBytes", "reset", "close", "closeUpstream") ? ["Deny"] : []),
    ...(uses("headers", "Headers") && uses("set", "add", "remove", "replaceAll") ? ["SetHeader"] : []),
    ...(uses("tagAccessLog") ? ["TagAccessLog"] : []),
    ...(uses("routeToVersion") ? ["RouteToVersion"] : []),
    ...(uses("setHashKey") ? ["SetHashKey"] : []),
    ...(uses("headers", "Headers") && uses("get", "getAll", "has", "entries") ? ["GetHeader"] : []),
    ...(all.some(isClaims) ? ["GetClaim"] : []),
  ];
}

/** The header that has the claims of a verified token: who names it needs an Envoy that verifies tokens. */
function isClaims(node: Node): boolean {
  return stringOf(node)?.toLowerCase() === "x-wire-claims";
}

/** What outlives a request, without the constants that the compiler reads: also what all workers share. */
function keptIn(
  statements: readonly assemblyscript.Statement[],
  all: readonly Node[],
): readonly assemblyscript.IdentifierExpression[] {
  return [
    ...stateIn(statements, { isAlone: true })
      .map(({ name }) => name)
      .filter(({ text }) => !filterConstants.includes(text)),
    ...importsOf(["shared", "Queue"], all),
  ];
}

/** Whether somebody may learn of a request from this, even when it is denied later. */
function leavesTraces(all: readonly Node[]): boolean {
  const names = ["Counter", "Gauge", "Histogram", "log", "foreign"];
  const asking = all
    .filter(isProperty)
    .some(({ property }) => /^(?:fetch|grpc|grpcStream)$/.test(property.text));
  return asking || importsOf(names, all).length > 0;
}

/** Whether it may change a body, of which no list says anything, or is one whose messages go on without a length because of that. */
function changesBodies(all: readonly Node[], callbacks: readonly string[]): boolean {
  if (callbacks.some((callback) => callback.endsWith("Body")) && writesBodies(all)) return true;
  const names = new Set(all.filter(isIdentifier).map((node) => node.text));
  return (
    ["body", "Body", "data", "upstreamData"].some((name) => names.has(name)) &&
    ["replace", "replaceBytes", "prepend", "append", "drain"].some((name) => names.has(name))
  );
}

function importsOf(
  names: readonly string[],
  all: readonly Node[],
): readonly assemblyscript.IdentifierExpression[] {
  return all
    .filter(isImportedName)
    .map(({ foreignName }) => foreignName)
    .filter(({ text }) => names.includes(text));
}

/** A value for each caller and one for each callee are different meanings, and the solver must not choose between them. */
function sideOf(
  side: Side,
  statements: readonly assemblyscript.Statement[],
  all: readonly Node[],
  reporter: Reporter,
): Side {
  const steers = all.filter(isIdentifier).find(({ text }) => steering.includes(text));
  if (steers !== undefined) {
    if (side === "ingress") {
      reporter.report(
        "FLT0202",
        placeOf(steers.range, reporter.source),
        `\`${steers.text}\` cannot be done at ingress`,
        {
          label: "only the caller chooses where a request goes",
          help: 'write `export const side = "egress";`',
        },
      );
    }
    return "egress";
  }
  const [state] = side === "either" ? keptIn(statements, all) : [];
  if (state === undefined) return side;
  reporter.report(
    "FLT0206",
    placeOf(state.range, reporter.source),
    `\`${state.text}\` outlives a request, and this filter does not say on which side`,
    {
      severity: "warning",
      label: "kept for each callee, since nothing else is said",
      help: 'write `export const side = "ingress";`, or "egress" for one value in each caller',
    },
  );
  return "ingress";
}

function readWhole(
  name: string,
  node: assemblyscript.Expression | undefined,
  reporter: Reporter,
): number | undefined {
  if (node === undefined) return undefined;
  const place = placeOf(node.range, reporter.source);
  const text = reporter.source.text.slice(place.start, place.end);
  if (/^-?\s*[0-9]{1,15}$/.test(text)) return Number(text.replace(/\s/g, ""));
  reporter.report("FLT0202", place, `\`${name}\` takes one whole number`, {
    help: `write \`export const ${name} = 10;\``,
  });
  return undefined;
}

/** How often `onTick` is called: nobody else could say it, for a policy is not there when it is configured. */
function periodOf(
  node: assemblyscript.Expression | undefined,
  functions: readonly assemblyscript.FunctionDeclaration[],
  reporter: Reporter,
): number | undefined {
  const tick = functions.find(({ name }) => name.text === "onTick");
  const period = readWhole("tickPeriod", node, reporter);
  const help = "write `export const tickPeriod = 1000;`, in milliseconds";
  if (node === undefined && tick !== undefined)
    reporter.report("FLT0214", placeOf(tick.name.range, reporter.source), "`onTick` is never called", {
      help,
    });
  else if (node !== undefined && period !== undefined && (period < 1 || period > 86_400_000))
    reporter.report(
      "FLT0202",
      placeOf(node.range, reporter.source),
      "`tickPeriod` takes 1 to 86400000 milliseconds",
      { help },
    );
  else if (node !== undefined && tick === undefined)
    reporter.report("FLT0214", placeOf(node.range, reporter.source), "there is no `onTick` to be called", {
      help: "add `export function onTick(): void { … }`, or leave `tickPeriod` out",
    });
  return period;
}

function readNames(
  name: string,
  node: assemblyscript.Expression | undefined,
  reporter: Reporter,
): readonly string[] | undefined {
  if (node === undefined) return undefined;
  if (isList(node)) {
    const values = node.elementExpressions.map(stringOf);
    if (values.every((value) => value !== undefined)) return values.map((value) => value.toLowerCase());
  }
  reporter.report(
    "FLT0202",
    placeOf(node.range, reporter.source),
    `\`${name}\` takes a list of header names`,
    {
      help: `write \`export const ${name} = ["x-name"];\``,
    },
  );
  return undefined;
}

function listed(choices: readonly string[]): string {
  return choices.map((choice) => `"${choice}"`).join(" or ");
}
