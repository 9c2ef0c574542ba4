import { credentials } from "@grpc/grpc-js";
import { generate } from "selfsigned";
import { afterEach, expect, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type FakeProxy, fakeProxy } from "./fake-proxy.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Credentials, Peer } from "./transport.ts";
import { createXdsServer, type XdsServer } from "./xds-server.ts";

const { cluster } = typeUrl;

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Identity {
  readonly key: string;
  readonly certificate: string;
}

/** Who signs. */
async function authority(): Promise<Identity> {
  const made = await generate([{ name: "commonName", value: "mesh" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

/** Somebody with a name in the mesh. */
async function signed(by: Identity, spiffeId: string): Promise<Identity> {
  const made = await generate([{ name: "commonName", value: "workload" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: by.key, cert: by.certificate },
    extensions: [
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 6, value: spiffeId },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

const mesh = await authority();
const server = await signed(mesh, "spiffe://mesh/wire");
const rate = await signed(mesh, "spiffe://mesh/ns/shop/sa/rate");

function served(identity: Identity): Credentials {
  return { ...identity, clientAuthorities: mesh.certificate };
}

/** A node is whom its certificate names. */
function refuses({ identities }: Peer, node: string): string | undefined {
  return identities.includes(`spiffe://mesh/ns/shop/sa/${node}`)
    ? undefined
    : `${identities.join() || "nobody"} may not be ${node}`;
}

async function start(identity: Identity = server): Promise<XdsServer> {
  const started = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    credentials: served(identity),
    refuses,
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
  expect(await proxy.ended).toEqual({ code: 7, details: "spiffe://mesh/ns/shop/sa/rate may not be geo" });
});

test("one without a certificate, or with another mesh's, is turned away before it says a word", async () => {
  const to = await start();
  const stranger = await signed(await authority(), "spiffe://mesh/ns/shop/sa/rate");
  for (const identity of [undefined, stranger])
    expect(await connect(to, "rate", identity).ended).toMatchObject({ code: 14 });
  expect(to.status().every(({ connected }) => !connected)).toBe(true);
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
