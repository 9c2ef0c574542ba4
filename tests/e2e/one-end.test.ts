import { once } from "node:events";
import { connect } from "node:http2";
import { createConnection } from "node:net";
import { expect, test } from "vitest";
import { generate } from "../../controlplane/codegen/generate.ts";
import { checkCopper } from "../../controlplane/language/check.ts";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { FILTER_PORT, type FilterInEnvoy, type FilterRequest, startFilter } from "./one-filter.ts";

// A message has one end, whoever in a chain waits and whoever lets a body go before it has ended: what comes second, a service of HTTP/1 takes for the next request of its connection,
// and a client for the next answer.

const waits = "300";

async function built(code: string): Promise<BuiltPolicy> {
  const { bytes, problems } = await buildFilter({ files: { "filter.ts": code }, runtime: "arena" });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return { bytes, configuration: "" };
}

/** Asks in this callback, and lets go by the answer. */
const asking = (callback: string, more = ""): Promise<BuiltPolicy> => {
  const message = callback.startsWith("onRequest") ? "Request" : "Response";
  return built(`import { Answer, Flow, Request, Response, Status } from "proxy-wasm-as";
export function ${callback}(message: ${message}): Flow {
  const asked = message.fetch({ cluster: "service", headers: [["x-slow", "${waits}"]] }, answered);
  return asked == Status.Ok ? Flow.Pause : Flow.Continue;
}
function answered(message: ${message}, answer: Answer): void { message.resume(); }
${more}`);
};

/** Looks at the first bytes of a body, and has the headers wait until these are there, as \`PWA0106\` says. */
const looking = (message: "Request" | "Response", bytes: number): Promise<BuiltPolicy> =>
  built(`import { Flow, log, Request, Response } from "proxy-wasm-as";
export function on${message}(message: ${message}, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }
export function on${message}Body(message: ${message}, size: u32, last: bool): Flow {
  log.info("saw " + size.toString() + " of " + message.body.size.toString());
  return last || size >= ${bytes} ? Flow.Continue : Flow.Pause;
}
export function on${message}Trailers(message: ${message}): Flow { return Flow.Continue; }`);

/** How many messages have ended, of those that come in chunks. */
const endsIn = (received: readonly string[]): number => received.join("").match(/\r\n0\r\n/g)?.length ?? 0;

const long = "x".repeat(9000);
const more = "y".repeat(3000);
const trailers = { t: "1" };

/** Send a request, which the service gets whole and with one end. */
async function passes(filter: FilterInEnvoy, request: FilterRequest): Promise<void> {
  const before = endsIn(filter.received());
  const answer = await filter.send(request);
  expect(answer.status, JSON.stringify(request).slice(-80)).toBe(200);
  expect.soft(answer.headers["x-got"]).toBe(request.body?.join("").replaceAll(/[^ -~]/g, ""));
  expect.soft(answer.headers["x-got-trailers"]).toBe(request.trailers === undefined ? "" : "t: 1");
  expect.soft(endsIn(filter.received()) - before, "ends").toBe(1);
  expect.soft((await filter.send({})).status).toBe(200);
}

const [DATA, HEADERS, SETTINGS] = [0, 1, 4];
const [END_STREAM, END_HEADERS] = [1, 4];

/** A frame of HTTP/2, of the first stream where it is of one. */
function frame(type: number, flags: number, content: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(type === SETTINGS ? 0 : 1, 5);
  return Buffer.concat([head, content]);
}

/** Headers as HPACK has them that are in no table. */
function literal(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): string => String.fromCharCode(value.length) + value;
  return Buffer.from(
    Object.entries(headers)
      .map(([name, value]) => `\0${text(name)}${text(value)}`)
      .join(""),
    "latin1",
  );
}

/** Send frames of a request at once, and wait for its answer. */
async function sendFrames(address: string, frames: readonly Buffer[]): Promise<void> {
  const socket = createConnection({ host: address, port: FILTER_PORT });
  try {
    const start = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.concat([start, frame(SETTINGS, 0, Buffer.alloc(0)), ...frames]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      if (hasAnswer(received)) return;
    }
  } finally {
    socket.destroy();
  }
}

function hasAnswer(received: Buffer): boolean {
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3))
    if (received[at + 3] === HEADERS) return true;
  return false;
}

/** What a request over HTTP/2 is answered of which all frames come at once. */
async function statusOf(address: string, body: string): Promise<number | undefined> {
  const session = connect(`http://${address}:${FILTER_PORT}`);
  try {
    const request = session.request({ ":method": "POST", ":path": "/p" });
    request.end(body);
    const [headers] = (await once(request, "response")) as [{ readonly ":status"?: number }];
    return headers[":status"];
  } finally {
    session.destroy();
  }
}

const bodies: readonly FilterRequest[] = [
  { body: [long], trailers },
  { body: [long, "yz"], trailers },
  { body: ["ab", "cd"], trailers },
  { body: [long] },
  { body: [long, more] },
];

test("waf behind ext-authz", async () => {
  const front = await buildPolicy("ext-authz", { cluster: "service", forward: "x-slow" });
  const behind = await buildPolicy("waf");
  await using filter = await startFilter({ ...front, behind, address: "127.90.15.1" });
  for (const slow of [waits, "0"])
    for (const body of bodies) await passes(filter, { ...body, headers: { "x-slow": slow } });
  const attack = `${long.slice(0, 8000)} q=1 union select password from users`;
  for (const more of [{}, { trailers }]) {
    const headers = { "x-slow": waits };
    expect((await filter.send({ headers, body: [attack], ...more })).status).toBe(403);
    expect((await filter.send({ headers, body: [attack, long], ...more })).status).toBe(403);
  }
});

test("an upload of more than an Envoy keeps goes through the WAF behind ext-authz", async () => {
  const front = await buildPolicy("ext-authz", { cluster: "service", forward: "x-slow" });
  await using filter = await startFilter({
    ...front,
    behind: await buildPolicy("waf"),
    address: "127.90.15.9",
  });
  for (const ends of [{}, { trailers }]) {
    const before = endsIn(filter.received());
    const sent = { headers: { "x-slow": waits }, body: ["x".repeat(3_000_000)], ...ends };
    // The service says all of it in a header, which is more than one may have.
    expect((await filter.send(sent)).status).toBe(502);
    expect(endsIn(filter.received()) - before).toBe(1);
  }
  expect(filter.received().join("").match(/x/g)?.length).toBeGreaterThan(6_000_000);
});

test("waf behind a waf that looks at more", async () => {
  const front = await buildPolicy("waf", { bodyBytes: 20_000 });
  await using filter = await startFilter({
    ...front,
    behind: await buildPolicy("waf"),
    address: "127.90.15.2",
  });
  for (const body of bodies) await passes(filter, body);
});

test("a policy of Copper that reads bodies, behind ext-authz", async () => {
  const front = await buildPolicy("ext-authz", { cluster: "service", forward: "x-slow" });
  const text = `policy p ( act (Request request) context ('a -> b') ) {
    if (BodyContains(request, "bad", 1000)) Deny(request, 400);
    SetHeader(request, "x-a", GetBodySize(request, 1000).ToString());
  }`;
  const { policies } = checkCopper({ path: "p.cup", text });
  const { bytes = new Uint8Array() } = await assemble({ entry: generate(policies) });
  const behind = { bytes, configuration: "p\tinbound\t*\n" };
  await using filter = await startFilter({ ...front, behind, address: "127.90.15.8" });
  for (const slow of [waits, "0"]) {
    const headers = { "x-slow": slow };
    for (const body of bodies) await passes(filter, { ...body, headers });
    expect((await filter.send({ headers, body: ["ab", "cd"], trailers })).headers["x-seen"]).toBe("4");
    expect((await filter.send({ headers, body: [`bad${long}`], trailers })).status).toBe(400);
  }
});

test("waf behind what waits with the trailers alone", async () => {
  await using filter = await startFilter({
    ...(await asking("onRequestTrailers")),
    behind: await buildPolicy("waf"),
    address: "127.90.15.3",
  });
  for (const body of bodies) await passes(filter, body);
});

test("waf behind what waits with the end of a body", async () => {
  const front = await built(`import { Answer, Flow, Request, PerStream, Status } from "proxy-wasm-as";
class Pieces { count: u32 = 0; }
const pieces = new PerStream<Pieces>();
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  const seen = pieces.of(request);
  seen.count++;
  if (seen.count != 2) return seen.count == 1 ? Flow.Continue : Flow.Pause;
  const asked = request.fetch({ cluster: "service", headers: [["x-slow", "${waits}"]] }, answered);
  return asked == Status.Ok ? Flow.Pause : Flow.Continue;
}
function answered(request: Request, answer: Answer): void { request.resume(); }`);
  await using filter = await startFilter({
    ...front,
    behind: await buildPolicy("waf"),
    address: "127.90.15.4",
  });
  for (const body of [
    { body: [long, "ab"], trailers },
    { body: [long, more], trailers },
    { body: ["ab", long], trailers },
  ])
    await passes(filter, body);
});

test("waf behind what waits with parts of a body, and lets them go with the trailers", async () => {
  const first = `import { Flow, PerStream, Request } from "proxy-wasm-as";
class Pieces { count: u32 = 0; }
const pieces = new PerStream<Pieces>();
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  return pieces.of(request).count++ == 0 || last ? Flow.Continue : Flow.Pause;
}`;
  const whole = `import { Flow, Request } from "proxy-wasm-as";
export function onRequestBody(request: Request, size: u32, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }`;
  const ends = `
export function onRequestTrailers(request: Request): Flow { return Flow.Continue; }`;
  for (const code of [first, first + ends, whole, whole + ends]) {
    await using filter = await startFilter({
      ...(await built(code)),
      behind: await buildPolicy("waf"),
      address: "127.90.15.10",
    });
    // The service's connections are there from the second on.
    for (const body of [[long], ["ab", long], [long, more]]) await passes(filter, { body, trailers });
  }
});

test("with the headers it is known whether some of the body has waited in front", async () => {
  const behind = await built(`import { log, properties, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  log.info((properties.request.totalSize - request.headers.byteSize).toString());
}`);
  const address = "127.90.15.12";
  await using filter = await startFilter({ ...(await asking("onRequest")), behind, address });
  await passes(filter, { body: [long], trailers });
  await using alone = await startFilter({ ...behind, address: "127.90.15.13" });
  for (const each of bodies) await alone.send(each);
  expect(filter.said()).toEqual([String(long.length), "0"]);
  expect(alone.said()).toEqual(bodies.map(() => "0"));
});

test("waf lets nothing go of what waits in front, however soon that comes", async () => {
  const front = await built(`import { Answer, Flow, Request } from "proxy-wasm-as";
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  const text = request.body.text();
  if (text !== null && !text.includes("bad")) return Flow.Continue;
  request.fetch({ cluster: "service", headers: [["x-slow", "${waits}"]] }, answered);
  return Flow.Pause;
}
function answered(request: Request, answer: Answer): void { request.reply(403); }`);
  const address = "127.90.15.11";
  await using filter = await startFilter({ ...front, behind: await buildPolicy("waf"), address });
  // One frame holds 16,384 bytes, so that two pieces come at once.
  for (const end of ["bad", ""])
    expect(await statusOf(address, "x".repeat(20_000) + end)).toBe(end === "" ? 200 : 403);
  expect(filter.received().join("")).not.toContain("bad");
});

test("what only says that it is gRPC, behind ext-authz", async () => {
  const front = await buildPolicy("ext-authz", { cluster: "service", forward: "x-slow" });
  await using filter = await startFilter({
    ...front,
    behind: await buildPolicy("waf"),
    address: "127.90.15.5",
  });
  const headers = { "x-slow": waits, "content-type": "application/grpc" };
  const body = ["\0\0\0\0\u0002ab", "cd"];
  // The service's connections are there from the second on: before that, Envoy keeps one end for it.
  for (let times = 0; times < 3; times++) await passes(filter, { headers, body, trailers });
});

test("a filter that looks at a beginning, behind one that waits", async () => {
  await using filter = await startFilter({
    ...(await asking("onRequest")),
    behind: await looking("Request", 3),
    address: "127.90.15.6",
  });
  for (const body of bodies) await passes(filter, body);
  await passes(filter, { body: ["abcd", "e", "f"], trailers });
});

test("a filter that lets an empty piece go, behind one that waits", async () => {
  const behind = await built(`import { Flow, Request } from "proxy-wasm-as";
export function onRequest(request: Request, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }
export function onRequestBody(request: Request): Flow { return Flow.Continue; }
export function onRequestTrailers(request: Request): Flow { return Flow.Continue; }`);
  const address = "127.90.15.14";
  await using filter = await startFilter({ ...(await asking("onRequest")), behind, address });
  await filter.send({});
  await sendFrames(address, [
    frame(
      HEADERS,
      END_HEADERS,
      literal({ ":method": "POST", ":scheme": "http", ":authority": "a", ":path": "/p" }),
    ),
    frame(DATA, 0, Buffer.alloc(0)),
    frame(HEADERS, END_HEADERS | END_STREAM, literal(trailers)),
  ]);
  expect((await filter.send({})).status).toBe(200);
  expect(endsIn(filter.received())).toBe(1);
});

test("the same of responses", async () => {
  await using filter = await startFilter({
    ...(await looking("Response", 3)),
    behind: await asking("onResponse"),
    address: "127.90.15.7",
  });
  for (const want of ["trailers", "none"]) {
    const answer = await filter.send({ headers: { "x-want": want } });
    expect(answer).toMatchObject({
      status: 200,
      body: "1234",
      trailers: want === "trailers" ? { t: "1" } : {},
    });
    expect(endsIn([answer.received])).toBe(1);
  }
});
