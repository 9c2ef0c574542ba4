import { createServer as createHttpServer } from "node:http";
import { connect, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Build, build } from "../../controlplane/pipeline/build.ts";
import { createXdsServer } from "../../controlplane/server/xds-server.ts";
import { type AddressPlan, addressPlan } from "../../controlplane/xds/address-plan.ts";
import { byName } from "../../controlplane/xds/resource.ts";
import { byType, inboundListeners, proxyResources, wayOf } from "../../controlplane/xds/snapshot.ts";
import { typeUrl } from "../../controlplane/xds/type-url.ts";
import { bootstrap, findEnvoy, startEnvoy } from "../../envoy/index.ts";

// A listener that is there before the modules of its filters: what is for access control lets nothing through, and everything else nothing out.

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Proxied {
  /** Gives the proxy the modules of the policies for which this holds, and waits until it has them. */
  readonly give: (isThere: (policy: string) => boolean) => Promise<void>;
  /** Where it takes what is for `app`. */
  readonly at: { readonly address: string; readonly port: number };
}

/** The proxy of `app`, which has no module yet. */
async function proxied(policies: string, protocol: "http" | "tcp", server: Server): Promise<Proxied> {
  const text = `name: one\nservices:\n  app: { entry: true, protocol: ${protocol}, port: 8080 }\n`;
  const { build: made } = await build({
    policies: [{ path: "p.cup", text: policies }],
    mesh: { path: "mesh.yaml", text },
  });
  if (made === undefined) throw new Error("the policies do not build");
  const plan = addressPlan(made.mesh);
  const service = plan.service("app");
  await new Promise<void>((done) => server.listen(service.port, service.address, done));
  stack.defer(() => new Promise((done) => server.close(() => done())));
  const ads = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 } });
  stack.defer(() => ads.close());
  const give: Proxied["give"] = async (isThere) => {
    ads.setSnapshot("app", snapshotOf(made, plan, isThere));
    expect(await ads.waitForAcks("app", 15_000)).toEqual({ kind: "acked" });
  };
  ads.setSnapshot(
    "app",
    snapshotOf(made, plan, () => false),
  );
  const found = await findEnvoy();
  if (found.kind !== "binary") throw new Error("this test runs an Envoy process");
  const adminAddress = plan.proxy("app");
  const envoy = await startEnvoy({
    path: found.path,
    adminAddress,
    config: bootstrap({
      ...{ nodeId: "app", cluster: "app", adminAddress, xdsAddress: "127.0.0.1", xdsPort: ads.port },
    }),
  });
  stack.defer(async () => void (await envoy.stop({ drainMs: 0 })));
  await give(() => false);
  const [at] = inboundListeners({ mesh: made.mesh, addresses: plan }, made.chains, "app");
  if (at === undefined) throw new Error("nothing is captured");
  return { give, at };
}

function snapshotOf(made: Build, addresses: AddressPlan, isThere: (policy: string) => boolean) {
  const { mesh, placement, chains } = made;
  const whole = proxyResources({ mesh, addresses, ways: [wayOf({ placement, chains })] }).get("app");
  if (whole === undefined) throw new Error("no proxy is placed");
  const late = chains
    .flatMap(({ slots }) => slots)
    .filter(({ module }) => !module.policies.some(isThere))
    .map(({ place }) => place);
  const extensions = [...whole.extensions.values()].filter(({ name }) => !late.includes(name));
  expect(late.length + extensions.length).toBe(whole.extensions.size);
  return new Map([...byType(whole), [typeUrl.extension, byName(extensions)]]);
}

test("requests are refused until the module that may refuse them is there, and wait for no other", async () => {
  const app = createHttpServer((request, response) => response.end(String(request.headers["x-mark"])));
  const { give, at } = await proxied(
    `policy gate ( act (Request r) context ('app') ) { [Ingress] if (HasHeader(r, 'bad')) { Deny(r, 418); } }
---
policy mark ( act (Request r) context ('app') ) { [Ingress] SetHeader(r, 'x-mark', 'yes'); }
`,
    "http",
    app,
  );
  const ask = async (headers: Record<string, string> = {}): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://${at.address}:${at.port}/`, { headers });
    return [answer.status, await answer.text()];
  };
  expect((await ask())[0]).toBe(403);
  await give((policy) => policy === "gate");
  await expect.poll(() => ask()).toEqual([200, "undefined"]);
  expect((await ask({ bad: "yes" }))[0]).toBe(418);
  await give(() => true);
  await expect.poll(() => ask()).toEqual([200, "yes"]);
});

test("connections are closed until the module that may close them is there", async () => {
  const app = createTcpServer((socket) => socket.on("error", () => {}).pipe(socket));
  const { give, at } = await proxied(
    "policy gate ( act (Connection c) context ('app') ) { [Ingress] if (false) { Deny(c); } }\n",
    "tcp",
    app,
  );
  const echoes = (): Promise<boolean> =>
    new Promise((done) => {
      const socket = connect(at.port, at.address, () => void socket.write("ping"));
      socket.on("data", () => {
        done(true);
        socket.destroy();
      });
      socket.on("error", () => done(false)).on("close", () => done(false));
    });
  expect(await echoes()).toBe(false);
  await give(() => true);
  await expect.poll(echoes).toBe(true);
});
