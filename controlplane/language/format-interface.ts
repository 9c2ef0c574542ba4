import { amountUnits } from "./cost.ts";
import { type Doc, empty, group, hardline, indent, line, row, softline, text } from "./doc.ts";
import type { DocWriter } from "./doc-writer.ts";
import { braced, endOfFile, importPath } from "./layout.ts";

/** The layout of an interface file that has no mistake in how it is written. */
export function interfaceDoc(writer: DocWriter): Doc {
  const { peek, isAt, token, trailing, leading, drop } = writer;

  function file(): Doc {
    const parts: Doc[] = [];
    let previous: "receiver" | "separator" | "other" | undefined;
    while (peek().kind !== "end") {
      if (isAt(";") || isAt(",")) {
        drop();
        parts.push(trailing());
        continue;
      }
      const kind = peek().kind === "separator" ? "separator" : isReceiver() ? "receiver" : "other";
      if (previous !== undefined) parts.push(hardline, isApart(previous, kind) ? hardline : empty);
      parts.push(leading(), kind === "separator" ? token({ spelling: "---" }) : declaration(), trailing());
      previous = kind;
    }
    parts.push(endOfFile(writer, { isEmpty: previous === undefined }));
    return row(...parts);
  }

  function isReceiver(): boolean {
    return isAt("act", "name") || isAt("state", "name") || isAt("type", "name");
  }

  function isApart(previous: string, kind: string): boolean {
    if (previous === "separator" || kind === "separator")
      return writer.hasComments() && writer.isAfterBlank();
    return previous === "receiver" || kind === "receiver" || writer.isAfterBlank();
  }

  function declaration(): Doc {
    if (isReceiver()) return receiver();
    const keyword = token();
    if (keywordIs(keyword, "cost"))
      return row(keyword, isAt(":") ? row(token(), text(" ")) : text(": "), isAt("{") ? amounts() : token());
    if (keywordIs(keyword, "dataplane")) return row(keyword, text(" "), token());
    return row(keyword, text(" "), importPath(writer));
  }

  /** `{ cpu: 20mCPU, memory: 45MiB }` */
  function amounts(): Doc {
    const open = token();
    if (isAt("}")) return row(open, token());
    const parts: Doc[] = [trailing(), line, leading()];
    for (let isFirst = true; !isAt("}"); ) {
      if (isAt(",") || isAt(";")) drop();
      else {
        if (!isFirst) parts.push(text(","), trailing(), line, leading());
        parts.push(token(), token(), text(" "), quantity());
        isFirst = false;
      }
    }
    return group(open, indent(...parts, trailing(), writer.dangling()), line, token());
  }

  /** A number and its unit, together. */
  function quantity(): Doc {
    const number = token();
    return isUnit() ? row(number, token()) : number;
  }

  function isUnit(): boolean {
    const { kind, value } = peek();
    return kind === "name" && Object.values(amountUnits).some((units) => units.has(value));
  }

  function keywordIs(keyword: Doc, value: string): boolean {
    return keyword.parts.at(-1)?.text === value;
  }

  function receiver(): Doc {
    const parts = [token(), text(" "), token()];
    if (isAt(":")) parts.push(token(), text(" "), token());
    parts.push(text(" "), token());
    return row(...parts, braced(writer, { item: action, separators: [",", ";"] }));
  }

  function action(): Doc {
    const parts: Doc[] = [];
    if (isAt("[")) parts.push(token(), token(), token(), text(" "));
    parts.push(token(), text(" "), token(), parameters());
    if (isAt(":") || isAt("->")) {
      parts.push(token({ spelling: ":" }), text(" "), token());
      if (isAt("?")) parts.push(token());
    }
    if (isAt("cost", "name")) parts.push(text(" "), token(), text(" "), quantity());
    return row(...parts, isAt(",") || isAt(";") ? token({ spelling: "," }) : text(","));
  }

  function parameters(): Doc {
    const open = token();
    const parts: Doc[] = [trailing(), softline, leading()];
    for (let isFirst = true; !isAt(")"); ) {
      if (isAt(",")) {
        if (peek(1).kind === "symbol" && peek(1).value === ")") drop();
        else parts.push(token({ breaks: true }), trailing(), line, leading());
        isFirst = true;
        continue;
      }
      parts.push(isFirst ? empty : text(" "), isAt("-") ? row(token(), token()) : token());
      isFirst = false;
    }
    return group(open, indent(...parts, trailing(), writer.dangling()), softline, token());
  }

  return file();
}
