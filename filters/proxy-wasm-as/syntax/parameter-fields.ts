import * as assemblyscript from "assemblyscript";
import { isClass, isField, type Node } from "./tree.ts";

/** What a parameter can be, as AssemblyScript calls it. */
export const parameterTypes = ["i32", "i64", "f64", "bool", "string"] as const;

/** One of them. */
export type ParameterType = (typeof parameterTypes)[number];

/** A member of the class of a filter's parameters: a plain field, or `other`, which is none. */
export type ParameterField =
  | { readonly kind: "other"; readonly name: assemblyscript.IdentifierExpression }
  | {
      readonly kind: "field";
      readonly name: assemblyscript.IdentifierExpression;
      /** As it is written; empty where it is not. */
      readonly written: string;
      /** The same, where a parameter can be that. */
      readonly type: ParameterType | undefined;
      readonly typeNode: assemblyscript.TypeNode | null;
      readonly initializer: assemblyscript.Expression | null;
    };

/**
 * The members of the class that `export const params = new Params()` is of, in their order; undefined when what stands there is no new object of a plain class of
 * this file. `text` is the file.
 */
export function parameterFields(
  params: Node | null,
  statements: readonly assemblyscript.Statement[],
  text: string,
): readonly ParameterField[] | undefined {
  const said = ({ range }: Node): string => text.slice(range.start, range.end);
  const [, name] = /^new\s+(\w+)\s*\(\s*\)$/.exec(params === null ? "" : said(params)) ?? [];
  const found = statements.filter(isClass).find((declaration) => declaration.name.text === name);
  if (found === undefined || found.extendsType !== null || found.typeParameters !== null) return undefined;
  return found.members.map((member): ParameterField => {
    if (!isField(member) || !isPlain(member)) return { kind: "other", name: member.name };
    const { name, type: typeNode, initializer } = member;
    const written = typeNode === null ? "" : said(typeNode);
    // AssemblyScript has both names for one type.
    const type = written === "boolean" ? "bool" : parameterTypes.find((each) => each === written);
    return { kind: "field", name, written, type, typeNode, initializer };
  });
}

function isPlain({ flags }: assemblyscript.FieldDeclaration): boolean {
  const others =
    assemblyscript.CommonFlags.Static |
    assemblyscript.CommonFlags.Readonly |
    assemblyscript.CommonFlags.Private |
    assemblyscript.CommonFlags.Protected;
  return (flags & others) === 0;
}
