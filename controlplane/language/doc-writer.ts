import { anchor, type Doc, empty, hardline, row, suffix, text } from "./doc.ts";
import type { Comment, Token } from "./lexer.ts";

/**
 * Hands out tokens as documents, in their order and each once, with the comments between them: so no comment is lost and none overtakes
 * a token of another line.
 */
export interface DocWriter {
  peek(ahead?: number): Token;
  isAt(value: string, kind?: Token["kind"]): boolean;
  /**
   * The token here, in the middle of a line, as it is written or as `spelling`. Comments before it go to the end of the line; with
   * `breaks`, that line ends soon, in the same group.
   */
  token(options?: { readonly breaks?: boolean; readonly spelling?: string }): Doc;
  /** As written, from the token here up to and without the one at `count` tokens from here; what is between them too. */
  verbatim(count: number): Doc;
  /** Leave the token here out. Its comments stay. */
  drop(): void;
  /** Comments that stand behind the last token and end its line. */
  trailing(): Doc;
  /** Comments before the token here, which is the first of its line. */
  leading(): Doc;
  /** Comments before the closing token here, on lines of their own; `isFirst` when they follow what it closes. */
  dangling(options?: { readonly isFirst?: boolean }): Doc;
  /** Whether an empty line stands before the token here and its comments. */
  isAfterBlank(): boolean;
  hasComments(): boolean;
}

/** Write the tokens of `source`, all that the lexer made of it. */
export function createDocWriter(source: string, tokens: readonly Token[]): DocWriter {
  const last = tokens[tokens.length - 1] as Token;
  let index = 0;
  /** Comments before the token here that have not been written. */
  let waiting: Comment[] = [...((tokens[0] ?? last).comments ?? [])];
  /** Where the last token or comment that was written ends. */
  let end = 0;

  const peek = (ahead = 0): Token => tokens[index + ahead] ?? last;
  const linesBetween = (from: number, to: number): number => source.slice(from, to).split("\n").length - 1;
  const advance = (): void => {
    index++;
    for (const comment of peek().comments ?? []) waiting.push(comment);
  };
  const startOf = (ahead: number): number => waiting[ahead]?.span.start ?? peek().span.start;
  /** Whether nothing follows the waiting comment on its line. */
  const endsLine = (ahead: number): boolean => {
    const comment = waiting[ahead];
    if (comment === undefined) return false;
    const isLast = ahead === waiting.length - 1 && peek().kind === "end";
    return isLast || linesBetween(comment.span.end, startOf(ahead + 1)) > 0;
  };
  const written = ({ text: comment }: Comment): string =>
    comment.startsWith("//") ? comment.trimEnd() : comment;
  /** Take the first comments that wait. */
  const take = (count: number): readonly Comment[] => {
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    end = taken.at(-1)?.span.end ?? end;
    return taken;
  };

  return {
    peek,
    isAt: (value, kind = "symbol") => peek().kind === kind && peek().value === value,
    hasComments: () => waiting.length > 0,
    isAfterBlank: () => linesBetween(end, startOf(0)) > 1,
    token({ breaks = false, spelling } = {}) {
      const { span, kind, value } = peek();
      let isLater = false;
      const before = waiting.map((comment, ahead): Doc => {
        isLater ||= comment.text.startsWith("//") || endsLine(ahead);
        if (isLater) return suffix(written(comment), { breaks });
        const isTight = kind === "symbol" && [",", ";", ".", ")", "]", "?", ":"].includes(spelling ?? value);
        return text(isTight ? ` ${written(comment)}` : `${written(comment)} `);
      });
      take(waiting.length);
      end = span.end;
      advance();
      return row(...before, text(spelling ?? source.slice(span.start, span.end)));
    },
    verbatim(count) {
      const from = peek().span.start;
      const before = waiting.map((comment) => suffix(written(comment), { breaks: false }));
      take(waiting.length);
      for (let taken = 0; taken < count; taken++) {
        end = peek().span.end;
        waiting = [];
        advance();
      }
      return row(...before, text(source.slice(from, end)));
    },
    drop() {
      if (waiting.length === 0) end = peek().span.end;
      advance();
    },
    trailing() {
      // Where a file begins with comments there is nothing yet that they could stand behind.
      if (end === 0) return empty;
      let count = 0;
      while (
        count < waiting.length &&
        linesBetween(count === 0 ? end : (waiting[count - 1]?.span.end ?? end), startOf(count)) === 0
      )
        count++;
      if (count === 0 || !endsLine(count - 1)) return empty;
      return row(...take(count).map((comment) => suffix(written(comment), { breaks: true })));
    },
    leading() {
      const parts: Doc[] = [anchor];
      for (const [ahead, comment] of waiting.entries()) {
        const lines = linesBetween(comment.span.end, startOf(ahead + 1));
        parts.push(text(written(comment)));
        if (lines === 0 && !(ahead === waiting.length - 1 && peek().kind === "end")) parts.push(text(" "));
        else parts.push(hardline, lines > 1 ? hardline : empty);
      }
      take(waiting.length);
      return row(...parts);
    },
    dangling({ isFirst = false } = {}) {
      const parts: Doc[] = [anchor];
      for (const [ahead, comment] of waiting.entries()) {
        const lines = linesBetween(
          ahead === 0 ? end : (waiting[ahead - 1]?.span.end ?? end),
          comment.span.start,
        );
        parts.push(
          lines > 1 && !(isFirst && ahead === 0) ? hardline : empty,
          hardline,
          text(written(comment)),
        );
      }
      take(waiting.length);
      return row(...parts);
    },
  };
}
