import type * as z from "zod/mini";

/** What was read of lines of JSON. */
export interface ReadLines<Line> {
  readonly lines: readonly Line[];
  /** Numbers of those that are none, from 1. The last one may be half there, of a program that was killed. */
  readonly unread: readonly number[];
}

export function readLines<Line>(text: string, schema: z.ZodMiniType<Line>): ReadLines<Line> {
  const lines: Line[] = [];
  const unread: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = schema.safeParse(json(line));
    if (parsed.success) lines.push(parsed.data);
    else unread.push(index + 1);
  }
  return { lines, unread };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
