import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
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

/** What a service got of a request that went through. */
function seenBy(service: string, { body }: Told): Readonly<Record<string, readonly string[]>> | undefined {
  return visitsOf(JSON.parse(body), service)[0]?.headers;
}

/** The service that decides, at the place that the mesh has for it; it does what the token says. */
async function startAuthoriser(running: RunningMesh) {
  const asked: string[] = [];
  const decide = (request: IncomingMessage, response: ServerResponse): void => {
    const token = request.headers.authorization ?? "";
    asked.push(`${request.method} ${request.url} ${request.headers["x-forwarded-uri"]} ${token}`);
    if (token === "slow") return;
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
