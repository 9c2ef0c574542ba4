import { type Bytes, utf8 } from "./bytes.ts";

/** A value of a JSON text with the bytes that it was written in. */
interface Json {
  readonly source: Bytes;
  /** Of a string only, without quotes and escapes. */
  readonly text?: Bytes;
  readonly fields?: readonly (readonly [Bytes, Json])[];
}

/** The field at `path` of a JSON text: a string without its quotes, the rest as written; undefined when it is none (RFC 8259). */
export function jsonField(body: Bytes, path: string): Bytes | undefined {
  const whole = readJson(body);
  if (whole === undefined) return undefined;
  let value: Json = whole;
  for (const name of path.split(".")) {
    // Of two fields with one name the last counts, as in JavaScript and Go.
    const found = value.fields?.findLast(([key]) => key === utf8(name))?.[1];
    if (found === undefined) return undefined;
    value = found;
  }
  return value.text ?? value.source;
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const string = /"(?:[ !#-[\]-\xff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const word = /true|false|null/y;

function readJson(body: Bytes): Json | undefined {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(body)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const skip = (character: string): boolean => {
    take(space);
    if (body[at] !== character) return false;
    at += 1;
    return true;
  };
  const list = <T>(end: string, item: () => T | undefined): readonly T[] | undefined => {
    const items: T[] = [];
    if (skip(end)) return items;
    do {
      const next = item();
      if (next === undefined) return undefined;
      items.push(next);
    } while (skip(","));
    return skip(end) ? items : undefined;
  };
  const field = (): readonly [Bytes, Json] | undefined => {
    take(space);
    const name = take(string);
    if (name === undefined || !skip(":")) return undefined;
    const of = value();
    return of === undefined ? undefined : [unquote(name), of];
  };
  const value = (): Json | undefined => {
    take(space);
    const start = at;
    const source = (): Bytes => body.slice(start, at);
    if (body[at] === "{") {
      at += 1;
      const fields = list("}", field);
      return fields === undefined ? undefined : { fields, source: source() };
    }
    if (body[at] === "[") {
      at += 1;
      const items = list("]", value);
      return items === undefined ? undefined : { source: source() };
    }
    if (body[at] === '"') {
      const text = take(string);
      return text === undefined ? undefined : { text: unquote(text), source: text };
    }
    return take(word) === undefined && !take(number) ? undefined : { source: source() };
  };
  const whole = value();
  take(space);
  return at === body.length ? whole : undefined;
}

function unquote(text: Bytes): Bytes {
  // The escapes are ASCII; all other bytes stand for themselves.
  return text
    .slice(1, -1)
    .replace(/(?:\\u[0-9a-fA-F]{4})+|\\./g, (escaped) =>
      utf8(String(JSON.parse(`"${escaped}"`)).toWellFormed()),
    );
}
