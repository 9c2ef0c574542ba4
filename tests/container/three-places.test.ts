import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Slot } from "../../controlplane/codegen/module.ts";
import { type Build, build } from "../../controlplane/pipeline/build.ts";
import { createXdsServer, type XdsServer } from "../../controlplane/server/xds-server.ts";
import type { AddressPlan } from "../../controlplane/xds/address-plan.ts";
import { byType, proxyResources, wayOf } from "../../controlplane/xds/snapshot.ts";
import { filterConfig } from "../../envoy/container/filter-config.ts";
import {
  EnvoyContainer,
  findEnvoy,
  type RunningEnvoy,
  type StartedEnvoyContainer,
  startEnvoy,
} from "../../envoy/index.ts";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";

const containers = inject("containers");
const image = "image" in containers ? containers.image : "";
const hostAddress = "host" in containers ? containers.host : "";
const labels = { "wire.run": "run" in containers ? containers.run : "" };
if ("env" in containers) Object.assign(process.env, containers.env);

/** The caller has no proxy, so that both policies are enforced where the request arrives, for whoever calls. */
const mesh = {
  path: "mesh.yaml",
  text: `name: places
identity: address
services:
  frontend: { entry: true, proxy: never }
  search: {}
  rate: {}
calls:
  frontend: [search]
  search: [rate]
`,
};

type Service = "rate" | "search";
type Headers = Readonly<Record<string, string>>;

interface Outcome {
  readonly status: number;
  /** What the application got in `critical`, or the body of an answer that is not the application's. */
  readonly seen: string | undefined;
}

/** What is expected is said once, and is so in each place. */
const table: readonly (readonly [string, Service, Headers, Outcome])[] = [
  ["hot-path marks", "rate", {}, { status: 200, seen: "true" }],
  ["hot-path replaces", "rate", { critical: "no" }, { status: 200, seen: "true" }],
  ["hot-path is alone at rate", "rate", { "user-agent": "scraper" }, { status: 200, seen: "true" }],
  [
    "no-scrapers denies",
    "search",
    { "user-agent": "scraper/1.0" },
    { status: 403, seen: "No scrapers, please." },
  ],
  [
    "no-scrapers reads on",
    "search",
    { "user-agent": "a scraper too" },
    { status: 403, seen: "No scrapers, please." },
  ],
  ["no-scrapers admits others", "search", { "user-agent": "browser" }, { status: 200, seen: undefined }],
  ["no-scrapers admits the nameless", "search", {}, { status: 200, seen: undefined }],
  ["no-scrapers marks nothing", "search", { critical: "no" }, { status: 200, seen: "no" }],
];

/** A place where a service's policy runs. */
interface Place {
  ask(service: Service, headers: Headers): Promise<Outcome>;
}

let made: Build;
beforeAll(async () => {
  const root = join(import.meta.dirname, "../..");
  const policies = await Promise.all(
    ["filters/hot-path/policy.cup", "filters/no-scrapers/policy.ts"].map(async (path) => ({
      path,
      // The third service of the context that this mesh does not have.
      text: (await readFile(join(root, path), "utf8")).replace("[rate, geo]", "rate"),
    })),
  );
  const result = await build({ policies, mesh });
  expect(result.diagnostics).toEqual([]);
  if (result.build === undefined) throw new Error("the policies do not build");
  made = result.build;
});

function slotOf(service: Service): Slot {
  const slots = made.chains.filter((chain) => chain.service === service).flatMap((chain) => chain.slots);
  const [slot] = slots;
  if (slot === undefined || slots.length !== 1) throw new Error(`${service} runs ${slots.length} modules`);
  return slot;
}

/** The application's answer is the headers that it got. */
function outcome(status: number, body: string): Outcome {
  if (status !== 200) return { status, seen: body };
  const { headers }: { readonly headers: readonly (readonly [string, string])[] } = JSON.parse(body);
  const values = headers.filter(([name]) => name === "critical").map(([, value]) => value);
  return { status, seen: values.length === 0 ? undefined : values.join() };
}

function send(host: string, port: number, headers: Headers): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, headers, agent: false }, (response) => {
      text(response).then((body) => resolve(outcome(response.statusCode ?? 0, body)), reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

const services: readonly Service[] = ["rate", "search"];

describe("in the in-process host", () => {
  const hosts = new Map<Service, Host>();
  beforeAll(() => {
    for (const service of services) {
      const { module, configuration } = slotOf(service);
      hosts.set(service, createHost(module.bytes, { configuration }));
    }
  });
  runTable({
    async ask(service, headers) {
      const result = hosts.get(service)?.request({ headers: Object.entries(headers) });
      if (result === undefined) throw new Error(`no host runs the policy of ${service}`);
      const { localReply, requestHeaders } = result;
      if (localReply !== undefined) return { status: localReply.status, seen: localReply.body };
      return outcome(200, JSON.stringify({ headers: requestHeaders }));
    },
  });
});

describe("in an Envoy process", () => {
  const addresses: Readonly<Record<Service, string>> = { rate: "127.90.9.1", search: "127.90.9.2" };
  const running: RunningEnvoy[] = [];
  let folder = "";
  beforeAll(async () => {
    const found = await findEnvoy();
    if (found.kind !== "binary") throw new Error("this test runs an Envoy process");
    folder = await mkdtemp(join(tmpdir(), "wire-places-"));
    for (const service of services) {
      const { module, configuration } = slotOf(service);
      const wasmPath = join(folder, `${service}.wasm`);
      await writeFile(wasmPath, module.bytes);
      const config = JSON.stringify(filterConfig({ wasmPath, configuration }));
      running.push(
        await startEnvoy({
          path: found.path,
          config: JSON.parse(config.replaceAll("0.0.0.0", addresses[service])),
          adminAddress: addresses[service],
        }),
      );
    }
  });
  afterAll(async () => {
    await Promise.all(running.map((envoy) => envoy.stop({ drainMs: 0 })));
    await rm(folder, { recursive: true, force: true });
  });
  runTable({ ask: (service, headers) => send(addresses[service], 10_000, headers) });
});

describe.skipIf("skip" in containers)("in an Envoy container with the filter", () => {
  const started = new Map<Service, StartedEnvoyContainer>();
  beforeAll(async () => {
    for (const service of services) {
      const { module, configuration } = slotOf(service);
      const container = new EnvoyContainer(image, { filter: { wasm: module.bytes, configuration } });
      started.set(service, await container.withLabels(labels).start());
    }
  });
  afterAll(() => Promise.all([...started.values()].map((container) => container.stop())));
  runTable(inContainers(started));
});

describe.skipIf("skip" in containers)("in an Envoy container under the control plane", () => {
  const started = new Map<Service, StartedEnvoyContainer>();
  let application: Server;
  let ads: XdsServer;
  beforeAll(async () => {
    application = createServer((asked, answer) => {
      const headers = Object.entries(asked.headers);
      answer.end(JSON.stringify({ headers }));
    });
    await new Promise<void>((done) => application.listen(0, hostAddress, done));
    const address = application.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    ads = await createXdsServer({ listen: { host: hostAddress, port: 0 }, plaintext: true });
    const addresses = seenFromContainers({ address: hostAddress, port });
    const snapshots = proxyResources({ mesh: made.mesh, addresses, ways: [wayOf(made)] });
    for (const service of services) {
      const snapshot = snapshots.get(service);
      if (snapshot === undefined) throw new Error(`${service} has no proxy`);
      ads.setSnapshot(service, byType(snapshot));
      const controlPlane = { address: hostAddress, port: ads.port, nodeId: service, cluster: service };
      const container = new EnvoyContainer(image, {
        controlPlane: { ...controlPlane, listenerPort },
      });
      started.set(service, await container.withLabels(labels).start());
      expect(await ads.waitForAcks(service, 10_000)).toEqual({ kind: "acked" });
    }
  });
  afterAll(async () => {
    await Promise.all([...started.values()].map((container) => container.stop()));
    await ads?.close();
    await new Promise((done) => application?.close(done));
  });
  runTable(inContainers(started));

  test("it gives stats and logs", async () => {
    const container = started.get("rate");
    const stats = await container?.stats("^http.inbound.downstream_rq_2xx$");
    expect(stats?.get("http.inbound.downstream_rq_2xx")).toBeGreaterThan(0);
    expect(await container?.logText()).toContain("starting main dispatch loop");
  });
});

const listenerPort = 15_100;

/** Each Envoy has an address space of its own, where it listens on all addresses; the application is outside of it. */
function seenFromContainers(application: { readonly address: string; readonly port: number }): AddressPlan {
  return {
    service: () => application,
    instances: () => [application],
    proxy: () => "0.0.0.0",
    listener: () => ({ address: "0.0.0.0", port: listenerPort }),
    sources: () => [],
  };
}

function inContainers(started: ReadonlyMap<Service, StartedEnvoyContainer>): Place {
  return {
    async ask(service, headers) {
      const response = await started.get(service)?.request("/", { headers });
      if (response === undefined) throw new Error(`no container runs the policy of ${service}`);
      return outcome(response.status, response.body);
    },
  };
}

function runTable(place: Place): void {
  test.for(table)("%s", async ([, service, headers, expected]) => {
    expect(await place.ask(service, headers)).toEqual(expected);
  });
}
