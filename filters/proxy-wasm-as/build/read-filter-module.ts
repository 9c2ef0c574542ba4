import * as assemblyscript from "assemblyscript";
import { stateIn } from "../syntax/state.ts";
import {
  isClass,
  isExportList,
  isField,
  isFunction,
  isImport,
  isNamespace,
  isProperty,
  isVariables,
  nodesIn,
} from "../syntax/tree.ts";

/** A function that a filter exports. */
export interface ExportedFunction {
  readonly name: string;
  readonly parameters: number;
  readonly returnsNothing: boolean;
  /** Where its name stands, as UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
}

/** What the build has to know of a file of a filter's. */
export interface FilterModule {
  readonly exported: readonly ExportedFunction[];
  /** What it uses of the SDK: what it imports, `*` for all of it, and the methods whose answers come in callbacks of their own. */
  readonly sdk: ReadonlySet<string>;
  /** Other files that it imports, as it says them. */
  readonly imports: readonly string[];
  /** It makes something as it starts, which has to outlive the callbacks. */
  readonly startsWithValues: boolean;
  /** The names under which it may keep, from one callback to the next, what was made in one. */
  readonly keptObjects: readonly string[];
}

const SDK = "proxy-wasm-as";
const waiting: ReadonlySet<string> = new Set(["fetch", "grpc", "grpcStream"]);

/** Read one file of a filter, of which it is all when `isAlone`. What its parser finds wrong is said by asc when it compiles it. */
export function readFilterModule(text: string, isAlone = true): FilterModule {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, "file.ts", true);
  const statements = program.sources.find((file) => file.internalPath === "file")?.statements ?? [];
  const all = nodesIn(statements);
  const sdk = new Set(
    all
      .filter(isProperty)
      .map(({ property }) => property.text)
      .filter((name) => waiting.has(name)),
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
      else for (const { foreignName } of declarations) sdk.add(foreignName.text);
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
      start: name.range.start,
      end: name.range.end,
    }));
  const keptObjects = stateIn(statements, { isAlone })
    .filter(({ isObject }) => isObject)
    .map(({ path }) => path);
  return { exported, sdk, imports, startsWithValues, keptObjects };
}

function isNothing({ range }: assemblyscript.TypeNode, text: string): boolean {
  const said = text.slice(range.start, range.end).trim();
  return said === "void" || said === "";
}
