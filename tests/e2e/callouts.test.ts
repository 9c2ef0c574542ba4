import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { expect, test } from "vitest";
import { build } from "../../controlplane/pipeline/build.ts";
import { type RunningMesh, startMesh } from "./start-mesh.ts";
import { visitsOf } from "./start-wire.ts";

// Filter code that asks services of its mesh, deployed by Wire as any policy is.

const mesh = `name: asking
identity: address
services:
  frontend: { entry: true }
  search: {}
  ext-authz: {}
  rules: { protocol: grpc }
calls:
  frontend: [search, ext-authz, rules]
`;

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function start(
  policies: Readonly<Record<string, string>>,
  options: Parameters<typeof startMesh>[1] = {},
): Promise<RunningMesh> {
  const { build: made, diagnostics } = await build({
    policies: Object.entries(policies).map(([path, text]) => ({ path, text })),
    mesh: { path: "mesh.yaml", text: mesh },
  });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (made === undefined) throw new Error("the policies do not build");
  return startMesh(made, options);
}

/** A request from outside, as a client makes it. */
async function ask(running: RunningMesh, headers: Readonly<Record<string, string>> = {}): Promise<Told> {
  const target = running.outside("frontend");
  const sent = httpRequest({
    host: target?.address ?? "",
    port: target?.port,
    path: "/",
    headers,
    agent: false,
  });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of answer) body += String(chunk);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body };
}

/** Of the service's proxy. */
async function counterOf({ addresses }: RunningMesh, service: string, name: string): Promise<number> {
  const reply = await fetch(`http://${addresses.proxy(service)}:9901/stats?filter=${name}`);
  return Number(/: (\d+)/.exec(await reply.text())?.[1] ?? Number.NaN);
}

/** What a service got of a request that went through. */
function seenBy(service: string, { body }: Told): Readonly<Record<string, readonly string[]>> | undefined {
  return visitsOf(JSON.parse(body), service)[0]?.headers;
}

/** The service that decides, at the place that the mesh has for it; it does what the token says. */
async function startAuthoriser(running: RunningMesh) {
  const asked: string[] = [];
  const held: ServerResponse[] = [];
  const decide = (request: IncomingMessage, response: ServerResponse): void => {
    const token = request.headers.authorization ?? "";
    asked.push(`${request.method} ${request.url} ${request.headers["x-forwarded-uri"]} ${token}`);
    if (token === "late") held.push(response);
    if (token === "slow" || token === "late") return;
    if (token === "broken") request.socket.destroy();
    else if (token === "fault") response.writeHead(500).end();
    else if (token === "nobody")
      response.writeHead(401, { "www-authenticate": "Bearer" }).end("who are you?\n");
    else response.writeHead(200, { "x-auth-user": token }).end();
  };
  const server = createServer(decide);
  const [place] = running.addresses.instances("ext-authz");
  server.listen(place?.port, place?.address);
  await once(server, "listening");
  return {
    asked,
    /** Denials of those that are late. */
    release(): void {
      for (const response of held.splice(0)) response.writeHead(403).end();
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const authorise = readFileSync("filters/ext-authz/policy.ts", "utf8");

test("ext-authz asks a service of the mesh: it allows, denies, is late, broken and down", async () => {
  await using running = await start(
    {
      "ext-authz/policy.ts": authorise,
      // A question is not a call of the service's: what closes the authoriser to services does not close it to policies.
      "closed.cup": `policy closed ( act (Request request) context ('frontend -> ext-authz') ) { [Ingress] Deny(request); }`,
    },
    { without: ["ext-authz"] },
  );
  const authoriser = await startAuthoriser(running);
  const allowed = await ask(running, { authorization: "ann", "x-auth-user": "root" });
  expect(allowed.status).toBe(200);
  expect(seenBy("frontend", allowed)?.["x-auth-user"]).toEqual(["ann"]);
  expect(visitsOf(JSON.parse(allowed.body), "ext-authz")[0]?.status).toBe(403);
  expect(authoriser.asked).toEqual(["GET /check / ann"]);

  expect(await ask(running, { authorization: "nobody" })).toMatchObject({
    status: 401,
    headers: { "www-authenticate": "Bearer" },
    body: "who are you?\n",
  });
  for (const token of ["slow", "broken", "fault"])
    expect(await ask(running, { authorization: token }), token).toMatchObject({ status: 503 });
  await authoriser.stop();
  expect(await ask(running, { authorization: "ann" })).toMatchObject({
    status: 503,
    body: "authorisation is not available\n",
  });
  const again = await startAuthoriser(running);
  expect((await ask(running, { authorization: "ann" })).status).toBe(200);
  await again.stop();
});

test("an audited ext-authz asks, lets everybody through, and counts whom it would not have", async () => {
  const audited = `${authorise}\nexport const mode = "audit";\n`;
  await using running = await start({ "ext-authz/policy.ts": audited }, { without: ["ext-authz"] });
  const authoriser = await startAuthoriser(running);
  for (const token of ["ann", "nobody", "fault"]) {
    const answer = await ask(running, { authorization: token, "x-auth-user": "root" });
    expect(answer.status, token).toBe(200);
    expect(seenBy("frontend", answer)?.["x-auth-user"], token).toEqual(["root"]);
  }
  await authoriser.stop();
  expect((await ask(running, { authorization: "ann" })).status).toBe(200);
  // All four had a header taken away, or an answer.
  const counted = (): Promise<number> => counterOf(running, "frontend", "wire.audit.ext-authz");
  expect(await counted()).toBe(4);
  // Answers that come when the request is over, a denial and none, are counted as well.
  const again = await startAuthoriser(running);
  for (const [index, token] of ["late", "slow"].entries()) {
    expect((await ask(running, { authorization: token })).status).toBe(200);
    again.release();
    await expect.poll(counted, { timeout: 5000 }).toBe(5 + index);
  }
  await again.stop();
});

const byRules = `import { Flow, GrpcAnswer, GrpcCall, Request, Status } from "proxy-wasm-as";
export const context = "frontend -> search";
export const side = "egress";
export function onRequest(request: Request): Flow {
  const call = new GrpcCall();
  call.cluster = "rules";
  call.service = "rules.Rules";
  call.method = "Check";
  call.timeoutMs = 500;
  const agent = request.headers.get("user-agent");
  call.message = Uint8Array.wrap(String.UTF8.encode(agent === null ? "" : agent));
  if (request.grpc(call, checked) != Status.Ok) request.deny(503, "not asked");
  return Flow.Pause;
}
function checked(request: Request, answer: GrpcAnswer): void {
  const message = answer.message;
  if (message !== null) {
    request.headers.set("x-canary", String.UTF8.decode(message.buffer));
    request.resume();
  } else if (answer.status == 7) request.deny(403, answer.statusMessage);
  else request.deny(503, answer.status.toString());
}
`;

const grpc = { ":status": 200, "content-type": "application/grpc" };

test("filter code asks a service of the mesh over gRPC, at egress: answers, refusals, silence, and nobody there", async () => {
  await using running = await start({ "by-rules.ts": byRules }, { without: ["rules"] });
  const [place] = running.addresses.instances("rules");
  // No library of gRPC: its server would keep the time of a call itself.
  const rules = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  const stop = (): void => {
    for (const session of sessions) session.destroy();
    rules.close();
  };
  await using stack = new AsyncDisposableStack();
  stack.defer(stop);
  rules.on("session", (session) => sessions.add(session));
  rules.on("stream", async (stream, { ":path": path }) => {
    // Who asked has given up.
    stream.on("error", () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const agent = Buffer.concat(chunks).subarray(5).toString();
    if (agent === "slow") return;
    if (agent === "bad" || path !== "/rules.Rules/Check") {
      stream.respond({ ...grpc, "grpc-status": "7", "grpc-message": "not you" }, { endStream: true });
      return;
    }
    const answer = Buffer.from(`seen ${agent}`);
    stream.respond(grpc, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, answer.length]), answer]));
  });
  rules.listen(place?.port, place?.address);
  await once(rules, "listening");
  const called = async (agent: string): Promise<unknown> => {
    const answer = await ask(running, { "user-agent": agent });
    const [search] = visitsOf(JSON.parse(answer.body), "search");
    return search?.status === 200 ? search.headers?.["x-canary"] : [search?.status, search?.body];
  };
  expect(await called("good")).toEqual(["seen good"]);
  expect(await called("bad")).toEqual([403, expect.stringMatching(/^not you/)]);
  expect(await called("slow")).toEqual([503, "14"]);
  stop();
  expect(await called("good")).toEqual([503, "14"]);
});

/** Four callbacks hand work to a timer: by a queue, and by an answer that no request waits for. */
const gatherer = `import { Answer, Counter, fetch, Flow, log, Queue, Request, shared } from "proxy-wasm-as";
export const context = "frontend -> search";
export const side = "ingress";
export const tickPeriod = 50;
const ticks = new Counter("gatherer.ticks");
export function onRequest(request: Request): void {
  const queue = Queue.register("agents");
  const agent = request.headers.get("user-agent");
  if (queue !== null && agent !== null) queue.push(agent);
  const level = shared.get("level");
  if (level !== null) request.headers.set("x-level", level.value);
}
export function onTick(): void {
  ticks.increment();
  const queue = Queue.register("agents");
  if (queue === null) return;
  for (let agent = queue.pop(); agent !== null; agent = queue.pop()) log.info("agent " + agent);
  fetch({ cluster: "ext-authz", path: "/level", timeoutMs: 500 }, answered);
}
function answered(answer: Answer): void {
  const level = answer.headers.get("x-level");
  if (answer.status == 200 && level !== null) shared.set("level", level);
}
`;

test("a timer takes what requests put into a queue, and asks a service for what they need", async () => {
  let log = "";
  await using running = await start(
    { "gatherer.ts": gatherer },
    {
      without: ["ext-authz"],
      onLog: (service, chunk) => {
        if (service === "search") log += chunk;
      },
    },
  );
  const [place] = running.addresses.instances("ext-authz");
  let level = "1";
  const levels = createServer((_, response) => response.writeHead(200, { "x-level": level }).end());
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    levels.closeAllConnections();
    levels.close();
  });
  levels.listen(place?.port, place?.address);
  await once(levels, "listening");
  const seen = async (): Promise<unknown> =>
    seenBy("search", await ask(running, { "user-agent": "ann" }))?.["x-level"];
  await expect.poll(seen, { timeout: 10_000 }).toEqual(["1"]);
  level = "2";
  await expect.poll(seen, { timeout: 10_000 }).toEqual(["2"]);
  await ask(running, { "user-agent": "bob" });
  // Each item once, whichever worker's timer takes it.
  await expect.poll(() => log.match(/agent bob/g)?.length, { timeout: 10_000 }).toBe(1);
  const before = await counterOf(running, "search", "gatherer.ticks");
  await expect
    .poll(() => counterOf(running, "search", "gatherer.ticks"), { timeout: 10_000 })
    .toBeGreaterThan(before + 2);
  expect(log.match(/agent bob/g)).toHaveLength(1);
});
