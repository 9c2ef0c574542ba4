import { helpForMember, helpForName } from "./help-for-names.ts";

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
  [
    /^Expression expected/,
    /^:\s*(?:for|while|do)\b|^(?:break|continue)\s+\w|^\w+;/,
    "AssemblyScript has no labels: leave the inner loop by a variable, or put both in a function and `return`",
  ],
  [
    /^Type argument expected/,
    /^\(+[\w\s,:]*\)\s*=>|^\(?\w+\s*=>/,
    "say to `map` and `reduce` what comes of it, as in `list.map<string>((x) => x + '!')`",
  ],
  [
    /^Expression does not compile to a value at runtime|^Cannot invoke an expression/,
    /^(?:Number|String|Boolean)\(/,
    "a text becomes a number by `i32.parse(text)`, `i64.parse(text)` or `f64.parse(text)`, and a number a text by `n.toString()`",
  ],
  [
    /^Expression does not compile to a value at runtime|^Cannot invoke an expression/,
    /^log\(/,
    "say at which level, as in `log.info(text)`",
  ],
  [
    /^Index signature is missing in type .*Headers'/,
    /^/,
    'write `headers.get("name")`, or `headers.set("name", value)`',
  ],
  [
    /^Type '.* \| null' is not assignable to type/,
    /^/,
    "give it a name and compare that with `null` first, as in `const value = …; if (value !== null) …`; a `!` behind it traps when it is null",
  ],
  [
    /^Conversion from type 'f64' to '[iu]\d+' requires/,
    /^/,
    "write `i32(…)`, `i64(…)` and so on; `parseInt` and `Math` give an `f64`, and `i32.parse(text)` an `i32`",
  ],
  [
    /^Class '.*Array<.*Array<.*String>>' cannot declare a constructor/,
    /^/,
    'headers are a list of pairs, as in `[["name", "value"]]`',
  ],
  [
    /^Type '(?:[iu](?:8|16|32|64|size)|f32|f64|bool)' is not assignable to type '(?:.*\/)?String(?: \| null)?'/,
    /^/,
    "a number becomes a text by `toString()`",
  ],
  [
    /^Type '(?:.*\/)?String(?: \| null)?' is not assignable to type '(?:.*\/)?(?:Http|Grpc)Call'/,
    /^/,
    'a call is an object, as in `{ cluster: "auth", path: "/check" }`',
  ],
  [
    /^Type expected/,
    /^(?:\w?\s*[,)]|.?\s*=>)/,
    "say of what type each parameter is, as in `request: Request`",
  ],
  [/^Expected \d+ arguments/, /^new Date\b/, "the time is `now()`, in nanoseconds since 1970"],
  [/^Not implemented: Interface hidden classes/, /^/, "write a class with these fields"],
  [/^Type '<object>' is not assignable/, /^/, "write a class with these fields, and make one by `new`"],
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
  const known = lacking.find(([said, at]) => said.test(message) && places.some((place) => at.test(place)));
  if (known !== undefined) return known[2];
  const [, member = "", type = ""] =
    /^Property '(\w+)' does not exist on type '(?:.*\/)?([\w.]+)'/.exec(message) ?? [];
  if (member !== "") return helpForMember(type, member);
  const [, name] = /^Cannot find name '(\w+)'/.exec(message) ?? [];
  return name === undefined ? undefined : helpForName(name);
}
