import { Headers, Request, utf8 } from "proxy-wasm-as";

export const context = "frontend -> .";
export const side = "egress";

class Params {
  /** Headers that are secrets: names with commas between them. */
  headers: string = "authorization, proxy-authorization, x-api-key, x-auth-token";
  /** Cookies that are: a name that ends in `*` stands for all that begin so. */
  cookies: string = "session*, sid, auth*, _oauth2_proxy*, __Host-*, __Secure-*";
  /** Services that get them, by the names of their routes. */
  allowed: string = "";
  /** What stands in the stead of a secret; with "" there is nothing. */
  mask: string = "";
}
export const params = new Params();

export function onRequest(request: Request): void {
  const callee = request.callee;
  if (callee !== null && isListed(params.allowed, callee, false)) return;
  const headers = request.headers;
  const taken = takeHeaders(headers) + takeCookies(headers);
  if (taken != "") request.tagAccessLog("redacted", taken.substring(1));
}

/** What was taken away, a space before each: the name as it is listed, and the scheme. Nothing that a client says comes into the log. */
function takeHeaders(headers: Headers): string {
  let taken = "";
  const names = params.headers;
  for (let at = 0; at < names.length; at = endOf(names, at, 44) + 1) {
    const name = partOf(names, at, 44);
    if (name == "") continue;
    const first = headers.get(name);
    if (first === null) continue;
    taken += " " + name + schemeOf(first);
    if (params.mask == "") headers.remove(name);
    else headers.set(name, utf8.encode(params.mask));
  }
  return taken;
}

/** `:bearer` and the like. Any other first word could be the secret itself. */
function schemeOf(value: string): string {
  const word = value.substring(0, endOf(value, 0, 32));
  if (word.length == value.length) return "";
  if (isSame(word, "bearer")) return ":bearer";
  if (isSame(word, "basic")) return ":basic";
  if (isSame(word, "digest")) return ":digest";
  return isSame(word, "negotiate") ? ":negotiate" : "";
}

function takeCookies(headers: Headers): string {
  if (params.cookies == "" || !headers.has("cookie")) return "";
  const values = headers.getAll("cookie");
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    let left = "";
    for (let at = 0; at < value.length; at = endOf(value, at, 59) + 1) {
      const pair = partOf(value, at, 59);
      const name = partOf(pair, 0, 61);
      const isSecret = isListed(params.cookies, name, true);
      if (isSecret) count++;
      if (pair == "" || (isSecret && params.mask == "")) continue;
      if (left != "") left += "; ";
      left += isSecret ? name + "=" + utf8.encode(params.mask) : pair;
    }
    values[i] = left;
  }
  if (count == 0) return "";
  headers.remove("cookie");
  for (let i = 0; i < values.length; i++) if (values[i] != "") headers.add("cookie", values[i]);
  return ` cookies:${count}`;
}

/** Whether a list has this name, as it is written; with `*`, one that begins so. */
function isListed(list: string, name: string, hasStars: bool): bool {
  if (name == "") return false;
  for (let at = 0; at < list.length; at = endOf(list, at, 44) + 1) {
    const listed = utf8.encode(partOf(list, at, 44));
    if (listed == name) return true;
    const last = listed.length - 1;
    if (hasStars && last > 0 && listed.charCodeAt(last) == 42 && name.startsWith(listed.substring(0, last))) return true;
  }
  return false;
}

/** What stands from here up to a mark, without spaces and tabs around it. */
function partOf(text: string, start: i32, mark: i32): string {
  let from = start;
  let to = endOf(text, start, mark);
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.substring(from, to);
}

function endOf(text: string, start: i32, mark: i32): i32 {
  let at = start;
  while (at < text.length && text.charCodeAt(at) != mark) at++;
  return at;
}

function isSpace(unit: i32): bool {
  return unit == 32 || unit == 9;
}

/** Without regard to the case of letters; `lower` has none that are large. */
function isSame(word: string, lower: string): bool {
  if (word.length != lower.length) return false;
  for (let i = 0; i < word.length; i++) if ((word.charCodeAt(i) | 32) != lower.charCodeAt(i)) return false;
  return true;
}
