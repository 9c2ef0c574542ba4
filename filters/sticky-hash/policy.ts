import { log, PerStream, randomBytes, Request, Response, utf8 } from "proxy-wasm-as";

export const context = "frontend -> search";
export const side = "egress";

class Params {
  /** The cookie that holds the key. */
  cookie: string = "wire-sticky";
  /** For how many seconds the browser keeps it; with 0 until it is closed. */
  maxAge: i64 = 0;
  /** For which paths the browser sends it. */
  path: string = "/";
  /** Only over TLS. */
  secure: bool = true;
}
export const params = new Params();

/** What fits in one cookie and in one header of a sensible size. */
const LONGEST = 64;

/** A client that has no key gets these random bits as one. */
class Made {
  high: u64 = 0;
  low: u64 = 0;
}
const made = new PerStream<Made>();

export function onRequest(request: Request): void {
  let key = keyIn(request.headers.getAll("cookie"));
  if (key == "") {
    const bits = randomBytes(16).dataStart;
    const kept = made.of(request);
    kept.high = load<u64>(bits);
    kept.low = load<u64>(bits, 8);
    key = textOf(kept);
  }
  request.setHashKey(key);
}

export function onResponse(response: Response): void {
  if (!made.has(response)) return;
  let cookie = cookieName() + "=" + textOf(made.of(response)) + "; Path=" + cookiePath();
  if (params.maxAge > 0) cookie += `; Max-Age=${params.maxAge}`;
  if (params.secure) cookie += "; Secure";
  response.headers.add("set-cookie", cookie + "; HttpOnly; SameSite=Lax");
}

/** Each worker says once that a parameter cannot be. */
let isNameTold: bool = false;
let isPathTold: bool = false;

/** A browser takes a name that cannot be for another one, or for none, and nobody would come back with the key. */
function cookieName(): string {
  const name = utf8.encode(params.cookie);
  if (isToken(name)) return name;
  if (!isNameTold) log.error(`\`${params.cookie}\` cannot be the name of a cookie: it is \`wire-sticky\``);
  isNameTold = true;
  return "wire-sticky";
}

/** A browser takes what follows a semicolon for something else, and what does not begin with `/` for nothing. */
function cookiePath(): string {
  const path = utf8.encode(params.path);
  let isPath = path.startsWith("/");
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) < 32 || path.charCodeAt(i) == 127 || path.charAt(i) == ";") isPath = false;
  if (isPath) return path;
  if (!isPathTold) log.error(`\`${params.path}\` cannot be the path of a cookie: it is \`/\``);
  isPathTold = true;
  return "/";
}

/** As HTTP has names, and beyond ASCII whatever there is. */
function isToken(name: string): bool {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit <= 32 || unit == 127 || '()<>@,;:\\"/[]?={}'.includes(name.charAt(i))) return false;
  }
  return name != "";
}

/** How much of all cookies is looked at: more could take the policy over its budget. Whoever sends more is like one who sends none. */
const COOKIES = 8192;

/** The first cookie of the name whose value could be a key; "" when there is none. A browser may send several, and a proxy may split them. */
function keyIn(values: string[]): string {
  const start = cookieName() + "=";
  let size = 0;
  for (let i = 0; i < values.length; i++) size += values[i].length;
  if (size > COOKIES) return "";
  for (let i = 0; i < values.length; i++) {
    const cookies = values[i].split(";");
    for (let j = 0; j < cookies.length; j++) {
      const cookie = cookies[j].trim();
      if (!cookie.startsWith(start)) continue;
      const value = cookie.substring(start.length);
      if (isKey(value)) return value;
    }
  }
  return "";
}

/** Letters, digits, `-` and `_`, and not too many of them: what this filter, or another balancer before it, makes. */
function isKey(value: string): bool {
  if (value.length == 0 || value.length > LONGEST) return false;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const letter = unit | 32;
    if (unit != 45 && unit != 95 && (unit < 48 || unit > 57) && (letter < 97 || letter > 122)) return false;
  }
  return true;
}

/** 32 hexadecimal digits. */
function textOf(bits: Made): string {
  return hex(bits.high) + hex(bits.low);
}

function hex(bits: u64): string {
  let text = "";
  for (let shift = 60; shift >= 0; shift -= 4) {
    const digit = <i32>((bits >> shift) & 15);
    text += String.fromCharCode(digit < 10 ? 48 + digit : 87 + digit);
  }
  return text;
}
