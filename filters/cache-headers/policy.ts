import { Headers, PerStream, Request, Response, utf8 } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /**
   * Rules with `;` between, of which the first that fits counts: `PATH TYPE STATUS = VALUE`. A path or a type ends in `*` for all that begin so,
   * or begins with it for all that end so; a status is a number, or `2xx`; `*` is any. At most 64.
   */
  rules: string =
    "* * 5xx = no-store; /static/* * 200 = public, max-age=31536000, immutable; * image/* 200 = public, max-age=3600; * font/* 200 = public, max-age=86400; * text/html 200 = no-cache";
  /** Replace the `cache-control` that the service has set. */
  replace: bool = false;
  /** What answers get that are for one client: to requests with `authorization`, or with `set-cookie`. With "" they are left as they are. */
  personal: string = "";
  /** Apply the rules to answers to requests with `authorization`, and those that vary with it. */
  authorized: bool = false;
  /** Apply the rules as they are to answers with `set-cookie`, to requests with `cookie`, and to answers that vary with it. */
  cookies: bool = false;
}
export const params = new Params();

/** How many rules there may be: one bit each. */
const RULES = 64;

/** What the answer has to know of its request. */
class Asked {
  /** Which rules fit the path, by bits. */
  rules: u64 = 0;
  isAuthorized: bool = false;
  hasCookies: bool = false;
}
const asked = new PerStream<Asked>();

class Rule {
  path: string = "";
  type: string = "";
  status: string = "";
  value: string = "";
}

export function onRequest(request: Request): void {
  const headers = request.headers;
  const method = headers.get(":method");
  if (method !== null && method != "GET" && method != "HEAD") return;
  const whole = headers.get(":path");
  const wanted = whole === null ? "" : withoutQuery(whole);
  // A path that the service may read as another one could get the headers of something else.
  if (isAmbiguous(wanted)) return;
  const rules = params.rules.split(";");
  let fitting: u64 = 0;
  for (let i = 0; i < min(rules.length, RULES); i++) {
    const rule = read(rules[i]);
    if (rule !== null && fits(wanted, utf8.encode(rule.path))) fitting |= <u64>1 << i;
  }
  const kept = asked.of(request);
  kept.rules = fitting;
  kept.isAuthorized = headers.has("authorization");
  kept.hasCookies = headers.has("cookie");
}

export function onResponse(response: Response): void {
  if (!asked.has(response)) return;
  const kept = asked.of(response);
  const headers = response.headers;
  // `max-age` would count before what a service says by `expires`.
  if (!params.replace && (headers.has("cache-control") || headers.has("expires"))) return;
  const isPersonal =
    (kept.isAuthorized && !params.authorized) || (!params.cookies && headers.has("set-cookie"));
  if (isPersonal) {
    if (params.personal != "") headers.set("cache-control", utf8.encode(params.personal));
    return;
  }
  if (kept.rules == 0) return;
  const status = `${response.status}`;
  const given = headers.get("content-type");
  const type = given === null ? "" : mediaType(given);
  const rules = params.rules.split(";");
  for (let i = 0; i < min(rules.length, RULES); i++) {
    if ((kept.rules & (<u64>1 << i)) == 0) continue;
    const rule = read(rules[i]);
    if (rule === null || !fits(type, rule.type) || !isStatus(status, rule.status)) continue;
    const isForOne = (kept.hasCookies && !params.cookies) || variesByClient(headers);
    headers.set("cache-control", utf8.encode(isForOne ? forOne(rule.value) : rule.value));
    return;
  }
}

/** Whether the answer says that it depends on who asks. */
function variesByClient(headers: Headers): bool {
  const vary = headers.getAll("vary");
  for (let i = 0; i < vary.length; i++) {
    const names = vary[i];
    for (let at = 0; at < names.length; ) {
      const comma = names.indexOf(",", at);
      const end = comma < 0 ? names.length : comma;
      if (isName(names, at, end, "*")) return true;
      if (!params.cookies && isName(names, at, end, "cookie")) return true;
      if (!params.authorized && isName(names, at, end, "authorization")) return true;
      at = end + 1;
    }
  }
  return false;
}

/** Whether this part of a text is a name, in any case and with white space around it. The text may be long, so nothing is made of it. */
function isName(text: string, start: i32, end: i32, name: string): bool {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  if (to - from != name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const unit = text.charCodeAt(from + i);
    if ((unit >= 65 && unit <= 90 ? unit | 32 : unit) != name.charCodeAt(i)) return false;
  }
  return true;
}

function isSpace(unit: i32): bool {
  return unit == 32 || unit == 9;
}

/** The same for the client's own cache: `public`, and whatever else lets a shared one keep what one client got, goes. */
function forOne(value: string): string {
  const parts = value.split(",");
  let text = "private";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i].trim();
    const equals = part.indexOf("=");
    const name = lowered(equals < 0 ? part : part.substring(0, equals));
    // Nobody keeps that.
    if (name == "no-store") return value;
    if (name != "" && name != "public" && name != "private" && name != "s-maxage" && name != "proxy-revalidate") text += ", " + part;
  }
  return text;
}

/** Null for what is no rule, which fits nothing. */
function read(text: string): Rule | null {
  const equals = text.indexOf("=");
  if (equals < 0) return null;
  const words = text.substring(0, equals).trim().split(" ");
  const rule = new Rule();
  rule.value = text.substring(equals + 1).trim();
  if (words.length != 3 || rule.value == "") return null;
  rule.path = words[0];
  rule.type = words[1];
  rule.status = words[2];
  return rule;
}

/** Whether a text is what a pattern with one star at most says. */
function fits(text: string, pattern: string): bool {
  if (pattern == "*") return true;
  if (pattern.endsWith("*")) return text.startsWith(pattern.substring(0, pattern.length - 1));
  if (pattern.startsWith("*")) return text.endsWith(pattern.substring(1));
  return text == pattern;
}

/** `404`, `4xx` or `*`. */
function isStatus(status: string, pattern: string): bool {
  if (pattern == "*" || pattern == status) return true;
  return pattern.length == 3 && pattern.endsWith("xx") && pattern.charAt(0) == status.charAt(0);
}

function withoutQuery(whole: string): string {
  const query = whole.indexOf("?");
  return query < 0 ? whole : whole.substring(0, query);
}

/** Without parameters, in lower case. */
function mediaType(text: string): string {
  const end = text.indexOf(";");
  return lowered((end < 0 ? text : text.substring(0, end)).trim());
}

/** Of one that is longer than any, the beginning. */
function lowered(text: string): string {
  let lower = "";
  for (let i = 0; i < min(text.length, 128); i++) {
    const unit = text.charCodeAt(i);
    lower += String.fromCharCode(unit >= 65 && unit <= 90 ? unit | 32 : unit);
  }
  return lower;
}

/** Parts that lead up, empty parts, backslashes, parameters of parts, and dots, slashes, backslashes or semicolons that are written as %XX. */
function isAmbiguous(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    if (unit == 92 || unit == 59 || (unit == 47 && next == 47) || (unit == 46 && next == 46)) return true;
    if (unit != 37 || i + 2 >= text.length) continue;
    const last = text.charCodeAt(i + 2) | 32;
    // %2e, %2f, and %25, behind which there could be another; then %5c and %3b.
    if (next == 50 && (last == 101 || last == 102 || last == 53)) return true;
    if ((next == 53 && last == 99) || (next == 51 && last == 98)) return true;
  }
  return false;
}
