import * as assemblyscript from "assemblyscript";
import type { Diagnostic } from "./diagnostic.ts";
import { didYouMean } from "./nearest.ts";
import { parseContext } from "./parse-context.ts";
import type { FilterPolicy, Mode, OnLost, Side } from "./policy.ts";
import { positionOf } from "./render.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import type { Source, Span } from "./source.ts";

/** Callbacks that the SDK calls. */
const callbacks = ["onRequest", "onResponse"];
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
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, source.text, "policy.ts", true);
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
    if (reporter.diagnostics.some(({ span }) => positionOf(source, span.start).line === line)) continue;
    reporter.report("FLT0101", place, `${text.charAt(0).toLowerCase()}${text.slice(1)}`, {
      help: "filter code is AssemblyScript, a strict subset of TypeScript",
    });
  }
  if (reporter.diagnostics.length > 0) return { diagnostics: reporter.diagnostics };

  const statements = program.sources.find((file) => file.internalPath === "policy")?.statements ?? [];
  const constants = constantsOf(statements);
  const start = { start: 0, end: source.text.split("\n", 1)[0]?.length ?? 0 };
  const exported = statements
    .filter(isFunction)
    .filter(isExported)
    .map((node) => node.name.text);
  if (!exported.some((name) => callbacks.includes(name))) {
    reporter.report("FLT0203", start, "this filter has no callback", {
      help: "add `export function onRequest(request: Request): void { … }`",
    });
  }

  const actions = actionsOf(source, statements);
  const one = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = constants.get(name);
    if (value === undefined) return undefined;
    const text = stringOf(value);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) {
      reporter.report("FLT0202", placeOf(value.range, source), `\`${name}\` takes ${listed(choices)}`, {
        help: didYouMean(text ?? "", choices, `write \`export const ${name} = "${choices[0]}";\``),
      });
    }
    return choice;
  };
  const side = one("side", sides) ?? "either";
  const mode = one("mode", modes) ?? "enforce";
  const onLost =
    one("onLost", onLosts) ?? (actions.includes("Allow") || actions.includes("Deny") ? "deny" : "skip");
  const priority = readPriority(constants.get("priority"), reporter) ?? 0;
  const reads = readNames("reads", constants.get("reads"), reporter);
  const writes = readNames("writes", constants.get("writes"), reporter);

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
  if (!parsed || reporter.diagnostics.some((d) => d.severity === "error"))
    return { diagnostics: reporter.diagnostics };
  return {
    diagnostics: reporter.diagnostics,
    policy: {
      kind: "filter",
      name: nameOf(source.path),
      source,
      span: contextPlace,
      act: "Request",
      context: parsed,
      contextSpan,
      priority,
      mode,
      onLost,
      actions,
      side,
      ...(reads === undefined ? {} : { reads }),
      ...(writes === undefined ? {} : { writes }),
    },
  };
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

function isFunction(node: assemblyscript.Statement): node is assemblyscript.FunctionDeclaration {
  return node.kind === assemblyscript.NodeKind.FunctionDeclaration;
}

function isExported(node: assemblyscript.DeclarationStatement): boolean {
  return (node.flags & assemblyscript.CommonFlags.Export) !== 0;
}

function isVariables(node: assemblyscript.Statement): node is assemblyscript.VariableStatement {
  return node.kind === assemblyscript.NodeKind.Variable;
}

function constantsOf(
  statements: readonly assemblyscript.Statement[],
): ReadonlyMap<string, assemblyscript.Expression> {
  const found = new Map<string, assemblyscript.Expression>();
  for (const declaration of statements.filter(isVariables).flatMap((statement) => statement.declarations)) {
    if (isExported(declaration) && declaration.initializer)
      found.set(declaration.name.text, declaration.initializer);
  }
  return found;
}

function isLiteral(node: assemblyscript.Expression): node is assemblyscript.LiteralExpression {
  return node.kind === assemblyscript.NodeKind.Literal;
}

function stringOf(node: assemblyscript.Expression | null): string | undefined {
  if (!node || !isLiteral(node) || node.literalKind !== assemblyscript.LiteralKind.String) return undefined;
  return (node as assemblyscript.StringLiteralExpression).value;
}

function readPriority(node: assemblyscript.Expression | undefined, reporter: Reporter): number | undefined {
  if (node === undefined) return undefined;
  const place = placeOf(node.range, reporter.source);
  const text = reporter.source.text.slice(place.start, place.end);
  if (/^-?\s*[0-9]{1,15}$/.test(text)) return Number(text.replace(/\s/g, ""));
  reporter.report("FLT0202", place, "`priority` takes one whole number", {
    help: "write `export const priority = 10;`",
  });
  return undefined;
}

function readNames(
  name: string,
  node: assemblyscript.Expression | undefined,
  reporter: Reporter,
): readonly string[] | undefined {
  if (node === undefined) return undefined;
  if (isLiteral(node) && node.literalKind === assemblyscript.LiteralKind.Array) {
    const values = (node as assemblyscript.ArrayLiteralExpression).elementExpressions.map(stringOf);
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

/** Actions by the shape of the calls; what only looks like one in a comment or a string does not count. */
function actionsOf(source: Source, statements: readonly assemblyscript.Statement[]): readonly string[] {
  const bodies = statements.filter(
    (node) => isFunction(node) || node.kind === assemblyscript.NodeKind.ClassDeclaration,
  );
  const found = new Set<string>();
  for (const body of bodies) {
    const text = withoutComments(source.text.slice(body.range.start, body.range.end));
    if (/\.\s*deny\s*\(/.test(text)) found.add("Deny");
    if (/\.\s*allow\s*\(/.test(text)) found.add("Allow");
    if (/\.\s*headers\s*\.\s*(set|add|remove)\s*\(/.test(text)) found.add("SetHeader");
    if (/\.\s*headers\s*\.\s*get\s*\(/.test(text)) found.add("GetHeader");
  }
  return [...found];
}

/** Comments and the contents of strings, blanked. */
function withoutComments(text: string): string {
  return text.replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g,
    " ",
  );
}
