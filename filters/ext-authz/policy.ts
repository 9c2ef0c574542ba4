import { Answer, Flow, Headers, HttpCall, Pairs, Request, Status, utf8 } from "proxy-wasm-as";

export const context = "^frontend";
export const side = "ingress";

class Params {
  /** The cluster of the service that decides. */
  cluster: string = "ext-authz";
  /** The path that it is asked at. */
  path: string = "/check";
  /** For how many milliseconds its answer is waited for: 1 at least, whatever is written. */
  timeout: i32 = 500;
  /** Without an answer let requests through, instead of answering 503. */
  failOpen: bool = false;
  /** The request headers that it gets, with commas between. */
  forward: string = "authorization,cookie,x-request-id";
  /** The headers of its answer that the request gets when it is let through. Those that the client sent are taken away. */
  copy: string = "x-auth-user,x-auth-roles";
  /** The headers of its answer that the client gets when it is denied. */
  denial: string = "content-type,www-authenticate,location,set-cookie";
}
export const params = new Params();

/** How much of a request is handed on to the service: one with more is answered 431, and is nobody's fault but the client's. */
const HEADERS = 100;
const BYTES = 60000;
/** How much of a denial's body the client gets. */
const BODY: u32 = 65536;

export function onRequest(request: Request): Flow {
  const call = new HttpCall();
  call.cluster = utf8.encode(params.cluster);
  call.path = utf8.encode(params.path);
  call.timeoutMs = max(params.timeout, 1);
  const size = describe(request, call.headers) + addAll(request.headers, params.forward, call.headers);
  // What the service says is believed, so that nobody else may say it: not even where nobody is asked.
  takeAway(request.headers);
  if (size > BYTES || call.headers.length > HEADERS) {
    request.reply(431, "too many headers to check\n");
    return Flow.Pause;
  }
  if (request.fetch(call, decide) == Status.Ok) return Flow.Pause;
  if (params.failOpen) return Flow.Continue;
  request.reply(503, "authorisation is not available\n");
  return Flow.Pause;
}

/** Some servers take what stands behind a body for more headers. */
export function onRequestTrailers(request: Request): void {
  takeAway(request.trailers);
}

/** The service has answered, or has not. */
function decide(request: Request, answer: Answer): void {
  const status = answer.status;
  if (status >= 200 && status < 300) {
    const names = params.copy.split(",");
    for (let i = 0; i < names.length; i++) copyAll(answer.headers, request.headers, nameIn(names[i]));
    request.resume();
  } else if (status >= 300 && status < 500) {
    const headers: Pairs = [];
    addAll(answer.headers, params.denial, headers);
    const body = answer.body.bytes(0, BODY);
    request.replyBytes(status, body === null ? new Uint8Array(0) : body, headers);
  } else if (params.failOpen) {
    request.resume();
  } else {
    request.reply(503, "authorisation is not available\n");
  }
}

/** What is asked about, in the headers that proxies have for it. How many bytes they are. */
function describe(request: Request, into: Pairs): i32 {
  const headers = request.headers;
  return (
    add(into, "x-forwarded-method", headers.get(":method")) +
    add(into, "x-forwarded-uri", headers.get(":path")) +
    add(into, "x-forwarded-host", headers.get(":authority")) +
    add(into, "x-forwarded-for", request.caller)
  );
}

/** All values of these headers. */
function addAll(headers: Headers, list: string, into: Pairs): i32 {
  const names = list.split(",");
  let size = 0;
  for (let i = 0; i < names.length; i++) {
    const name = nameIn(names[i]);
    if (name == "") continue;
    const values = headers.getAll(name);
    for (let j = 0; j < values.length; j++) size += add(into, name, values[j]);
  }
  return size;
}

function add(into: Pairs, name: string, value: string | null): i32 {
  if (value === null) return 0;
  into.push([name, value]);
  return name.length + value.length;
}

function copyAll(from: Headers, to: Headers, name: string): void {
  if (name == "") return;
  const values = from.getAll(name);
  for (let i = 0; i < values.length; i++) to.add(name, values[i]);
}

/** What only the service may say, in each spelling that somebody behind could take for it. */
function takeAway(headers: Headers): void {
  const names = params.copy.split(",");
  for (let i = 0; i < names.length; i++) names[i] = nameIn(names[i]);
  const pairs = headers.entries();
  const taken: string[] = [];
  for (let i = 0; i < pairs.length; i++) {
    const name = pairs[i][0];
    if (name.startsWith(":") || taken.includes(name)) continue;
    for (let j = 0; j < names.length; j++) {
      if (!isSpelling(name, names[j])) continue;
      headers.remove(name);
      taken.push(name);
      break;
    }
  }
}

/** Many servers make one name of `x_auth_user` and `x-auth-user`, and some of whatever is neither a letter nor a digit. */
function isSpelling(name: string, listed: string): bool {
  if (name.length != listed.length || name == "") return false;
  for (let i = 0; i < name.length; i++) if (folded(name.charCodeAt(i)) != folded(listed.charCodeAt(i))) return false;
  return true;
}

function folded(unit: i32): i32 {
  const letter = unit | 32;
  if (letter >= 97 && letter <= 122) return letter;
  return unit >= 48 && unit <= 57 ? unit : 45;
}

/** Headers that say where a message goes, and how it and its connection are cut: of another message they would be wrong. */
const FRAMING: StaticArray<string> = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "te",
  "trailer",
  "expect",
];

/** "" for what is no header of a question or an answer, but where it goes and what it is, as `:path` does. */
function nameIn(text: string): string {
  const name = utf8.encode(text.trim());
  for (let i = 0; i < FRAMING.length; i++) if (isSpelling(name, FRAMING[i])) return "";
  return name.startsWith(":") ? "" : name;
}
