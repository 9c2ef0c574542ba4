import * as assemblyscript from "assemblyscript";

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
  /** What it imports of the SDK, `*` for all of it; and of the methods that wait for answers, those that it has a use for. */
  readonly sdk: ReadonlySet<string>;
  /** Other files that it imports, as it says them. */
  readonly imports: readonly string[];
  /** It makes something as it starts, which has to outlive the callbacks. */
  readonly startsWithValues: boolean;
  /** It may keep, from one callback to the next, what was made in one. */
  readonly keepsObjects: boolean;
}

const numbers = /^(?:[iu](?:8|16|32|64|size)|size|f32|f64|bool|number|boolean|usize|isize)$/;
const waiting: ReadonlySet<string> = new Set(["fetch", "grpc", "grpcStream"]);
const fixed: ReadonlySet<string> = new Set(["Counter", "Gauge", "Histogram", "PerStream"]);

/** Read one file of a filter. What its parser finds wrong is said by asc when it compiles it. */
export function readFilterModule(text: string): FilterModule {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, "file.ts", true);
  const statements = program.sources.find((file) => file.internalPath === "file")?.statements ?? [];
  const sdk = new Set(propertiesIn(statements).filter((name) => waiting.has(name)));
  const imports: string[] = [];
  const exportedLater = new Set<string>();
  const functions: assemblyscript.FunctionDeclaration[] = [];
  let startsWithValues = false;
  let keepsObjects = false;
  for (const statement of statements) {
    if (statement.kind === assemblyscript.NodeKind.Import) {
      const { path, declarations } = statement as assemblyscript.ImportStatement;
      if (path.value !== "proxy-wasm-as") imports.push(path.value);
      else if (declarations === null) sdk.add("*");
      else for (const { foreignName } of declarations) sdk.add(foreignName.text);
    } else if (statement.kind === assemblyscript.NodeKind.Export) {
      const { path, members } = statement as assemblyscript.ExportStatement;
      if (path !== null) imports.push(path.value);
      else
        for (const { localName, exportedName } of members ?? [])
          if (localName.text === exportedName.text) exportedLater.add(localName.text);
    } else if (statement.kind === assemblyscript.NodeKind.FunctionDeclaration)
      functions.push(statement as assemblyscript.FunctionDeclaration);
    else if (statement.kind === assemblyscript.NodeKind.Variable) {
      startsWithValues = true;
      const { declarations } = statement as assemblyscript.VariableStatement;
      keepsObjects ||= declarations.some((declaration) => mayKeep(declaration));
    } else if (statement.kind === assemblyscript.NodeKind.ClassDeclaration) {
      const { members } = statement as assemblyscript.ClassDeclaration;
      const isKept = ({ kind, flags }: assemblyscript.DeclarationStatement): boolean =>
        kind === assemblyscript.NodeKind.FieldDeclaration &&
        (flags & assemblyscript.CommonFlags.Static) !== 0;
      if (members.some(isKept)) {
        startsWithValues = true;
        keepsObjects = true;
      }
    } else if (statement.kind === assemblyscript.NodeKind.NamespaceDeclaration) {
      startsWithValues = true;
      keepsObjects = true;
    } else if (statement.kind === assemblyscript.NodeKind.Expression) startsWithValues = true;
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
  return { exported, sdk, imports, startsWithValues, keepsObjects };
}

function isNothing({ range }: assemblyscript.TypeNode, text: string): boolean {
  const said = text.slice(range.start, range.end).trim();
  return said === "void" || said === "";
}

/** Numbers, texts that do not change, and what has a fixed size refer to nothing that a callback made. */
function mayKeep(declaration: assemblyscript.VariableDeclaration): boolean {
  const { initializer, type, flags } = declaration;
  const typeText = type === null ? "" : type.range.source.text.slice(type.range.start, type.range.end);
  if (numbers.test(typeText)) return false;
  if (initializer === null) return true;
  const text = initializer.range.source.text.slice(initializer.range.start, initializer.range.end);
  if (/^(?:-?\s*[\d.][\w.]*|true|false|memory\.data\b.*)$/s.test(text)) return false;
  if ((flags & assemblyscript.CommonFlags.Const) === 0) return true;
  if (/^(?:"[^"\\]*"|'[^'\\]*')$/.test(text)) return false;
  const [, made = ""] = /^new (\w+)\b/.exec(text) ?? [];
  return !fixed.has(made);
}

/** The names behind points, in no order. Without recursion, for trees may be deep. */
function propertiesIn(roots: readonly assemblyscript.Node[]): readonly string[] {
  const found = new Set<assemblyscript.Node>();
  const left: unknown[] = [...roots];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) left.push(...value);
    else if (value instanceof assemblyscript.Node && !found.has(value)) {
      found.add(value);
      left.push(...Object.values(value));
    }
  }
  return [...found]
    .filter((node) => node.kind === assemblyscript.NodeKind.PropertyAccess)
    .map((node) => (node as assemblyscript.PropertyAccessExpression).property.text);
}
