import { nearest } from "./nearest.ts";
import { publicMembers } from "./public-members.ts";

/** What to write where something is asked for that is not there: what has the name elsewhere, what is called almost so, or what there is. */
export function helpForMember(type: string, name: string): string | undefined {
  const elsewhere =
    elsewhereOf[type]?.[name] ?? (isMessage(type) ? elsewhereOf["Message"]?.[name] : undefined);
  if (elsewhere !== undefined) return elsewhere;
  const own = publicMembers().filter(({ of }) => of === type);
  if (own.length === 0) return undefined;
  const names = [...new Set(own.map((member) => member.name))].filter((each) => !hidden.has(each));
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return names.length > LISTED ? undefined : `there are ${names.map((each) => `\`${each}\``).join(", ")}`;
}

/** The same of a name that stands alone. */
export function helpForName(name: string): string | undefined {
  if (Object.hasOwn(globals, name)) return globals[name];
  const exported = publicMembers()
    .filter(({ of }) => of === "")
    .map((member) => member.name);
  if (exported.includes(name)) return `import \`${name}\` from \`proxy-wasm-as\``;
  const near = nearest(name, exported);
  return near === undefined ? undefined : `did you mean \`${near}\`, of \`proxy-wasm-as\`?`;
}

/** More than these are no help. */
const LISTED = 24;

/** For the entry around a filter. */
const hidden: ReadonlySet<string> = new Set(["forget", "before"]);

function isMessage(type: string): boolean {
  return ["Message", "Request", "Response", "Stream"].includes(type);
}

const entries = "`entries()` gives a list of all, to be counted through: `[0]` is a name, `[1]` its value";
const byName = (name: string): string => `it is a header: \`request.headers.get("${name}")\``;
const withText = "`text()` gives the text; there is no `JSON`, so look in it for what you need";

/** Names that other libraries have for what is called otherwise here, by the type that they are asked of. */
export const elsewhereOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Headers: {
    delete: "that is `remove(name)`",
    append: "that is `add(name, value)`",
    forEach: entries,
    keys: entries,
    values: `${entries}; of one name \`getAll(name)\` gives the values`,
    size: "`entries().length` is how many there are, `byteSize` how many bytes",
    length: "`entries().length` is how many there are",
    getSetCookie: 'that is `getAll("set-cookie")`',
  },
  Message: {
    method: byName(":method"),
    path: byName(":path"),
    url: `${byName(":path")}, with the query; \`properties.request.urlPath\` is without`,
    host: byName(":authority"),
    authority: byName(":authority"),
    scheme: byName(":scheme"),
    query: "that is `properties.request.query`",
    cookies: byName("cookie"),
    ip: "that is `request.caller`, or `properties.source.address` with the port",
    json: `of the body, ${withText}`,
    text: "that is `body.text()`, in `onRequestBody` or `onResponseBody`",
    respond: "that is `reply(status, body)`",
    send: "that is `reply(status, body)`",
    end: "that is `reply(status, body)`, or `reset()` to end it without an answer",
    status: "of a response that is `status`; a request is answered by `reply(status)`",
    statusCode: "of a response that is `status`",
    ok: "compare `status`, as in `response.status < 400`",
    refuse: "that is `deny(status)`, or `reply(status, body)`",
    reject: "that is `deny(status)`, or `reply(status, body)`",
    block: "that is `deny(status)`, or `reply(status, body)`",
    abort: "that is `reset()`, or `reply(status, body)` for an answer",
    next: "return `Flow.Continue`, or nothing",
    continue: "return `Flow.Continue`, or nothing; what was paused goes on by `resume()`",
    pause: "return `Flow.Pause`",
    setHeader: "that is `headers.set(name, value)`",
    getHeader: "that is `headers.get(name)`",
    header: "that is `headers.get(name)`",
  },
  Response: { grpcStream: "of a response that is `response.request.grpcStream(call, handlers)`" },
  Connection: {
    address: "that is `caller`, or `properties.source.address` with the port",
    ip: "that is `caller`, or `properties.source.address` with the port",
    remoteAddress: "that is `caller`, or `properties.source.address` with the port",
    body: "that is `data`, or `upstreamData` of what the server sends",
    end: "that is `close()`",
    reset: "that is `close()`",
    reply: "that is `close()`: over TCP there is no answer",
    deny: "that is `close()`: over TCP there is no answer",
  },
  Body: {
    json: withText,
    arrayBuffer: "that is `bytes()`",
    buffer: "that is `bytes()`",
    length: "that is `size`",
    set: "that is `replace(content)`",
    write: "that is `replace(content)`, or `append(content)`",
    toString: "that is `text()`",
  },
  Answer: { ok: "compare `status`, as in `answer.status == 200`", json: `of its body, ${withText}` },
  Flow: {
    Stop: "that is `Flow.Pause`",
    StopIteration: "that is `Flow.Pause`",
    Wait: "that is `Flow.Pause`",
    Next: "that is `Flow.Continue`",
    Deny: "answer by `request.reply(403)`",
  },
  Counter: { inc: "that is `increment()`", add: "that is `increment(by)`" },
  Gauge: { increment: "that is `add(1)`", inc: "that is `add(1)`", decrement: "that is `add(-1)`" },
  Histogram: { observe: "that is `record(value)`", add: "that is `record(value)`" },
  log: { warning: "that is `warn`", fatal: "that is `critical`", log: "that is `info`" },
  Queue: { enqueue: "that is `push(item)`", dequeue: "that is `pop()`", shift: "that is `pop()`" },
  shared: { delete: "data stays; write an empty value", increment: "that is `update(key, change)`" },
  crypto: { randomUUID: "of the host there are `random()` and `randomBytes(size)`" },
  Object: { keys: "an object has the fields of its class, and nothing lists them: use a `Map`" },
};

const noJson = "there is no `JSON`: compare texts, or write the filter in Copper, which has `GetJSONField`";

/** What JavaScript has everywhere, and a filter has otherwise or not. */
const globals: Readonly<Record<string, string>> = {
  JSON: noJson,
  URL: "there is none: take the path apart by `split`, or read `properties.request.urlPath` and `query`",
  URLSearchParams: "there is none: take `properties.request.query` apart by `split`",
  RegExp: "there are no regular expressions: compare by `startsWith`, `includes` and the like",
  TextEncoder: "bytes of a text are `String.UTF8.encode(text)`; for a header it is `utf8.encode(text)`",
  TextDecoder: "text of bytes is `String.UTF8.decode(bytes)`; of a header it is `utf8.decode(value)`",
  Buffer: "bytes are a `Uint8Array`; `toBytes` and `fromBytes` are the way to byte strings and back",
  Promise: "there is no `async`: an answer comes to a function that is given to `fetch`",
  setTimeout: "time comes by `setTickPeriod` and `onTick`",
  setInterval: "time comes by `setTickPeriod` and `onTick`",
  any: "a value has one type: say which",
  unknown: "a value has one type: say which",
  undefined: "what is missing is `null`",
  process: "variables of the environment are read by `environment.get(name)`",
  require: "write `import { … } from`",
};
