import { readFileSync } from "node:fs";
import * as assemblyscript from "assemblyscript";
import {
  isClass,
  isExportList,
  isField,
  isFunction,
  isMethod,
  isNamespace,
  isVariables,
  type Node,
} from "../syntax/tree.ts";

/** Something that filters may use of the SDK. */
export interface PublicMember {
  /** The class, namespace or enumeration that it is of, as `Headers` or `properties.request`; empty where it is exported itself. */
  readonly of: string;
  readonly name: string;
  readonly kind: "class" | "enum" | "field" | "function" | "namespace" | "type" | "value";
  /** What its documentation says, without the signs of the comment; undefined where there is none. */
  readonly doc: string | undefined;
}

const home = new URL(import.meta.url.endsWith(".ts") ? "../assembly/" : "../../assembly/", import.meta.url);

let known: readonly PublicMember[] | undefined;

/** All that `proxy-wasm-as` exports, and what that has, with what is inherited. Read from the sources of the SDK, which are part of the compiler, once. */
export function publicMembers(): readonly PublicMember[] {
  known ??= exportsOf("index");
  return known;
}

function exportsOf(file: string, wanted?: ReadonlySet<string>): readonly PublicMember[] {
  const text = readFileSync(new URL(`${file}.ts`, home), "utf8");
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, text, `${file}.ts`, true);
  const statements = program.sources.find(({ internalPath }) => internalPath === file)?.statements ?? [];
  const passedOn = statements.filter(isExportList).flatMap(({ path, members }) => {
    const names = (members ?? []).map(({ localName }) => localName.text);
    const taken = names.filter((name) => wanted?.has(name) ?? true);
    return path === null || taken.length === 0 ? [] : exportsOf(path.value.replace("./", ""), new Set(taken));
  });
  const classes = statements.filter(isClass);
  return [
    ...passedOn,
    ...statements.flatMap((statement) =>
      membersOf(statement, "", { text, classes, wanted: wanted ?? new Set() }),
    ),
  ];
}

interface Around {
  readonly text: string;
  /** The classes of the file, which one may extend. */
  readonly classes: readonly assemblyscript.ClassDeclaration[];
  readonly wanted: ReadonlySet<string> | "exported";
}

/** What a statement declares, and what is in it. */
function membersOf(statement: Node, of: string, around: Around): readonly PublicMember[] {
  const { text, classes, wanted } = around;
  const isWanted = (node: assemblyscript.DeclarationStatement): boolean =>
    wanted === "exported" ? node.is(assemblyscript.CommonFlags.Export) : wanted.has(node.name.text);
  const member = (
    node: assemblyscript.DeclarationStatement,
    kind: PublicMember["kind"],
    inside = of,
  ): PublicMember => ({ of: inside, name: node.name.text, kind, doc: docBefore(node, text) });
  if (isVariables(statement))
    return statement.declarations
      .filter(isWanted)
      .map((each) => ({ ...member(each, "value"), doc: docBefore(statement, text) }));
  if (isFunction(statement)) return isWanted(statement) ? [member(statement, "function")] : [];
  if (statement.kind === assemblyscript.NodeKind.TypeDeclaration) {
    const declaration = statement as assemblyscript.TypeDeclaration;
    return isWanted(declaration) ? [member(declaration, "type")] : [];
  }
  if (statement.kind === assemblyscript.NodeKind.EnumDeclaration) {
    const declaration = statement as assemblyscript.EnumDeclaration;
    if (!isWanted(declaration)) return [];
    return [
      member(declaration, "enum"),
      ...declaration.values.map((each) => member(each, "value", declaration.name.text)),
    ];
  }
  if (isNamespace(statement) && isWanted(statement)) {
    const inside = { ...around, wanted: "exported" } as const;
    const path = of === "" ? statement.name.text : `${of}.${statement.name.text}`;
    return [
      member(statement, "namespace"),
      ...statement.members.flatMap((each) => membersOf(each, path, inside)),
    ];
  }
  if (!isClass(statement) || !isWanted(statement)) return [];
  const path = of === "" ? statement.name.text : `${of}.${statement.name.text}`;
  return [
    member(statement, "class"),
    ...lineage(statement, classes).flatMap(({ members }) =>
      members.flatMap((each) => ofClass(each, path, member)),
    ),
  ];
}

const hidden: readonly number[] = [
  assemblyscript.CommonFlags.Constructor,
  assemblyscript.CommonFlags.Private,
  assemblyscript.CommonFlags.Protected,
];

function ofClass(
  each: assemblyscript.DeclarationStatement,
  path: string,
  member: (
    node: assemblyscript.DeclarationStatement,
    kind: PublicMember["kind"],
    inside: string,
  ) => PublicMember,
): readonly PublicMember[] {
  if (hidden.some((flag) => each.is(flag))) return [];
  if (isField(each)) return [member(each, "field", path)];
  return isMethod(each) ? [member(each, "function", path)] : [];
}

/** A class, and those of its file that it extends, one after the other. */
function lineage(
  declaration: assemblyscript.ClassDeclaration,
  classes: readonly assemblyscript.ClassDeclaration[],
): readonly assemblyscript.ClassDeclaration[] {
  const name = declaration.extendsType?.name.identifier.text;
  const parent = classes.find((each) => each.name.text === name);
  return parent === undefined ? [declaration] : [declaration, ...lineage(parent, classes)];
}

/** The comment that ends where this begins, with what may stand between. */
function docBefore({ range }: Node, text: string): string | undefined {
  const before = text
    .slice(0, range.start)
    .replace(/(?:\s|\/\/[^\n]*\n|@\w+|\b(?:export|static|readonly|get|set)\b)+$/, "");
  const [, doc] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/$/.exec(before) ?? [];
  return doc?.replace(/^\s*\*? ?/gm, "").trim();
}
