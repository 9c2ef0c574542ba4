import * as assemblyscript from "assemblyscript";
import { type ParameterType, parameterFields, parameterTypes } from "../syntax/parameter-fields.ts";
import { isExported, isNew, isVariables } from "../syntax/tree.ts";

/** A field of `params`, which a plugin configuration may give a value. */
export interface FilterParameter {
  readonly name: string;
  readonly type: ParameterType;
}

/** Why what is exported as `params` cannot be configured, as UTF-16 offsets. */
export interface ParameterProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

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
  const statements = statementsOf(text);
  const params = constantsOf(statements).find(isFilled);
  if (params === undefined) return { parameters, problems };
  const fields = parameterFields(params.initializer, statements, text);
  if (fields === undefined)
    wrong(params.name, `\`params\` is a new object of a plain class of this file, as in ${shape}`);
  for (const field of fields ?? []) {
    const { name } = field;
    if (field.kind === "other")
      wrong(name, `\`${name.text}\` is no parameter: these are plain fields, and nothing else is with them`);
    else if (field.type === undefined)
      wrong(
        name,
        `parameter \`${name.text}\` has no type that can be configured: \`${parameterTypes.join("`, `")}\``,
      );
    else if (field.initializer === null) wrong(name, `parameter \`${name.text}\` has no default`);
    else parameters.push({ name: name.text, type: field.type });
  }
  return { parameters, problems };
}

/** What looks like the parameters, and gets nothing of a configuration: it has another name, or is not exported where it stands. */
export function unfilledParameters(text: string): readonly ParameterProblem[] {
  const statements = statementsOf(text);
  const constants = constantsOf(statements);
  if (constants.some(isFilled)) return [];
  return constants
    .filter(({ name, initializer }) => {
      const isNamedSo =
        name.text === "params" ||
        (initializer !== null && isNew(initializer) && initializer.typeName.identifier.text === "Params");
      return isNamedSo && parameterFields(initializer, statements, text) !== undefined;
    })
    .map(({ name: { text, range } }) => ({
      message: `no configuration fills \`${text}\`: parameters are what \`export const params = …\` has`,
      start: range.start,
      end: range.end,
    }));
}

function statementsOf(text: string): readonly assemblyscript.Statement[] {
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, "file.ts", true);
  return program.sources.find((file) => file.internalPath === "file")?.statements ?? [];
}

function constantsOf(
  statements: readonly assemblyscript.Statement[],
): readonly assemblyscript.VariableDeclaration[] {
  return statements.filter(isVariables).flatMap(({ declarations }) => declarations);
}

function isFilled(declaration: assemblyscript.VariableDeclaration): boolean {
  return declaration.name.text === "params" && isExported(declaration);
}
