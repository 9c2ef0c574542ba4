/** What asc says where TypeScript has something that AssemblyScript lacks, by what stands there; and what to write instead. */
const lacking: readonly (readonly [message: RegExp, at: RegExp, help: string])[] = [
  [
    /^Expression expected/,
    /^\?\?/,
    "AssemblyScript has no `??`: compare with `null`, as in `a != null ? a : b`",
  ],
  [
    /^Expression expected/,
    /^\?\./,
    "AssemblyScript has no `?.`: compare with `null` first, as in `if (a != null) a.length`",
  ],
  [/^Expression expected/, /^async\b/, "AssemblyScript has no `async`: an answer comes to a callback"],
  [
    /^Identifier expected/,
    /^(?:const|let|var)\s*[[{]/,
    "AssemblyScript takes nothing apart: give each a name by itself, as in `const headers = request.headers;`",
  ],
  [
    /^Not implemented: Closures/,
    /^/,
    "a function sees its parameters, its own names and those of the file: pass it what it needs, or keep that in a class",
  ],
  [/^Not implemented: Iterators/, /^/, "count instead, as in `for (let i = 0; i < list.length; i++)`"],
  [/^Not implemented: Exceptions/, /^/, "what goes wrong is said by a `Status` or by `null`: ask for these"],
  [/^Not implemented: [Rr]egular expressions/, /^/, "compare texts by `startsWith`, `includes` and the like"],
  [/^Not implemented: [Ss]pread/, /^/, "add one after the other"],
  [/^Not implemented: [Uu]nion types/, /^/, "a type may be one other or `null`, and no more"],
];

/** What to write instead of what asc does not know; undefined where nothing is better than what it says. */
export function helpFor(message: string, text: string, start: number): string | undefined {
  // It may point behind the first character of what it stumbles over.
  const places = [text.slice(start), text.slice(Math.max(0, start - 1))];
  return lacking.find(([said, at]) => said.test(message) && places.some((place) => at.test(place)))?.[2];
}
