import * as assemblyscript from "assemblyscript";
import { madeWithin, nameOf } from "../syntax/made-within.ts";
import { mayPauseAmong } from "../syntax/pausing.ts";
import { propertyPaths } from "../syntax/property-paths.ts";
import { runtimeUses } from "../syntax/runtime-uses.ts";
import { mayRefer, stateIn } from "../syntax/state.ts";
import {
  isCall,
  isClass,
  isExportDefault,
  isExported,
  isExportList,
  isField,
  isFunction,
  isFunctionLike,
  isIdentifier,
  isImport,
  isImportedName,
  isMethod,
  isNamespace,
  isProperty,
  isVariables,
  type Node,
  nodesIn,
  stringOf,
} from "../syntax/tree.ts";
import { writesBodies } from "../syntax/writes-bodies.ts";

/** A function that a filter exports. */
export interface ExportedFunction {
  readonly name: string;
  readonly parameters: number;
  readonly returnsNothing: boolean;
  /** Its result, as it is written; empty where it is not. */
  readonly result?: string;
  /** Where its name stands, as UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
}

/** Something in a file, as UTF-16 offsets. */
export interface Place {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Something that has the name of a callback and is none: what it is, and where. */
export interface Astray extends Place {
  readonly what: string;
  readonly isExported: boolean;
}

/** What the build has to know of a file of a filter's. */
export interface FilterModule {
  readonly exported: readonly ExportedFunction[];
  /** What it uses of the SDK: what it imports, `*` for all of it, and the methods that the entry has to know of. */
  readonly sdk: ReadonlySet<string>;
  /** Other files that it imports, as it says them. */
  readonly imports: readonly string[];
  /** It makes something as it starts, which has to outlive the callbacks. */
  readonly startsWithValues: boolean;
  /** The names under which it may keep, from one callback to the next, what was made in one. */
  readonly keptObjects: readonly string[];
  /** Where they stand, by these names. */
  readonly kept: readonly Place[];
  /** Its functions and methods. */
  readonly functions: readonly (assemblyscript.FunctionDeclaration | assemblyscript.MethodDeclaration)[];
  /** Whether it may keep what stands for a stream, which is no object of memory, from one callback to the next. */
  readonly keepsStreams: boolean;
  /** Whether it may write a body, by a method of that name. */
  readonly writesBodies: boolean;
  /** The names of its functions that may pause what their callback is about, as far as can be told. */
  readonly pausing: ReadonlySet<string>;
  /** Where it manages memory by hand, with what the runtime has for the compiler. */
  readonly runtimeUses: readonly Place[];
  /** The properties that it reads by a path, as it says that. */
  readonly propertyPaths: readonly Place[];
  /** What it calls as it starts. */
  readonly startCalls: readonly Place[];
  /** Where it makes within a function what is made once. */
  readonly madeWithin: readonly Place[];
  /** What asc's parser finds wrong, in its words. */
  readonly syntaxErrors: readonly (Omit<Place, "name"> & { readonly message: string })[];
  /** Constants, default exports and methods that are called like this. */
  astray(isCallback: (name: string) => boolean): readonly Astray[];
  /** Where something of the host's is used by this name: `Math.random`, or a function that is declared to be the host's. */
  hostUses(name: string): readonly Place[];
  /** How it calls what it imports of the SDK by this name. */
  importedAs(name: string): readonly string[];
}

const SDK = "proxy-wasm-as";
const telling: ReadonlySet<string> = new Set(["fetch", "grpc", "grpcStream", "reset", "resume"]);

/** Said of a filter that makes calls of the plugin's own, which have the name that those of a stream have. */
export const OF_PLUGIN = "calls of the plugin";

/** Read one file of a filter, of which it is all when `isAlone`. What its parser could not read is not there. */
export function readFilterModule(text: string, isAlone = true): FilterModule {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, "file.ts", true);
  const syntaxErrors = program.diagnostics
    .filter(({ category }) => category === assemblyscript.DiagnosticCategory.Error)
    .map(({ message, range }) => ({ message, start: range?.start ?? 0, end: range?.end ?? 0 }));
  const statements = program.sources.find((file) => file.internalPath === "file")?.statements ?? [];
  const all = nodesIn(statements);
  const sdk = new Set(
    all
      .filter(isProperty)
      .map(({ property }) => property.text)
      .filter((name) => telling.has(name)),
  );
  const imports: string[] = [];
  const exportedLater = new Set<string>();
  const functions: assemblyscript.FunctionDeclaration[] = [];
  let startsWithValues = false;
  for (const statement of statements) {
    if (isImport(statement)) {
      const { path, declarations } = statement;
      if (path.value !== SDK) imports.push(path.value);
      else if (declarations === null) sdk.add("*");
      else
        for (const { foreignName } of declarations) {
          sdk.add(foreignName.text);
          if (telling.has(foreignName.text)) sdk.add(OF_PLUGIN);
        }
    } else if (isExportList(statement)) {
      const { path, members } = statement;
      if (path === null) {
        for (const { localName, exportedName } of members ?? [])
          if (localName.text === exportedName.text) exportedLater.add(localName.text);
      } else if (path.value !== SDK) imports.push(path.value);
      else if (members === null) sdk.add("*");
      else for (const { localName } of members) sdk.add(localName.text);
    } else if (isFunction(statement)) functions.push(statement);
    else
      startsWithValues ||=
        isVariables(statement) ||
        isNamespace(statement) ||
        statement.kind === assemblyscript.NodeKind.Expression ||
        (isClass(statement) &&
          statement.members.some(
            (member) => isField(member) && member.is(assemblyscript.CommonFlags.Static),
          ));
  }
  const exported = functions
    .filter(
      ({ flags, name }) => (flags & assemblyscript.CommonFlags.Export) !== 0 || exportedLater.has(name.text),
    )
    .map(({ name, signature }) => ({
      name: name.text,
      parameters: signature.parameters.length,
      returnsNothing: isNothing(signature.returnType, text),
      result: textAt(signature.returnType, text),
      start: name.range.start,
      end: name.range.end,
    }));
  const kept = stateIn(statements, { isAlone })
    .filter(({ isObject }) => isObject)
    .map(({ path, name }) => placeOf(path, name));
  const importedAs = (name: string): readonly string[] =>
    all
      .filter(isImportedName)
      .filter(({ foreignName }) => foreignName.text === name)
      .map(({ name: local }) => local.text);
  const allFunctions = [...functions, ...all.filter(isMethod)];
  return {
    exported,
    sdk,
    imports,
    startsWithValues,
    keptObjects: kept.map(({ name }) => name),
    kept,
    functions: allFunctions,
    keepsStreams:
      kept.some(({ name }) => name !== "params") ||
      keepsStreams(all, text, isAlone && !uses(sdk, "PerStream")),
    writesBodies: writesBodies(all),
    pausing: mayPauseAmong(allFunctions),
    syntaxErrors,
    runtimeUses: runtimeUses(all).map((node) => placeOf(node.text, node)),
    propertyPaths: propertyPaths(all, importedAs("properties")).map(({ path, node }) => placeOf(path, node)),
    startCalls: startCallsIn(statements, text),
    madeWithin: madeWithin(all).map((node) => placeOf(nameOf(node), node)),
    astray: (isCallback) => astrayIn(statements, all, isCallback),
    hostUses: (name) => hostUsesIn(all, name, text),
    importedAs,
  };
}

/** What makes a stream of a number. */
const making: ReadonlySet<string> = new Set(["withId", "changetype"]);
/** What reads one from memory: anything but a number. */
const reading = /\bload\s*<(?!\s*(?:[iu](?:8|16|32|64|size)|f32|f64|bool)\s*>)/;

/** Whether streams may be made of numbers, or stand in the records of others, where there are any. */
function keepsStreams(all: readonly Node[], text: string, hasNoRecords: boolean): boolean {
  const isText = ({ type, initializer }: assemblyscript.FieldDeclaration): boolean =>
    type === null ? stringOf(initializer) !== undefined : textAt(type, text) === "string";
  return (
    reading.test(text) ||
    all.some(
      (node) =>
        (isIdentifier(node) && making.has(node.text)) ||
        (!hasNoRecords && isField(node) && mayRefer(node) && !isText(node)),
    )
  );
}

function uses(sdk: ReadonlySet<string>, name: string): boolean {
  return sdk.has("*") || sdk.has(name);
}

function placeOf(name: string, { range }: Node): Place {
  return { name, start: range.start, end: range.end };
}

function astrayIn(
  statements: readonly assemblyscript.Statement[],
  all: readonly Node[],
  isCallback: (name: string) => boolean,
): readonly Astray[] {
  const here = new Set(statements.filter(isFunction).map(({ name }) => name.text));
  const found = [
    ...statements
      .filter(isVariables)
      .flatMap(({ declarations }) => declarations)
      .map((node) => ({ what: "a constant or a variable", isExported: isExported(node), name: node.name })),
    ...statements
      .filter(isExportDefault)
      .map(({ declaration }) => ({ what: "the default export", isExported: true, name: declaration.name })),
    ...statements
      .filter(isExportList)
      .flatMap(({ members }) => members ?? [])
      .filter(({ localName, exportedName }) => localName.text !== exportedName.text)
      .map(({ exportedName }) => ({
        what: "another name of a function",
        isExported: true,
        name: exportedName,
      })),
    ...statements
      .filter(isExportList)
      .flatMap(({ members }) => members ?? [])
      .filter(({ localName: { text }, exportedName }) => text === exportedName.text && !here.has(text))
      .map(({ exportedName }) => ({
        what: "a function of another file",
        isExported: true,
        name: exportedName,
      })),
    ...all
      .filter(isClass)
      .flatMap(({ name, members }) =>
        members
          .filter((member) => isFunctionLike(member))
          .map((member) => ({ what: `a method of \`${name.text}\``, isExported: false, name: member.name })),
      ),
    ...statements
      .filter(isFunction)
      .filter((statement) => !statement.is(assemblyscript.CommonFlags.Export))
      .map(({ name }) => ({ what: "a function that is not exported", isExported: false, name })),
  ];
  return found
    .filter(({ name }) => isCallback(name.text))
    .map(({ name, ...rest }) => ({ ...rest, ...placeOf(name.text, name) }));
}

function hostUsesIn(all: readonly Node[], name: string, text: string): readonly Place[] {
  const declared = all
    .filter(isFunction)
    .filter((node) => node.is(assemblyscript.CommonFlags.Ambient) && importedName(node) === name);
  if (declared.length > 0) return declared.map((node) => placeOf(name, node.name));
  const called = new Set<Node>(all.filter(isCall).map(({ expression }) => expression));
  return all
    .filter(
      (node) => (isProperty(node) || (isIdentifier(node) && called.has(node))) && textAt(node, text) === name,
    )
    .map((node) => placeOf(name, node));
}

/** What the host calls a function of its own that is declared: its name, or what `@external` says. */
function importedName({ name, decorators }: assemblyscript.FunctionDeclaration): string {
  const external = (decorators ?? []).find(
    (each) => isIdentifier(each.name) && each.name.text === "external",
  );
  return stringOf(external?.args?.at(-1) ?? null) ?? name.text;
}

/** What is called as the module starts, in its order: by its name, or by that of what it is of and its own. */
function startCallsIn(statements: readonly assemblyscript.Statement[], text: string): readonly Place[] {
  return nodesIn(statements.filter((statement) => !isFunction(statement) && !isClass(statement)))
    .filter(isCall)
    .map(({ expression }) => placeOf(textAt(expression, text), expression))
    .sort((a, b) => a.start - b.start);
}

function textAt({ range }: Node, text: string): string {
  return text.slice(range.start, range.end).trim();
}

function isNothing(type: assemblyscript.TypeNode, text: string): boolean {
  const said = textAt(type, text);
  return said === "void" || said === "";
}
