/**
 * A text that knows where it may be broken into lines. A `group` stays on one line when it fits, or else all of its own `line`s are
 * broken; what `breaks` never fits.
 */
export interface Doc {
  readonly kind: "text" | "line" | "row" | "indent" | "group" | "suffix" | "anchor";
  readonly text: string;
  readonly parts: readonly Doc[];
  readonly breaks: boolean;
}

/** As it is, even where it holds line breaks. */
export function text(value: string): Doc {
  return { kind: "text", text: value, parts: [], breaks: false };
}

export function row(...parts: readonly Doc[]): Doc {
  return { kind: "row", text: "", parts, breaks: parts.some((part) => part.breaks) };
}

/** Lines that are broken inside begin one step further to the right. */
export function indent(...parts: readonly Doc[]): Doc {
  return { ...row(...parts), kind: "indent" };
}

export function group(...parts: readonly Doc[]): Doc {
  return { ...row(...parts), kind: "group" };
}

/** A comment that goes to the end of the line, whatever follows before that. */
export function suffix(value: string, options: { readonly breaks: boolean }): Doc {
  return { kind: "suffix", text: value, parts: [], breaks: options.breaks };
}

/** Where comments go for which there was no room behind the line before, in a group that is broken. */
export const anchor: Doc = { kind: "anchor", text: "", parts: [], breaks: false };
export const empty: Doc = row();
/** A space, or a line break. */
export const line: Doc = { kind: "line", text: " ", parts: [], breaks: false };
/** Nothing, or a line break. */
export const softline: Doc = { kind: "line", text: "", parts: [], breaks: false };
/** Always a line break. */
export const hardline: Doc = { kind: "line", text: "", parts: [], breaks: true };

/** Columns. */
const step = 2;

interface Piece {
  readonly doc: Doc;
  readonly depth: number;
  readonly isFlat: boolean;
}

/** Lay a document out in lines of at most `width` columns where that can be. */
export function print(doc: Doc, width: number): string {
  const out: string[] = [];
  const stack: Piece[] = [{ doc, depth: 0, isFlat: false }];
  let column = 0;
  /** Of the line that is being written. */
  let lineDepth = 0;
  let suffixes: string[] = [];
  /** Comments for which there was no room at the end of a line. */
  let late: readonly string[] = [];

  const write = (value: string): void => {
    if (value === "") return;
    if (column === 0) {
      out.push(" ".repeat(lineDepth * step));
      column = lineDepth * step;
    }
    out.push(value);
    const newline = value.lastIndexOf("\n");
    column = newline === -1 ? column + value.length : value.length - newline;
  };
  const writeSuffixes = (): void => {
    // A comment behind one that takes the rest of the line would become a part of that.
    const closing = suffixes.findIndex((comment) => comment.startsWith("//"));
    const here = closing === -1 ? suffixes : suffixes.slice(0, closing + 1);
    for (const comment of here) write(column === 0 ? comment : ` ${comment}`);
    late = [...late, ...suffixes.slice(here.length)];
    suffixes = [];
  };
  const breakLine = (depth: number): void => {
    writeSuffixes();
    out.push("\n");
    column = 0;
    lineDepth = depth;
  };
  const writeLate = (depth: number): void => {
    const isAtStart = column === 0;
    const closing = suffixes.findIndex((comment) => comment.startsWith("//"));
    if (!isAtStart && closing >= 0 && closing < suffixes.length - 1) writeSuffixes();
    const before = lineDepth;
    for (const comment of late) {
      if (!isAtStart) breakLine(depth);
      lineDepth = depth;
      write(comment);
      if (isAtStart) breakLine(before);
    }
    late = [];
  };

  for (let piece = stack.pop(); piece !== undefined; piece = stack.pop()) {
    const { doc: node, depth, isFlat } = piece;
    switch (node.kind) {
      case "text":
        write(node.text);
        break;
      case "suffix":
        suffixes.push(node.text);
        break;
      case "anchor":
        if (!isFlat) writeLate(depth);
        break;
      case "line":
        if (isFlat && !node.breaks) write(node.text);
        else breakLine(depth);
        break;
      case "group": {
        const fitsHere = isFlat || (!node.breaks && fits(node, width - column, stack));
        pushParts(stack, node.parts, depth, fitsHere);
        break;
      }
      case "indent":
        pushParts(stack, node.parts, depth + 1, isFlat);
        break;
      case "row":
        pushParts(stack, node.parts, depth, isFlat);
        break;
      default:
        node.kind satisfies never;
    }
  }
  if (suffixes.length > 0) breakLine(0);
  writeLate(0);
  if (column > 0) breakLine(0);
  return out.join("");
}

function pushParts(stack: Piece[], parts: readonly Doc[], depth: number, isFlat: boolean): void {
  for (let index = parts.length - 1; index >= 0; index--)
    stack.push({ doc: parts[index] as Doc, depth, isFlat });
}

/** Whether a group fits, with what follows it up to where a line can be broken. */
function fits(doc: Doc, room: number, after: readonly Piece[]): boolean {
  let left = room;
  let next = after.length - 1;
  const stack: { readonly node: Doc; readonly isFlat: boolean }[] = [{ node: doc, isFlat: true }];
  while (left >= 0) {
    const top = stack.pop();
    if (top === undefined) {
      const piece = after[next--];
      if (piece === undefined) return true;
      stack.push({ node: piece.doc, isFlat: piece.isFlat });
      continue;
    }
    const { node, isFlat } = top;
    if (node.kind === "line") {
      if (!isFlat || node.breaks) return true;
      left -= node.text.length;
    } else if (node.kind === "text") {
      const newline = node.text.indexOf("\n");
      if (newline !== -1) return left >= newline;
      left -= node.text.length;
    } else if (node.kind !== "suffix") {
      const inner = isFlat && (node.kind !== "group" || !node.breaks);
      for (let index = node.parts.length - 1; index >= 0; index--)
        stack.push({ node: node.parts[index] as Doc, isFlat: inner });
    }
  }
  return false;
}
