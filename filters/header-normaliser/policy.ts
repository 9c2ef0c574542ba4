import { fromBytes, Headers, Pairs, Request, toBytes } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** Headers that only those inside may set, by how their names begin, with commas between them. */
  strip: string = "x-internal-, x-auth-request-, x-forwarded-user, x-original-url, x-rewrite-url";
  /** Headers that have one value, without commas: the first counts. */
  single: string = "x-tenant-id, x-user-id, x-real-ip";
  /** Whether one of those that comes with different values is answered 400 instead. */
  refuse: bool = false;
  /** Headers whose values have no regard for the case of letters, and are written in small ones. */
  lowercase: string = "x-tenant-id";
  /** Whether white space around values goes. */
  trim: bool = true;
}
export const params = new Params();

/** The bytes of a value that is written in small letters, or is compared with others. */
const LOWERED_MAX = 1024;
/** Each may have to be held against all others. Envoy's own limit is 100 unless it was raised. */
const HEADERS_MAX = 128;

export function onRequest(request: Request): void {
  const headers = request.headers;
  const pairs = headers.entries();
  if (pairs.length > HEADERS_MAX) {
    request.reply(431, "too many headers", null, 8);
    return;
  }
  for (let i = 0; i < pairs.length; i++) {
    const name = pairs[i][0];
    // Not `:path` and the like: they are where the request goes. What has no name any longer was done with another of its name.
    if (name == "" || name.charCodeAt(0) == 58) continue;
    if (isStripped(name)) headers.remove(name);
    else if (!normalise(headers, pairs, i, name)) {
      request.reply(400, "wrong " + name, null, 3);
      return;
    }
  }
}

/** Some servers take what stands behind a body for more headers: there is nothing that one of these could be a further value of, or be made right. */
export function onRequestTrailers(request: Request): void {
  const trailers = request.trailers;
  const pairs = trailers.entries();
  if (pairs.length > HEADERS_MAX) {
    request.reply(431, "too many trailers", null, 8);
    return;
  }
  for (let i = 0; i < pairs.length; i++) {
    const name = pairs[i][0];
    if (isStripped(name) || isListed(params.single, name, false) || isListed(params.lowercase, name, false)) trailers.remove(name);
  }
}

/** Many servers make one name of `x_tenant_id` and `x-tenant-id`, and some of whatever is neither a letter nor a digit: what looks like one of ours in theirs is not let by. */
function isStripped(name: string): bool {
  if (isListed(params.strip, name, true)) return true;
  return hasMark(name) && (isListed(params.single, name, false) || isListed(params.lowercase, name, false));
}

/** Whether there is anything in a name but letters, digits and hyphens. */
function hasMark(name: string): bool {
  for (let i = 0; i < name.length; i++) if (folded(name.charCodeAt(i)) == 45 && name.charCodeAt(i) != 45) return true;
  return false;
}

/** False when it has to be refused. */
function normalise(headers: Headers, pairs: Pairs, first: i32, name: string): bool {
  const isSingle = isListed(params.single, name, false);
  const isLowered = isListed(params.lowercase, name, false);
  if (isLowered && pairs[first][1].length > LOWERED_MAX) return false;
  const whole = pairs[first][1];
  const value = clean(isSingle ? whole.substring(0, endOfPart(whole, 0)) : whole, isLowered);
  if (isSingle && params.refuse && value != whole && !isOnly(value, whole, isLowered)) return false;
  if (!isSingle && value == pairs[first][1]) return true;
  const values: string[] = [];
  let isChanged = value != pairs[first][1];
  for (let i = nextOf(pairs, name, 0); i < pairs.length; i = nextOf(pairs, name, i + 1)) {
    const given = pairs[i][1];
    if (isSingle && i > first) {
      if (params.refuse && given != pairs[first][1]) {
        if (!isOnly(value, given, isLowered)) return false;
      }
      isChanged = true;
    } else {
      if (isLowered && given.length > LOWERED_MAX) return false;
      values.push(i == first ? value : clean(given, isLowered));
    }
    if (i > first) pairs[i][0] = "";
  }
  if (!isChanged) return true;
  headers.set(name, values[0]);
  for (let i = 1; i < values.length; i++) headers.add(name, values[i]);
  return true;
}

/** Whether a line says this value and no other, once or, with commas between, several times. */
function isOnly(value: string, line: string, isLowered: bool): bool {
  if (line.length > LOWERED_MAX && line.includes(",")) return false;
  for (let at = 0; at <= line.length; ) {
    const end = endOfPart(line, at);
    if (clean(line.substring(at, end), isLowered) != value) return false;
    at = end + 1;
  }
  return true;
}

function endOfPart(line: string, start: i32): i32 {
  const comma = line.indexOf(",", start);
  return comma < 0 ? line.length : comma;
}

function nextOf(pairs: Pairs, name: string, from: i32): i32 {
  let at = from;
  while (at < pairs.length && pairs[at][0] != name) at++;
  return at;
}

function clean(value: string, isLowered: bool): string {
  let from = 0;
  let to = value.length;
  if (params.trim) {
    while (from < to && isSpace(value.charCodeAt(from))) from++;
    while (to > from && isSpace(value.charCodeAt(to - 1))) to--;
  }
  const trimmed = from == 0 && to == value.length ? value : value.substring(from, to);
  return isLowered ? lowered(trimmed) : trimmed;
}

/** The letters of ASCII: what other bytes stand for, nobody says. */
function lowered(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (!isLarge(text.charCodeAt(i))) continue;
    const bytes = toBytes(text);
    for (; i < bytes.length; i++) if (isLarge(bytes[i])) bytes[i] |= 32;
    return fromBytes(bytes);
  }
  return text;
}

function isLarge(unit: i32): bool {
  return unit >= 65 && unit <= 90;
}

/** Whether a list has this name, or one that this begins with, in whatever case it was written; what is neither a letter nor a digit is one and the same. */
function isListed(list: string, name: string, isBeginning: bool): bool {
  for (let at = 0; at < list.length; ) {
    while (at < list.length && isSpace(list.charCodeAt(at))) at++;
    let end = at;
    while (end < list.length && list.charCodeAt(end) != 44) end++;
    let to = end;
    while (to > at && isSpace(list.charCodeAt(to - 1))) to--;
    const size = to - at;
    if (size > 0 && (isBeginning ? size <= name.length : size == name.length)) {
      let same = 0;
      while (same < size && folded(list.charCodeAt(at + same)) == folded(name.charCodeAt(same))) same++;
      if (same == size) return true;
    }
    at = end + 1;
  }
  return false;
}

function folded(unit: i32): i32 {
  const letter = unit | 32;
  if (letter >= 97 && letter <= 122) return letter;
  return unit >= 48 && unit <= 57 ? unit : 45;
}

function isSpace(unit: i32): bool {
  return unit == 32 || unit == 9;
}
