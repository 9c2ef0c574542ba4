import { fromBytes, Headers, Request, utf8 } from "proxy-wasm-as";

export const context = "frontend -> .";
export const side = "egress";

class Params {
  /** Headers that are secrets: names with commas between them. */
  headers: string =
    "authorization, proxy-authorization, x-api-key, api-key, apikey, x-auth-token, x-access-token, x-session-token, x-forwarded-access-token, x-amz-security-token";
  /** Cookies that are: a `*` at either end of a name stands for whatever is there. */
  cookies: string =
    "*session*, *sessid*, sess, *-sess, sid, *-sid, auth*, token, *-token, jwt, *-jwt, remember-me, _oauth2_proxy*, .AspNetCore.*, __Host-*, __Secure-*";
  /** Services that get them all the same, by the names of their routes. */
  allowed: string = "";
  /** What stands in the stead of a secret; with "" there is nothing. */
  mask: string = "";
}
export const params = new Params();

const STAR: i32 = 42;

/** More bytes than servers take, and more cookies than browsers have for one: to look at each of them would take longer than a callback may. */
const BYTES_MAX = 8192;
const COOKIES_MAX = 200;

export function onRequest(request: Request): void {
  const callee = request.callee;
  if (callee !== null && namesIn(params.allowed).includes(callee)) return;
  const headers = request.headers;
  const taken = takeHeaders(headers) + takeCookies(headers);
  if (taken != "") request.tagAccessLog("redacted", taken.substring(1));
}

/** What was taken away, a space before each: the name as it is listed, and the scheme. Nothing that a client says comes into the log. */
function takeHeaders(headers: Headers): string {
  const names = params.headers;
  const mask = utf8.encode(params.mask);
  const pairs = headers.entries();
  let taken = "";
  for (let at = 0; at < names.length; at = endOf(names, at, 44) + 1) {
    const listed = partOf(names, at, 44);
    if (listed == "") continue;
    const wanted = utf8.encode(listed);
    let isTold = false;
    for (let i = 0; i < pairs.length; i++) {
      const name = pairs[i][0];
      // Not `:path` and the like: they are where the request goes.
      if (name.startsWith(":") || !isSpelling(name, wanted)) continue;
      if (!isTold) taken += " " + listed + schemeOf(pairs[i][1]);
      isTold = true;
      if (mask == "") headers.remove(name);
      else headers.set(name, mask);
      // With all of its values, and whatever else is listed.
      for (let j = pairs.length - 1; j >= i; j--) if (pairs[j][0] == name) pairs[j][0] = "";
    }
  }
  return taken;
}

/** Many servers make one name of `x_api_key` and `x-api-key`, and some of whatever is neither a letter nor a digit. */
function isSpelling(name: string, listed: string): bool {
  return name.length == listed.length && standsAt(listed, 0, listed.length, name, 0);
}

/** Whether a part of a name that is listed stands here, in some spelling. */
function standsAt(listed: string, start: i32, end: i32, text: string, at: i32): bool {
  for (let i = start; i < end; i++) if (folded(text.charCodeAt(at + i - start)) != folded(listed.charCodeAt(i))) return false;
  return true;
}

function folded(unit: i32): i32 {
  const letter = unit | 32;
  if (letter >= 97 && letter <= 122) return letter;
  return unit >= 48 && unit <= 57 ? unit : 45;
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
  const secrets = namesIn(params.cookies);
  const mask = utf8.encode(params.mask);
  const values = headers.getAll("cookie");
  let size = 0;
  for (let i = 0; i < values.length; i++) size += values[i].length;
  if (size > BYTES_MAX || cookiesIn(values) > COOKIES_MAX) {
    headers.remove("cookie");
    return " cookies:all";
  }
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const found = secretsIn(values[i], secrets);
    if (found > 0) values[i] = without(values[i], secrets, mask, found);
    count += found;
  }
  if (count == 0) return "";
  headers.remove("cookie");
  for (let i = 0; i < values.length; i++) if (values[i] != "") headers.add("cookie", values[i]);
  return ` cookies:${count}`;
}

/** With those that are empty. */
function cookiesIn(values: string[]): i32 {
  let count = values.length;
  for (let i = 0; i < values.length; i++)
    for (let at = 0; at < values[i].length; at++) if (values[i].charCodeAt(at) == 59) count++;
  return count;
}

// A client may send as many cookies as fit: what looks at each of them makes nothing.

function secretsIn(value: string, secrets: string[]): i32 {
  let count = 0;
  for (let at = 0; at < value.length; at = endOf(value, at, 59) + 1) if (isSecret(value, at, secrets)) count++;
  return count;
}

/** The same without its secrets, or masked. What stays keeps its bytes. */
function without(value: string, secrets: string[], mask: string, count: i32): string {
  const bytes = new Uint8Array(value.length + count * mask.length);
  let size = 0;
  for (let at = 0; at < value.length; ) {
    const end = endOf(value, at, 59);
    const isMasked = isSecret(value, at, secrets);
    let to = end;
    if (isMasked) {
      to = at;
      while (mask != "" && to < end && value.charCodeAt(to) != 61) to++;
    }
    if (size == 0) while (at < to && isSpace(value.charCodeAt(at))) at++;
    if (at < to) {
      if (size > 0) bytes[size++] = 59;
      while (at < to) bytes[size++] = <u8>value.charCodeAt(at++);
      // A cookie without `=` has no value that could be masked: its name is all that there is.
      if (isMasked && to < end) {
        bytes[size++] = 61;
        for (let i = 0; i < mask.length; i++) bytes[size++] = <u8>mask.charCodeAt(i);
      }
    }
    at = end + 1;
  }
  return fromBytes(bytes.subarray(0, size));
}

/** Whether the cookie here has one of these names, in some spelling, or one that fits where there is a `*`. */
function isSecret(value: string, start: i32, secrets: string[]): bool {
  let from = start;
  while (from < value.length && isSpace(value.charCodeAt(from))) from++;
  let to = from;
  while (to < value.length && value.charCodeAt(to) != 59 && value.charCodeAt(to) != 61) to++;
  while (to > from && isSpace(value.charCodeAt(to - 1))) to--;
  if (to == from) return false;
  for (let i = 0; i < secrets.length; i++) if (isNamed(value, from, to, secrets[i])) return true;
  return false;
}

function isNamed(value: string, from: i32, to: i32, listed: string): bool {
  const isEnd = listed.charCodeAt(0) == STAR;
  const isBeginning = listed.length > 1 && listed.charCodeAt(listed.length - 1) == STAR;
  const start = isEnd ? 1 : 0;
  const end = listed.length - (isBeginning ? 1 : 0);
  const last = to - (end - start);
  if (last < from) return false;
  if (!isEnd) return (isBeginning || last == from) && standsAt(listed, start, end, value, from);
  if (!isBeginning) return standsAt(listed, start, end, value, last);
  for (let at = from; at <= last; at++) if (standsAt(listed, start, end, value, at)) return true;
  return false;
}

/** The names of a list, as the bytes that they are in a header. */
function namesIn(list: string): string[] {
  const names: string[] = [];
  for (let at = 0; at < list.length; at = endOf(list, at, 44) + 1) {
    const name = partOf(list, at, 44);
    if (name != "") names.push(utf8.encode(name));
  }
  return names;
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
