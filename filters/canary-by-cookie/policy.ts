import { Request, utf8 } from "proxy-wasm-as";

export const context = "frontend -> search";
export const side = "egress";

class Params {
  /** The version that is tried. */
  version: string = "v2";
  /** The cookie by which somebody chooses for himself. */
  cookie: string = "canary";
  /** Its value for those who want the version. */
  always: string = "always";
  /** Its value for those who do not, whatever the percentage. */
  never: string = "never";
  /** How many of the others get the version, from 0 to 100. */
  percent: f64 = 5;
  /** The cookie that tells the others apart: one that stays as long as a user does. */
  user: string = "session";
  /** What is mixed into the hash: with another one, others are chosen. */
  salt: string = "canary";
}
export const params = new Params();

export function onRequest(request: Request): void {
  const cookies = request.headers.getAll("cookie");
  if (cookies.length > 0 && isChosen(cookies)) request.routeToVersion(utf8.encode(params.version));
}

/** How much of all cookies is looked at: more could take the policy over its budget. Whoever sends more is like one who sends none. */
const LONGEST = 8192;

/** Whoever says no is believed, also when he says yes as well. */
function isChosen(headers: string[]): bool {
  const cookie = utf8.encode(params.cookie);
  const always = utf8.encode(params.always);
  const never = utf8.encode(params.never);
  const userCookie = utf8.encode(params.user);
  let wants = false;
  let user: string | null = null;
  let size = 0;
  for (let i = 0; i < headers.length; i++) size += headers[i].length;
  if (size > LONGEST) return false;
  for (let i = 0; i < headers.length; i++) {
    const pairs = headers[i].split(";");
    for (let j = 0; j < pairs.length; j++) {
      const equals = pairs[j].indexOf("=");
      if (equals < 0) continue;
      const name = pairs[j].substring(0, equals).trim();
      const value = pairs[j].substring(equals + 1).trim();
      if (name == cookie && value == never) return false;
      if (name == cookie && value == always) wants = true;
      if (name == userCookie && user === null && value != "") user = value;
    }
  }
  if (wants || user === null) return wants;
  return <f64>(hashOf(utf8.encode(params.salt) + ":" + user) % 1000000) < params.percent * 10000;
}

/** FNV-1a of 64 bits, and the end of Murmur's: alike values are not alike afterwards. The same everywhere, and in each version of this policy. */
function hashOf(byteString: string): u64 {
  let hash: u64 = 0xcbf29ce484222325;
  for (let i = 0; i < byteString.length; i++) {
    hash = (hash ^ <u64>byteString.charCodeAt(i)) * 0x100000001b3;
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}
