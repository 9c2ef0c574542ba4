import * as assemblyscript from "assemblyscript";

/** A field of `params`, which a plugin configuration may give a value. */
export interface FilterParameter {
  readonly name: string;
  readonly type: ParameterType;
}

/** As AssemblyScript calls them. */
export type ParameterType = "i32" | "i64" | "f64" | "bool" | "string";

/** Why what is exported as `params` cannot be configured, as UTF-16 offsets. */
export interface ParameterProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

const types: readonly ParameterType[] = ["i32", "i64", "f64", "bool", "string"];
const shape = "`class Params { limit: i64 = 1000; }` and `export const params = new Params();`";

/** The plain fields of the class that `export const params = new Params()` is of, in their order; none where a filter has no such constant. */
export function readParameters(text: string): {
  readonly parameters: readonly FilterParameter[];
  readonly problems: readonly ParameterProblem[];
} {
  const parameters: FilterParameter[] = [];
  const problems: ParameterProblem[] = [];
  const wrong = ({ range }: assemblyscript.Node, message: string): void => {
    problems.push({ message, start: range.start, end: range.end });
  };
  const said = ({ range }: assemblyscript.Node): string => text.slice(range.start, range.end);
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, "file.ts", true);
  const statements = program.sources.find((file) => file.internalPath === "file")?.statements ?? [];
  const params = exportedParams(statements);
  if (params === undefined) return { parameters, problems };
  const [, name] = /^new\s+(\w+)\s*\(\s*\)$/.exec(params.initializer ? said(params.initializer) : "") ?? [];
  const found = statements.filter(isClass).find((declaration) => declaration.name.text === name);
  if (found === undefined || found.extendsType !== null || found.typeParameters !== null) {
    wrong(params.name, `\`params\` is a new object of a plain class of this file, as in ${shape}`);
    return { parameters, problems };
  }
  for (const member of found.members) {
    const { name } = member;
    if (!isField(member) || !isPlain(member)) {
      wrong(name, `\`${name.text}\` is no parameter: these are plain fields, and nothing else is with them`);
      continue;
    }
    const written = member.type === null ? "" : said(member.type);
    const type = types.find((each) => each === written);
    if (type === undefined)
      wrong(name, `parameter \`${name.text}\` has no type that can be configured: \`${types.join("`, `")}\``);
    else if (member.initializer === null) wrong(name, `parameter \`${name.text}\` has no default`);
    else parameters.push({ name: name.text, type });
  }
  return { parameters, problems };
}

function exportedParams(
  statements: readonly assemblyscript.Statement[],
): assemblyscript.VariableDeclaration | undefined {
  return statements
    .filter((statement) => statement.kind === assemblyscript.NodeKind.Variable)
    .flatMap((statement) => (statement as assemblyscript.VariableStatement).declarations)
    .find(({ name, flags }) => name.text === "params" && (flags & assemblyscript.CommonFlags.Export) !== 0);
}

function isClass(node: assemblyscript.Node): node is assemblyscript.ClassDeclaration {
  return node.kind === assemblyscript.NodeKind.ClassDeclaration;
}

function isField(node: assemblyscript.Node): node is assemblyscript.FieldDeclaration {
  return node.kind === assemblyscript.NodeKind.FieldDeclaration;
}

function isPlain({ flags }: assemblyscript.FieldDeclaration): boolean {
  const others =
    assemblyscript.CommonFlags.Static |
    assemblyscript.CommonFlags.Readonly |
    assemblyscript.CommonFlags.Private |
    assemblyscript.CommonFlags.Protected;
  return (flags & others) === 0;
}
