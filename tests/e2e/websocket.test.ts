import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { treeHeader } from "../../envoy/emulator/forwarded-headers.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startWire, type Wire } from "./start-wire.ts";

// What asks for another protocol passes the proxies that policies need, both of a call's, and the policies that it meets.

const mesh = `name: sockets
identity: address
services: { web: { entry: true }, chat: {} }
calls: { web: [chat] }
`;
const policies = {
  "mark.cup": `policy mark ( act (Request r) context ('web') ) { SetHeader(r, 'x-marked', 'yes'); }`,
  "out.cup": `policy out ( act (Request r) context ('web -> chat') ) { [Egress] SetHeader(r, 'x-out', 'yes'); }`,
  "gate.cup": `policy gate ( act (Request r) context ('chat') ) { [Ingress] if (HasHeader(r, 'x-bad')) { Deny(r); } }`,
};

let wire: Wire;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-sockets-"));
  await mkdir(join(folder, "policies"));
  await writeFile(join(folder, "mesh.yaml"), mesh);
  for (const [name, text] of Object.entries(policies)) await writeFile(join(folder, "policies", name), text);
  wire = await startWire({
    mesh: join(folder, "mesh.yaml"),
    from: [],
    policies: join(folder, "policies"),
  });
  await wire.ask();
});
afterAll(async () => {
  await wire?.stop();
  await rm(folder, { recursive: true, force: true });
});

function ask(from: string, to: string, more: Readonly<Record<string, string>> = {}): ClientRequest {
  const { address, port } = wire.target(from, to);
  const headers = {
    ...{ host: to, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
    "sec-websocket-key": Buffer.from("0123456789abcdef").toString("base64"),
    ...more,
  };
  const request = httpRequest({ host: address, port, path: "/", headers, agent: false });
  request.end();
  return request;
}

test.each([
  ["outside", "web", "x-marked"],
  ["web", "chat", "x-out"],
])("a WebSocket passes from %s to %s, with what the policy adds", async (from, to, header) => {
  const [answer, socket] = (await once(ask(from, to), "upgrade")) as [IncomingMessage, Duplex];
  expect(answer.statusCode).toBe(101);
  const tree: CallTree = JSON.parse(Buffer.from(String(answer.headers[treeHeader]), "base64").toString());
  expect(tree).toMatchObject({ service: to, headers: { [header]: ["yes"] } });
  socket.setEncoding("utf8");
  for (const said of ["hello", "and again"]) {
    socket.write(said);
    expect(String((await once(socket, "data"))[0])).toBe(said);
  }
  socket.destroy();
});

test("one that a policy refuses is answered, and not upgraded", async () => {
  const [denied] = (await once(ask("web", "chat", { "x-bad": "1" }), "response")) as [IncomingMessage];
  expect(denied.statusCode).toBe(403);
  denied.resume();
});
