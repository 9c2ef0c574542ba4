import * as assemblyscript from "assemblyscript";
import { isField, isFunctionLike, isImportedName, isNew, type Node, nodesIn } from "./tree.ts";

/** What the SDK makes once, as the module starts, in memory that is never given back. */
const lasting: ReadonlySet<string> = new Set(["PerStream", "PerPlugin"]);

/** Where filter code makes one of these within a function, or with each object of a class, and not once: each time takes memory for good. In their order. */
export function madeWithin(all: readonly Node[]): readonly assemblyscript.NewExpression[] {
  const aliases = all.filter(isImportedName).filter(({ foreignName }) => lasting.has(foreignName.text));
  const names = new Set([...lasting, ...aliases.map(({ name }) => name.text)]);
  const within = nodesIn(
    all.filter(
      (node) =>
        isFunctionLike(node) ||
        node.kind === assemblyscript.NodeKind.Function ||
        (isField(node) && !node.is(assemblyscript.CommonFlags.Static)),
    ),
  );
  return within
    .filter(isNew)
    .filter((node) => names.has(nameOf(node)))
    .sort((a, b) => a.range.start - b.range.start);
}

/** What it makes, without where that is from. */
export function nameOf({ typeName }: assemblyscript.NewExpression): string {
  let last = typeName;
  while (last.next !== null) last = last.next;
  return last.identifier.text;
}
