import { binaryLevels } from "./ast.ts";
import { anchor, type Doc, empty, group, hardline, indent, line, row, softline, text } from "./doc.ts";
import type { DocWriter } from "./doc-writer.ts";
import { braced, endOfFile, importPath, semicolon } from "./layout.ts";

/** The layout of a Copper file that has no mistake in how it is written. */
export function copperDoc(writer: DocWriter): Doc {
  const { peek, isAt, token, trailing, leading, drop } = writer;

  function file(): Doc {
    const parts: Doc[] = [];
    let previous: "import" | "policy" | "separator" | undefined;
    while (peek().kind !== "end") {
      const kind = peek().kind === "separator" ? "separator" : isAt("import", "name") ? "import" : "policy";
      if (previous !== undefined) parts.push(hardline, isApart(previous, kind) ? hardline : empty);
      parts.push(
        leading(),
        kind === "separator" ? token({ spelling: "---" }) : kind === "import" ? importLine() : policy(),
      );
      parts.push(trailing());
      previous = kind;
    }
    parts.push(endOfFile(writer, { isEmpty: previous === undefined }));
    return row(...parts);
  }

  function isApart(previous: string, kind: string): boolean {
    if (previous === "policy" && kind === "policy") return true;
    if (previous === "import" && kind === "policy") return true;
    if (writer.hasComments() || (previous === "import" && kind === "import")) return writer.isAfterBlank();
    return previous === "policy" && kind === "import";
  }

  function importLine(): Doc {
    return row(token(), text(" "), importPath(writer));
  }

  function policy(): Doc {
    const name = row(token(), text(" "), token(), text(" "));
    const open = token();
    const clauses: Doc[] = [];
    while (!isAt(")")) {
      clauses.push(trailing(), hardline, leading(), clause());
      if (isAt(",")) drop();
    }
    clauses.push(trailing(), writer.dangling({ isFirst: clauses.length === 0 }));
    const header = clauses.some(({ breaks }) => breaks) ? row(indent(...clauses), hardline) : empty;
    return row(name, open, header, token(), text(" "), token(), block());
  }

  function clause(): Doc {
    const isContext = isAt("context", "name");
    const keyword = row(token(), text(" "));
    const open = token();
    let inside: Doc = empty;
    if (isContext) {
      let count = 0;
      for (let depth = 0; depth > 0 || peek(count).kind !== "symbol" || peek(count).value !== ")"; count++) {
        if (peek(count).kind !== "symbol") continue;
        if (peek(count).value === "(") depth++;
        else if (peek(count).value === ")") depth--;
      }
      if (count > 0) inside = writer.verbatim(count);
    } else inside = words();
    return row(keyword, group(open, inside, token()));
  }

  /** Of a clause, in groups between commas. */
  function words(): Doc {
    if (isAt(")")) return empty;
    const parts: Doc[] = [trailing(), softline, leading()];
    for (let isFirst = true; !isAt(")"); ) {
      if (isAt(",")) {
        parts.push(token({ breaks: true }), trailing(), line, leading());
        isFirst = true;
        continue;
      }
      const isSigned = isAt("-") && peek(1).kind === "number";
      parts.push(isFirst ? empty : text(" "), isSigned ? row(token(), token()) : token());
      isFirst = false;
    }
    return row(indent(...parts, trailing(), writer.dangling()), softline);
  }

  /** After its `{`, up to and with its `}`. */
  function block(): Doc {
    return braced(writer, { item: statement, separators: [";"] });
  }

  function statement(): Doc {
    if (isAt("[")) return row(token(), token(), token());
    if (isAt("if", "name")) return ifStatement();
    if (isAt("return", "name")) return row(token(), semicolon(writer));
    if (isAt("let", "name") && peek(1).kind === "name") {
      const head = row(token(), text(" "), token(), text(" "), token());
      return row(head, group(trailing(), indent(line, leading(), expression())), semicolon(writer));
    }
    return row(expression(), semicolon(writer));
  }

  function ifStatement(): Doc {
    const head = row(token(), text(" "), parentheses(), text(" "), body());
    if (!isAt("else", "name")) return head;
    const otherwise = row(text(" "), token(), text(" "));
    return row(head, otherwise, isAt("if", "name") ? ifStatement() : body());
  }

  /** With braces, which it may lack. */
  function body(): Doc {
    if (isAt("{")) return row(token(), block());
    const inside = row(trailing(), hardline, leading(), statement(), trailing(), anchor);
    return row(text("{"), indent(inside), hardline, text("}"));
  }

  function parentheses(): Doc {
    const open = token();
    const inside = row(trailing(), softline, leading(), binary(0, { isIndented: false }), trailing());
    return group(open, indent(inside, writer.dangling()), softline, token());
  }

  function expression(): Doc {
    return binary(0, { isIndented: true });
  }

  /** Operators of one level break together. Between parentheses the operands are indented already. */
  function binary(level: number, { isIndented }: { readonly isIndented: boolean }): Doc {
    const operators = binaryLevels[level];
    if (operators === undefined) return unary();
    const first = binary(level + 1, { isIndented });
    const rest: Doc[] = [];
    while (peek().kind === "symbol" && operators.some((operator) => isAt(operator))) {
      rest.push(text(" "), token({ breaks: true }), trailing(), line, leading());
      rest.push(binary(level + 1, { isIndented: true }));
    }
    if (rest.length === 0) return first;
    return isIndented ? group(first, indent(...rest)) : group(first, ...rest);
  }

  function unary(): Doc {
    if (isAt("!") || isAt("-")) return row(token(), unary());
    const parts = [primary()];
    while (isAt(".")) parts.push(token(), token(), list());
    return row(...parts);
  }

  function primary(): Doc {
    if (isAt("(")) return parentheses();
    const value = token();
    return isAt("(") ? row(value, list()) : value;
  }

  /** Arguments with their parentheses. */
  function list(): Doc {
    const open = token();
    if (isAt(")") && !writer.hasComments()) return row(open, token());
    const isEmpty = isAt(")");
    const parts: Doc[] = [trailing(), isEmpty ? empty : softline];
    for (let isFirst = true; !isAt(")"); isFirst = false) {
      if (isFirst) parts.push(leading(), expression());
      else if (peek(1).kind === "symbol" && peek(1).value === ")") drop();
      else parts.push(token({ breaks: true }), trailing(), line, leading(), expression());
    }
    return group(
      open,
      indent(...parts, trailing(), writer.dangling({ isFirst: isEmpty })),
      softline,
      token(),
    );
  }

  return file();
}
