import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { authority, type Identity, signed } from "../../controlplane/server/certificates.test-helper.ts";
import { type FakeProxy, fakeProxy } from "../../controlplane/server/fake-proxy.test-helper.ts";
import { typeUrl } from "../../controlplane/xds/type-url.ts";
import { folderWith, hotel, runWire } from "./run-wire.ts";
import { ports, serving } from "./serving.ts";

const policy =
  "policy a ( act (Request r) context ('frontend -> search') ) { [Ingress] SetHeader(r, 'a', 'b'); }\n";
const [token, other] = ["0123456789abcdef", "fedcba9876543210"] as const;

describe("who may ask the HTTP API", () => {
  test("off loopback it needs a token: a usage error says how to give one", async () => {
    using folder = folderWith({ "a.cup": policy });
    const run = await runWire([
      ...["serve", folder.path, "--mesh", hotel, "--http-host", "0.0.0.0", ...ports, "--json"],
    ]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^error: others reach the HTTP API on `0\.0\.0\.0`.*--http-token-file\n$/);
    expect(JSON.parse(run.stdout)).toEqual({ error: expect.stringContaining("--http-token-file") });
  });

  test("a file without a token, and none at all", async () => {
    using folder = folderWith({ "a.cup": policy, token: "short\n" });
    const args = ["serve", folder.path, "--mesh", hotel, "--http-host", "0.0.0.0", ...ports];
    const bad = await runWire([...args, "--http-token-file", join(folder.path, "token")]);
    expect([bad.code, bad.stderr]).toEqual([3, expect.stringContaining("[token] ")]);
    const none = await runWire([...args, "--http-token-file", join(folder.path, "nothing")]);
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining("no such file")]);
  });

  test("`wire status` shows its token, and both sides can change theirs", async () => {
    using folder = folderWith({ "a.cup": policy, token, other });
    const [file, otherFile] = [join(folder.path, "token"), join(folder.path, "other")];
    await using wire = await serving(folder.path, ["--http-host", "0.0.0.0", "--http-token-file", file]);
    expect(wire.http).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    const { port } = new URL(wire.http);
    const ask = (...args: readonly string[]) => runWire(["status", "--http-port", port, ...args]);
    expect(await ask("--http-token-file", file)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("proxy"),
    });
    expect(await runWire(["status", "--url", `${wire.http}/`, "--http-token-file", file])).toMatchObject({
      code: 0,
    });
    expect(await ask("--http-host", "127.0.0.1")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("wants a token: give its --http-token-file"),
    });
    expect(await ask("--http-token-file", otherFile)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("has another token"),
    });
    writeFileSync(file, other);
    await expect.poll(wire.log, { timeout: 10_000 }).toContain("the token of the HTTP API has changed");
    expect(await ask("--http-token-file", otherFile)).toMatchObject({ code: 0 });
  });

  test("what is no URL is told before anything is asked", async () => {
    const run = await runWire(["status", "--url", "mesh:18001"]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("`mesh:18001` is not a URL")]);
  });
});

describe("who may connect to the xDS server", () => {
  const connect = (xds: string, node: string, as: Identity, trusted: Identity): FakeProxy => {
    const channel = credentials.createSsl(
      ...([trusted.certificate, as.key, as.certificate].map(Buffer.from) as []),
    );
    const proxy = fakeProxy(Number(xds.split(":")[1]), { node, credentials: channel });
    proxy.ask(typeUrl.cluster);
    return proxy;
  };
  const files = { cert: "cert.pem", key: "key.pem", ca: "ca.pem" };
  const options = (folder: string): readonly string[] =>
    Object.entries(files).flatMap(([option, name]) => [`--xds-${option}`, join(folder, name)]);
  const pem = (identity: Identity, by: Identity): Readonly<Record<string, string>> => ({
    [files.cert]: identity.certificate,
    [files.key]: identity.key,
    [files.ca]: by.certificate,
  });

  const halfOf = (certificate: string): string => certificate.slice(0, certificate.length / 2);

  test.each([
    [["--xds-host", "0.0.0.0"], "others reach the xDS server on `0.0.0.0`"],
    [["--xds-cert", "a"], "--xds-cert, --xds-key and --xds-ca go together"],
    [["--xds-plaintext", "--xds-ca", "a"], "do not go together"],
    [["--xds-identity", "spiffe://mesh/{node}"], "is of certificates"],
    [["--xds-identity", "spiffe://mesh/sa/node"], "is not the SPIFFE id of a proxy"],
  ])("%j is a usage error", async (args, message) => {
    const run = await runWire(["serve", "a.cup", "--mesh", hotel, ...ports, ...args]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/^error: /)]);
    expect(run.stderr).toContain(message);
  });

  test("certificates that are none, that do not fit or that are over are told of by their files", async () => {
    const mesh = await authority();
    const [server, stranger] = [
      await signed(mesh, "spiffe://mesh/wire"),
      await signed(mesh, "spiffe://mesh/a"),
    ];
    const old = await signed(mesh, "spiffe://mesh/wire", new Date(1_000_000));
    const nameless = await signed(mesh, "https://mesh.example/wire");
    const good = pem(server, mesh);
    for (const [wrong, message] of [
      [{ [files.cert]: "none" }, /cert\.pem has no certificate in PEM/],
      [{ [files.key]: "none" }, /key\.pem has no private key in PEM/],
      [{ [files.ca]: "" }, /ca\.pem has no certificate in PEM/],
      [
        { [files.key]: stranger.key },
        /the key in \S+key\.pem is not that of the certificate in \S+cert\.pem/,
      ],
      [pem(old, mesh), /the certificate in \S+cert\.pem has expired/],
      [pem(nameless, mesh), /cert\.pem has no SPIFFE id .* give --xds-identity/],
      [
        { [files.cert]: `${server.certificate}\n${halfOf(mesh.certificate)}` },
        /TLS does not take the certificates in \S+cert\.pem: /,
      ],
    ] as const) {
      using folder = folderWith({ "a.cup": policy, ...good, ...wrong });
      const run = await runWire(["serve", folder.path, "--mesh", hotel, ...ports, ...options(folder.path)]);
      expect([run.code, run.stderr]).toEqual([3, expect.stringMatching(/^wire: \[certificate\] /)]);
      expect(run.stderr).toMatch(message);
    }
  });

  test("a proxy is whom its certificate names; other certificates are for new connections, and the old ones go on", async () => {
    const mesh = await authority();
    const search = await signed(mesh, "spiffe://mesh/ns/hotel/sa/search");
    using folder = folderWith({
      "a.cup": policy,
      ...pem(await signed(mesh, "spiffe://mesh/ns/hotel/sa/wire"), mesh),
    });
    await using wire = await serving(folder.path, ["--xds-host", "0.0.0.0", ...options(folder.path)]);
    await expect.poll(wire.log, { timeout: 20_000 }).toContain("starting the proxies: search");
    const before = connect(wire.xds, "search", search, mesh);
    const first = await before.next(typeUrl.cluster);
    before.ack(first);
    const refused = await connect(wire.xds, "geo", search, mesh).ended;
    expect(refused.details).toBe(
      "spiffe://mesh/ns/hotel/sa/search may not be geo: that is spiffe://mesh/ns/hotel/sa/geo",
    );

    // A chain of which not all is written yet.
    const whole = readFileSync(join(folder.path, files.cert), "utf8");
    writeFileSync(join(folder.path, files.cert), `${whole}\n${halfOf(mesh.certificate)}`);
    await expect.poll(wire.log, { timeout: 10_000 }).toContain("TLS does not take the certificates in");

    const next = await authority();
    const newServer = pem(await signed(next, "spiffe://mesh/ns/hotel/sa/wire"), next);
    writeFileSync(join(folder.path, files.cert), newServer[files.cert] ?? "");
    await expect.poll(wire.log, { timeout: 10_000 }).toContain("is not that of the certificate in");
    for (const [name, text] of Object.entries(newServer)) writeFileSync(join(folder.path, name), text);
    await expect.poll(wire.log, { timeout: 10_000 }).toContain("new connections get the certificates");
    const after = connect(wire.xds, "search", await signed(next, "spiffe://mesh/ns/hotel/sa/search"), next);
    expect((await after.next(typeUrl.cluster)).resources.map(({ name }) => name)).toEqual(
      first.resources.map(({ name }) => name),
    );
    expect(await connect(wire.xds, "search", search, mesh).ended).toMatchObject({ code: 14 });
    // The old stream is still answered.
    before.ask(typeUrl.runtime, { resourceNamesSubscribe: ["nothing"] });
    expect((await before.next(typeUrl.runtime)).typeUrl).toBe(typeUrl.runtime);
    for (const proxy of [before, after]) proxy.close();
  });
});

describe("the mesh file", () => {
  const mesh = (endpoints: string): string => `name: shop
services: { web: { entry: true }, api: {} }
calls: { web: [api] }
endpoints: { api: [${endpoints}] }
`;
  const at = (address: string): string => `{ address: ${address}, port: 80 }`;

  test("is followed as far as endpoints go, also where they have changed while nobody looked", async () => {
    // No proxy has anything to do, so that what is in force needs none.
    const idle = "policy a ( act (Request r) context ('api -> web') ) { Count(r, 'n'); }\n";
    using folder = folderWith({ "a.cup": idle });
    using meshes = folderWith({ "mesh.yaml": mesh(at("10.0.0.1")) });
    const file = join(meshes.path, "mesh.yaml");
    const state = join(meshes.path, "state.json");
    const led = async (http: string): Promise<readonly string[]> => {
      const abort = new AbortController();
      const { body } = await fetch(`${http}/addresses`, { signal: abort.signal });
      const first = await body?.getReader().read();
      abort.abort();
      const { value } = JSON.parse(new TextDecoder().decode(first?.value)) as {
        readonly value: Readonly<
          Record<string, Readonly<Record<string, readonly { readonly address: string }[]>>>
        >;
      };
      return value["web"]?.["api"]?.map(({ address }) => address) ?? [];
    };
    {
      await using wire = await serving(folder.path, ["--mesh", file, "--state", state]);
      await expect.poll(() => led(wire.http), { timeout: 10_000 }).toEqual(["10.0.0.1"]);
      writeFileSync(file, mesh(`${at("10.0.0.1")}, ${at("10.0.0.2")}`));
      await expect.poll(() => led(wire.http), { timeout: 10_000 }).toEqual(["10.0.0.1", "10.0.0.2"]);
      writeFileSync(file, mesh(at("10.0.0.9")).replace("api: {}", "api: {}, geo: {}"));
      await expect
        .poll(wire.log, { timeout: 10_000 })
        .toContain("has changed: more of a mesh than endpoints and rates is taken at a start only");
      expect(await led(wire.http)).toEqual(["10.0.0.1", "10.0.0.2"]);
    }
    writeFileSync(file, mesh(at("10.0.0.3")));
    await using wire = await serving(folder.path, ["--mesh", file, "--state", state]);
    await expect.poll(() => led(wire.http), { timeout: 10_000 }).toEqual(["10.0.0.3"]);
  });
});

test("`--log json` is one object a line, and the metrics say the same; at the end proxies are let go of", async () => {
  using folder = folderWith({ "a.cup": policy });
  await using wire = await serving(folder.path, ["--log", "json", "--drain", "0.2"]);
  const entries = (): readonly Record<string, unknown>[] =>
    wire
      .log()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const events = () => entries().map(({ event }) => event);
  await expect.poll(events, { timeout: 20_000 }).toContain("stage_begin");
  const proxy = fakeProxy(Number(wire.xds.split(":")[1]), "search");
  proxy.ask(typeUrl.cluster);
  proxy.nack(await proxy.next(typeUrl.cluster), "no such thing");
  await expect.poll(events, { timeout: 10_000 }).toContain("nack");
  expect(entries().find(({ event }) => event === "nack")).toMatchObject({
    ...{ node: "search", type: typeUrl.cluster, reason: "no such thing" },
  });
  const response = await fetch(`${wire.http}/metrics`);
  expect(response.headers.get("content-type")).toContain("version=0.0.4");
  const metrics = (await response.text()).split("\n");
  expect(metrics).toContain('wire_xds_nacks_total{type="cluster"} 1');
  expect(metrics).toContain("wire_xds_nodes_connected 1");
  expect(metrics).toContain('wire_build_duration_seconds_count{outcome="built"} 1');
  wire.stop();
  expect(await proxy.ended).toMatchObject({ code: 14, details: "this server is going away" });
  await expect.poll(events).toContain("drain");
});

test("`wire status` says of what a proxy refuses which policy and line it is of, and why", async () => {
  using folder = folderWith({ "a.cup": `// A comment.\n${policy}` });
  await using wire = await serving(folder.path);
  const { port } = new URL(wire.http);
  interface Running {
    readonly resources: readonly { readonly type: string; readonly name: string; readonly version: string }[];
  }
  const running = async (): Promise<Running["resources"]> => {
    const response = await fetch(`${wire.http}/nodes/search`);
    return response.ok ? ((await response.json()) as Running).resources : [];
  };
  await expect.poll(running, { timeout: 20_000 }).not.toEqual([]);
  const filters = (await running()).filter(({ type }) => type === typeUrl.extension);
  const proxy = fakeProxy(Number(wire.xds.split(":")[1]), "search");
  proxy.ask(typeUrl.extension, { resourceNamesSubscribe: filters.map(({ name }) => name) });
  // Beside the module there are places without one, for policies that come later.
  let [name, version] = ["", ""];
  for (let left = filters.length; left > 0; left--) {
    const response = await proxy.next(typeUrl.extension);
    const [filter] = response.resources;
    if (Buffer.from(filter?.resource?.value ?? []).includes("filters.http.wasm")) {
      ({ name = "", version = "" } = filter ?? {});
      proxy.nack(response, "Unable to create Wasm plugin a");
    } else proxy.ack(response);
  }
  await expect.poll(wire.log, { timeout: 10_000 }).toContain("[nack]");
  const [place, why] = [`${folder.path}/a.cup:2`, "Unable to create Wasm plugin a"];
  expect(wire.log()).toContain(`proxy "search" refused ${name}, of policy \`a\` (${place}): ${why};`);
  const ask = (...args: readonly string[]) => runWire(["status", "--http-port", port, ...args]);
  expect((await ask()).stdout).toContain(
    `search refuses ${name} (version ${version}), of policy \`a\` (${place}): ${why}\n`,
  );
  const policies = [{ policy: "a", file: join(folder.path, "a.cup"), line: 2 }];
  const refusals = [{ type: typeUrl.extension, name, version, policies, reason: why }];
  expect(JSON.parse((await ask("--json")).stdout).proxies).toEqual([
    expect.objectContaining({ service: "search", refusals }),
  ]);
  proxy.close();
});

test("where OpenTelemetry is to be told, a rollout is a trace with its stages", async () => {
  interface Traced {
    readonly name: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  }
  const spans: Traced[] = [];
  const services = new Set<unknown>();
  const collector = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    for (const { resource, scopeSpans } of body.resourceSpans) {
      for (const { key, value } of resource.attributes)
        if (key === "service.name") services.add(value.stringValue);
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((done) => collector.listen(0, "127.0.0.1", done));
  await using _ = { [Symbol.asyncDispose]: async () => void collector.close() };
  const { port } = collector.address() as AddressInfo;
  // No request is like this, so that no proxy has to come before the rollout is over.
  using folder = folderWith({ "a.cup": policy.replace("frontend -> search", "search -> frontend") });
  await using _wire = await serving(folder.path, [], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  await expect.poll(() => spans.map(({ name }) => name), { timeout: 10_000 }).toContain("rollout");
  const named = (name: string) => spans.find((span) => span.name === name);
  const [rollout, stage] = [named("rollout"), named("stage")];
  expect(rollout?.parentSpanId ?? "").toBe("");
  expect(stage?.parentSpanId).toBe(rollout?.spanId);
  expect(rollout?.attributes).toContainEqual({ key: "wire.outcome", value: { stringValue: "done" } });
  expect([...services]).toEqual(["wire"]);
});

test("a collector that is not there is told of once, and disturbs nothing", async () => {
  const collector = createServer();
  await new Promise<void>((done) => collector.listen(0, "127.0.0.1", done));
  const { port } = collector.address() as AddressInfo;
  await new Promise((done) => collector.close(done));
  using folder = folderWith({ "a.cup": policy.replace("frontend -> search", "search -> frontend") });
  await using wire = await serving(folder.path, [], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  const told = `wire: traces: connect ECONNREFUSED 127.0.0.1:${port}\n`;
  await expect.poll(wire.log, { timeout: 20_000 }).toContain(told);
  expect(wire.log().split("wire: traces: ")).toHaveLength(2);
});
