import { fromBytes, Request, utf8 } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** The claim: a member of the token's payload, or, where there is none of that name, a path with points, as in `realm_access.roles`. */
  claim: string = "groups";
  /** What it has to be, or to have in its list: any of these, with commas between them. With "" it only has to be there. */
  values: string = "";
  /** Whether a text is a list of words, as in `scope`. */
  words: bool = false;
}
export const params = new Params();

/** Where Envoy's `jwt_authn` puts the payload of the token that it has verified: its `forward_payload_header`. */
const PAYLOAD = "x-wire-claims";
/** How long it may be: a larger one could take the policy over its budget, and with it the requests of others. */
const LONGEST = 16384;

export function onRequest(request: Request): void {
  const payloads = request.headers.getAll(PAYLOAD);
  // Of two, one is not the one that was verified.
  const payload = payloads.length == 1 && payloads[0].length <= LONGEST ? utf8.decode(decoded(payloads[0])) : null;
  if (payload === null || endOfValue(payload, 0) != payload.length) {
    request.reply(401, "no verified token", [["www-authenticate", "Bearer"]], 16);
    return;
  }
  const at = claimIn(payload);
  if (at >= 0 && (params.values == "" || isWanted(payload, at))) return;
  request.reply(403, "claim missing", [["www-authenticate", 'Bearer error="insufficient_scope"']], 7);
}

/** Where the claim's value begins; -1 when it is missing, or null. */
function claimIn(payload: string): i32 {
  let at = memberOf(payload, skipSpace(payload, 0), params.claim);
  if (at == -1) {
    at = skipSpace(payload, 0);
    for (let from = 0; from <= params.claim.length && at >= 0; ) {
      const point = endOf(params.claim, from, 46);
      at = memberOf(payload, at, params.claim.substring(from, point));
      from = point + 1;
    }
  }
  return at >= 0 && payload.charCodeAt(at) == 110 ? -1 : at;
}

/** A text or a number is one value, of a list each is. */
function isWanted(json: string, at: i32): bool {
  if (json.charCodeAt(at) != 91) return isWantedOne(json, at);
  for (let item = skipSpace(json, at + 1); json.charCodeAt(item) != 93; ) {
    if (isWantedOne(json, item)) return true;
    item = skipSpace(json, endOfValue(json, item));
    if (json.charCodeAt(item) == 44) item = skipSpace(json, item + 1);
  }
  return false;
}

function isWantedOne(json: string, at: i32): bool {
  const first = json.charCodeAt(at);
  // Neither an object nor a list in a list is a value, and null is none.
  if (first == 123 || first == 91 || first == 110) return false;
  const text = first == 34 ? textAt(json, at) : json.substring(at, endOfScalar(json, at));
  if (first != 34 || !params.words) return isListed(text);
  for (let from = 0; from < text.length; from = endOf(text, from, 32) + 1) {
    if (isListed(text.substring(from, endOf(text, from, 32)))) return true;
  }
  return false;
}

function isListed(text: string): bool {
  const list = params.values;
  for (let at = 0; at < list.length; at = endOf(list, at, 44) + 1) {
    let from = at;
    let to = endOf(list, at, 44);
    while (from < to && list.charCodeAt(from) == 32) from++;
    while (to > from && list.charCodeAt(to - 1) == 32) to--;
    if (to > from && to - from == text.length && isAt(list, from, text)) return true;
  }
  return false;
}

function isAt(text: string, start: i32, part: string): bool {
  for (let i = 0; i < part.length; i++) if (text.charCodeAt(start + i) != part.charCodeAt(i)) return false;
  return true;
}

function endOf(text: string, start: i32, mark: i32): i32 {
  let at = start;
  while (at < text.length && text.charCodeAt(at) != mark) at++;
  return at;
}

// JSON, as RFC 8259 has it: places in the text, -1 for what is wrong or not there.

const TWICE = -2;
/** Deeper is no token. */
const DEPTH = 32;

/** Where the value of this name begins in the object here; -1 where there is none, TWICE where nobody says which counts. */
function memberOf(json: string, object: i32, name: string): i32 {
  if (json.charCodeAt(object) != 123) return -1;
  let found = -1;
  for (let at = skipSpace(json, object + 1); json.charCodeAt(at) == 34; ) {
    const value = skipSpace(json, skipSpace(json, endOfText(json, at)) + 1);
    if (textAt(json, at) == name) {
      if (found >= 0) return TWICE;
      found = value;
    }
    at = skipSpace(json, endOfValue(json, value));
    if (json.charCodeAt(at) == 44) at = skipSpace(json, at + 1);
  }
  return found;
}

/** Behind the value that begins here, and white space. */
function endOfValue(json: string, start: i32, depth: i32 = 0): i32 {
  const at = skipSpace(json, start);
  if (at >= json.length || depth > DEPTH) return -1;
  const first = json.charCodeAt(at);
  let end = -1;
  if (first == 123 || first == 91) end = endOfMany(json, at, depth);
  else end = first == 34 ? endOfText(json, at) : endOfScalar(json, at);
  return end < 0 ? -1 : skipSpace(json, end);
}

/** Behind an object or a list. */
function endOfMany(json: string, start: i32, depth: i32): i32 {
  const isObject = json.charCodeAt(start) == 123;
  const close = isObject ? 125 : 93;
  let at = skipSpace(json, start + 1);
  if (at < json.length && json.charCodeAt(at) == close) return at + 1;
  while (at < json.length) {
    if (isObject) {
      if (json.charCodeAt(at) != 34) return -1;
      at = endOfText(json, at);
      if (at >= 0) at = skipSpace(json, at);
      if (at < 0 || at >= json.length || json.charCodeAt(at) != 58) return -1;
      at++;
    }
    at = endOfValue(json, at, depth + 1);
    if (at < 0 || at >= json.length) return -1;
    const mark = json.charCodeAt(at);
    if (mark == close) return at + 1;
    if (mark != 44) return -1;
    at = skipSpace(json, at + 1);
  }
  return -1;
}

/** Behind a text. */
function endOfText(json: string, start: i32): i32 {
  for (let at = start + 1; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit == 34) return at + 1;
    if (unit < 32) return -1;
    if (unit != 92) continue;
    at++;
    if (at >= json.length) return -1;
    if (json.charCodeAt(at) != 117) {
      if (unescaped(json.charCodeAt(at)) == 0) return -1;
      continue;
    }
    for (let i = 1; i <= 4; i++) if (digit(json, at + i) < 0) return -1;
    at += 4;
  }
  return -1;
}

/** What a text that is right stands for. */
function textAt(json: string, start: i32): string {
  const end = endOfText(json, start) - 1;
  const units = new Uint16Array(end - start);
  let size = 0;
  for (let at = start + 1; at < end; at++) {
    let unit = json.charCodeAt(at);
    if (unit == 92) {
      const letter = json.charCodeAt(++at);
      unit = unescaped(letter);
      if (letter == 117) {
        for (let i = 1; i <= 4; i++) unit = (unit << 4) | digit(json, at + i);
        at += 4;
      }
    }
    units[size++] = <u16>unit;
  }
  return String.UTF16.decodeUnsafe(units.dataStart, <usize>size << 1);
}

/** What a letter behind a backslash stands for; 0 for none. */
function unescaped(letter: i32): i32 {
  if (letter == 34 || letter == 92 || letter == 47) return letter;
  if (letter == 98) return 8;
  if (letter == 102) return 12;
  if (letter == 110) return 10;
  if (letter == 114) return 13;
  return letter == 116 ? 9 : 0;
}

function digit(json: string, at: i32): i32 {
  if (at >= json.length) return -1;
  const unit = json.charCodeAt(at);
  if (unit >= 48 && unit <= 57) return unit - 48;
  const letter = unit | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Behind a number, `true`, `false` or `null`. What Envoy has verified is JSON: this only has to find its way. */
function endOfScalar(json: string, start: i32): i32 {
  let at = start;
  for (; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    const isPart = unit == 43 || unit == 45 || unit == 46 || (unit >= 48 && unit <= 57) || (unit >= 97 && unit <= 122) || unit == 69;
    if (!isPart) break;
  }
  return at == start ? -1 : at;
}

function skipSpace(json: string, start: i32): i32 {
  let at = start;
  while (at < json.length) {
    const unit = json.charCodeAt(at);
    if (unit != 32 && unit != 9 && unit != 10 && unit != 13) break;
    at++;
  }
  return at;
}

/** Out of base64url, padded or not; a text that is none, where it is none. */
function decoded(text: string): string {
  let length = text.length;
  while (length > 0 && text.charCodeAt(length - 1) == 61) length--;
  const bytes = new Uint8Array((length * 3) >> 2);
  let size = 0;
  let bits: u32 = 0;
  let kept = 0;
  for (let i = 0; i < length; i++) {
    const value = sixBits(text.charCodeAt(i));
    if (value < 0) return "";
    bits = (bits << 6) | <u32>value;
    kept += 6;
    if (kept < 8) continue;
    kept -= 8;
    bytes[size++] = <u8>(bits >> kept);
  }
  return fromBytes(bytes);
}

function sixBits(unit: i32): i32 {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  if (unit == 45 || unit == 43) return 62;
  return unit == 95 || unit == 47 ? 63 : -1;
}
