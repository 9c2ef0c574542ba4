import { type Doc, empty, hardline, indent, row, text } from "./doc.ts";
import type { DocWriter } from "./doc-writer.ts";

/** What policies and interfaces are laid out alike with. */

/** The path of an import up to and with its `;`, quoted whether it was or not. */
export function importPath(writer: DocWriter): Doc {
  const { peek, token } = writer;
  if (peek().kind === "string") return row(token(), semicolon(writer));
  let count = 1;
  while (
    peek(count).kind !== "end" &&
    peek(count).value !== ";" &&
    peek(count).span.start === peek(count - 1).span.end
  )
    count++;
  return row(text('"'), writer.verbatim(count), text('"'), semicolon(writer));
}

/** The `;` here, or one that was left out. */
export function semicolon({ isAt, token }: DocWriter): Doc {
  return isAt(";") ? token() : text(";");
}

/** What a file ends with: its last comments, each of which ends its line. */
export function endOfFile(writer: DocWriter, { isEmpty }: { readonly isEmpty: boolean }): Doc {
  if (!writer.hasComments()) return isEmpty ? empty : hardline;
  const apart = isEmpty ? empty : row(hardline, writer.isAfterBlank() ? hardline : empty);
  return row(apart, writer.leading());
}

/** What stands between braces, after the `{` and with the `}`: one `item` a line, without the `separators` between them. */
export function braced(
  writer: DocWriter,
  { item, separators }: { readonly item: () => Doc; readonly separators: readonly string[] },
): Doc {
  const parts: Doc[] = [writer.trailing()];
  let isFirst = true;
  while (!writer.isAt("}")) {
    if (separators.some((separator) => writer.isAt(separator))) {
      writer.drop();
      parts.push(writer.trailing());
      continue;
    }
    parts.push(hardline, !isFirst && writer.isAfterBlank() ? hardline : empty);
    parts.push(writer.leading(), item(), writer.trailing());
    isFirst = false;
  }
  const inside = row(...parts, writer.dangling({ isFirst }));
  return row(inside.breaks ? row(indent(inside), hardline) : empty, writer.token());
}
