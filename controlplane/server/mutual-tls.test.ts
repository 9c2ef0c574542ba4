import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { credentials } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { boundToSpiffeId } from "./bound-to-spiffe-id.ts";
import { authority, type Identity, signed } from "./certificates.test-helper.ts";
import { type FakeProxy, fakeProxy } from "./fake-proxy.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Credentials, HandshakeFailure } from "./transport.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "./xds-server.ts";

const { cluster } = typeUrl;

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const mesh = await authority();
const server = await signed(mesh, "spiffe://mesh/wire");
const rate = await signed(mesh, "spiffe://mesh/ns/shop/sa/rate");

function served(identity: Identity): Credentials {
  return { ...identity, clientAuthorities: mesh.certificate };
}

const refuses = boundToSpiffeId("spiffe://mesh/ns/shop/sa/{node}");

async function start(
  identity: Identity = server,
  options: Partial<XdsServerOptions> = {},
): Promise<XdsServer> {
  const started = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    credentials: served(identity),
    refuses,
    ...options,
  });
  closers.push(() => started.close());
  for (const node of ["rate", "geo"]) started.setSnapshot(node, clusters("1"));
  return started;
}

function clusters(version: string): Snapshot {
  return new Map([[cluster, byName([{ name: "a", typeUrl: cluster, version, bytes: new Uint8Array() }])]]);
}

function connect(to: XdsServer, node: string, as: Identity | undefined, trusted: Identity = mesh): FakeProxy {
  const channel = credentials.createSsl(
    Buffer.from(trusted.certificate),
    as === undefined ? null : Buffer.from(as.key),
    as === undefined ? null : Buffer.from(as.certificate),
  );
  const proxy = fakeProxy(to.port, { node, credentials: channel });
  closers.push(proxy.close);
  proxy.ask(cluster);
  return proxy;
}

test("a client that its certificate names gets its configuration", async () => {
  const proxy = connect(await start(), "rate", rate);
  expect((await proxy.next(cluster)).resources.map(({ name }) => name)).toEqual(["a"]);
});

test("one that says that it is another is refused, and told why", async () => {
  const proxy = connect(await start(), "geo", rate);
  expect(await proxy.ended).toEqual({
    code: 7,
    details: "spiffe://mesh/ns/shop/sa/rate may not be geo: that is spiffe://mesh/ns/shop/sa/geo",
  });
});

test("one without a certificate, or with another mesh's, is turned away before it says a word", async () => {
  const to = await start();
  const stranger = await signed(await authority(), "spiffe://mesh/ns/shop/sa/rate");
  for (const identity of [undefined, stranger])
    expect(await connect(to, "rate", identity).ended).toMatchObject({ code: 14 });
  expect(to.status().every(({ connected }) => !connected)).toBe(true);
});

test("who is turned away before that is told of, and counted", async () => {
  const failures: HandshakeFailure[] = [];
  const to = await start(server, { onHandshakeError: (failure) => failures.push(failure) });
  const stranger = await signed(await authority(), "spiffe://mesh/ns/shop/sa/rate");
  for (const identity of [undefined, stranger]) await connect(to, "rate", identity).ended;
  await expect.poll(() => failures.length).toBeGreaterThanOrEqual(2);
  for (const { address, reason } of failures) {
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(reason).toMatch(/certificate/);
  }
  expect(to.counts().refusals.get("unauthenticated")).toBe(failures.length);
});

test("a session of TLS is not taken up again when the client's certificate has ended", async () => {
  const failures: HandshakeFailure[] = [];
  const to = await start(server, { onHandshakeError: (failure) => failures.push(failure) });
  const endMs = (Math.floor(Date.now() / 1_000) + 2) * 1_000;
  const brief = await signed(mesh, "spiffe://mesh/ns/shop/sa/rate", new Date(endMs));
  const options = {
    ...{ port: to.port, host: "127.0.0.1", ca: mesh.certificate, ALPNProtocols: ["h2"] },
    ...{ key: brief.key, cert: brief.certificate },
  };
  const first = connectTls(options);
  const [ticket]: Buffer[] = await once(first, "session");
  expect(ticket).toBeInstanceOf(Buffer);
  first.destroy();
  const resume = async (): Promise<{ readonly reused: boolean; readonly closed: Promise<unknown> }> => {
    const socket = connectTls({ ...options, ...(ticket === undefined ? {} : { session: ticket }) });
    socket.on("error", () => {});
    socket.resume();
    closers.push(() => void socket.destroy());
    const closed = once(socket, "close");
    await once(socket, "secureConnect");
    return { reused: socket.isSessionReused(), closed };
  };
  expect((await resume()).reused).toBe(true);
  expect(failures).toEqual([]);
  await sleep(Math.max(0, endMs + 1_100 - Date.now()));
  const late = await resume();
  expect(late.reused).toBe(true);
  await late.closed;
  expect(failures).toMatchObject([{ reason: expect.stringContaining("certificate has ended") }]);
});

test("another certificate is for new connections, and the old ones go on", async () => {
  const to = await start();
  const before = connect(to, "rate", rate);
  before.ack(await before.next(cluster));
  const other = await authority();
  to.rotate(served(await signed(other, "spiffe://mesh/wire")));
  const trusting = connect(to, "rate", rate, other);
  await trusting.next(cluster);
  // One that does not know the new authority does not talk to the server.
  expect(await connect(to, "rate", rate).ended).toMatchObject({ code: 14 });
  to.setSnapshot("rate", clusters("2"));
  expect((await before.next(cluster)).resources.map(({ version }) => version)).toEqual(["2"]);
});

test("an id inside another one is not an id, and of two none counts", async () => {
  const to = await start();
  const sly = await signed(mesh, "spiffe://a, URI:spiffe://mesh/ns/shop/sa/rate, DNS:b");
  expect(await connect(to, "rate", sly).ended).toEqual({
    code: 7,
    details:
      "spiffe://a, URI:spiffe://mesh/ns/shop/sa/rate, DNS:b may not be rate: that is spiffe://mesh/ns/shop/sa/rate",
  });
  const [address, wanted] = ["127.0.0.1:1", "spiffe://mesh/ns/shop/sa/rate"];
  expect(refuses({ address, identities: [wanted] }, "rate")).toBeUndefined();
  expect(refuses({ address, identities: [wanted, "spiffe://mesh/a"] }, "rate")).toContain("may not be rate");
  expect(refuses({ address, identities: [] }, "rate")).toContain("nobody may not be rate");
});

test("plain text where others reach it has to be asked for", async () => {
  const listen = { host: "0.0.0.0", port: 0 };
  await expect(createXdsServer({ listen })).rejects.toThrow(
    "[listen] xDS server on 0.0.0.0:0: others reach this address, so it needs `credentials`, or `plaintext: true`",
  );
  const open = await createXdsServer({ listen, plaintext: true });
  closers.push(() => open.close());
  open.setSnapshot("rate", clusters("1"));
  const proxy = fakeProxy(open.port, "rate");
  closers.push(proxy.close);
  proxy.ask(cluster);
  await proxy.next(cluster);
});

test("credentials that are none say so", async () => {
  const bad = createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    credentials: { ...server, certificate: "none" },
  });
  await expect(bad).rejects.toThrow(
    /^\[listen\] xDS server on 127\.0\.0\.1:0: the credentials are not usable: /,
  );
});
