import type * as assemblyscript from "assemblyscript";
import {
  type ParameterType,
  parameterFields,
  parameterTypes,
} from "../../filters/proxy-wasm-as/syntax/parameter-fields.ts";
import { stringOf } from "../../filters/proxy-wasm-as/syntax/tree.ts";
import type { HeaderProblem } from "./check-header.ts";
import type { ValueType } from "./interface.ts";
import { didYouMean } from "./nearest.ts";
import type { Literal, PolicyParameter } from "./policy.ts";
import type { Reporter } from "./reporter.ts";
import type { Source, Span } from "./source.ts";
import { unfitForParameter } from "./unfit-for-parameter.ts";

/** By their names in AssemblyScript. */
const types: Readonly<Record<ParameterType, ValueType>> = {
  i32: "int",
  i64: "int",
  f64: "float",
  bool: "bool",
  string: "string",
};
const shape = "write `class Params { limit: i64 = 1000; }` and `export const params = new Params();`";

/**
 * The parameters of filter code: the fields of the class that `export const params = new Params()` is of, each with a type and a literal
 * for its default. The entry file writes the configured values into them before a request is looked at.
 */
export function filterParameters(
  params: assemblyscript.Expression | undefined,
  statements: readonly assemblyscript.Statement[],
  reporter: Reporter,
): readonly PolicyParameter[] {
  if (params === undefined) return [];
  const { source } = reporter;
  const wrong = (span: Span, message: string, help: string): undefined => {
    reporter.report("FLT0207", span, message, { help });
    return undefined;
  };
  const fields = parameterFields(params, statements, source.text);
  if (fields === undefined) {
    wrong(params.range, "`params` takes a new object of a plain class of this file", shape);
    return [];
  }
  return fields.flatMap((field): readonly PolicyParameter[] => {
    const { name } = field;
    if (field.kind === "other") {
      wrong(
        name.range,
        `\`${name.text}\` is no parameter`,
        "parameters are plain fields, and nothing else is with them",
      );
      return [];
    }
    const { typeNode, initializer, written } = field;
    if (field.type === undefined) {
      wrong(
        typeNode !== null && typeNode.range.end > typeNode.range.start ? typeNode.range : name.range,
        `parameter \`${name.text}\` has no type that can be configured`,
        didYouMean(written, parameterTypes, `there are \`${parameterTypes.join("`, `")}\``),
      );
      return [];
    }
    const type = types[field.type];
    const value = initializer === null ? undefined : literalOf(written, initializer, source);
    if (initializer === null || value === undefined) {
      const problem = initializer === null || type !== "string" ? undefined : problemOf(initializer);
      if (initializer !== null && problem !== undefined) {
        wrong(initializer.range, problem.message, problem.help);
        return [];
      }
      wrong(
        (initializer ?? name).range,
        `the default of \`${name.text}\` is not ${type === "int" ? "an" : "a"} ${type}`,
        `write one, as in \`${name.text}: ${written} = ${examples[type]};\``,
      );
      return [];
    }
    const span = { start: initializer.range.start, end: initializer.range.end };
    return [
      {
        name: name.text,
        type,
        default: { kind: "literal", type, value, isOptional: false, span },
        ...(written === "i32" ? { bits: 32 } : {}),
        span: { start: name.range.start, end: name.range.end },
      },
    ];
  });
}

const examples: Readonly<Record<ValueType, string>> = {
  string: '"text"',
  bytes: '"text"',
  int: "1000",
  float: "0.5",
  bool: "true",
  duration: "1000",
};

function problemOf(initializer: assemblyscript.Expression): HeaderProblem | undefined {
  const text = stringOf(initializer);
  return text === undefined ? undefined : unfitForParameter(text);
}

function literalOf(
  type: string,
  node: assemblyscript.Expression,
  { text: all }: Source,
): Literal["value"] | undefined {
  const text = all.slice(node.range.start, node.range.end);
  switch (type) {
    case "string": {
      const value = stringOf(node);
      return value === undefined || unfitForParameter(value) !== undefined ? undefined : value;
    }
    case "bool":
      return text === "true" || text === "false" ? text === "true" : undefined;
    case "f64":
      return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
    default: {
      const bits = type === "i32" ? 32 : 64;
      const value = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
      return value !== undefined && BigInt.asIntN(bits, value) === value ? value : undefined;
    }
  }
}

/** Filter code without the defaults of its parameters, of the same length: whatever they are, it is one module. */
export function withoutDefaults(code: string, parameters: readonly PolicyParameter[]): string {
  return parameters.reduce((text, { type, default: { span } }) => {
    const zero = { string: '""', bytes: '""', bool: "true", int: "0", float: "0", duration: "0" }[type];
    return text.slice(0, span.start) + zero.padEnd(span.end - span.start) + text.slice(span.end);
  }, code);
}
