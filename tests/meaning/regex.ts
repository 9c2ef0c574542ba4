import { RE2JS } from "re2js";
import { type Bytes, toText } from "./bytes.ts";

const compiled = new Map<string, RE2JS>();

/**
 * Whether all of the text matches a pattern of RE2, by RE2's port to JavaScript. RE2 reads UTF-8 and has nothing that matches a byte which
 * is not part of a character, so a text with such bytes matches nothing as a whole.
 */
export function matches(pattern: string, bytes: Bytes): boolean {
  const text = toText(bytes);
  if (text === undefined) return false;
  const regex = compiled.get(pattern) ?? RE2JS.compile(pattern);
  compiled.set(pattern, regex);
  return regex.matches(text);
}
