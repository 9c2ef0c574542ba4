import { once as event } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";

/** Says what it is told of the VM and of its plugin, and goes only some ticks after it has been replaced. */
const filter = `import { done, environment, log, properties, Request, setTickPeriod } from "proxy-wasm-as";
let left: u32 = 0;
let starts: u32 = 0;
export function onVmStart(configuration: string): void {
  const zone = environment.get("ZONE");
  log.info("vm " + (++starts).toString() + " " + configuration + " in " + (zone === null ? "none" : zone) + " " + (environment.get("NONE") === null ? "none" : "some"));
}
export function onConfigure(configuration: string): void {
  const metadata = properties.node.metadata;
  const id = properties.node.id;
  log.info("takes " + configuration + " at " + (id === null ? "nobody" : id) + " " + (metadata.length == 0 ? "none" : metadata[0].join("=")));
  if (configuration == "old") setTickPeriod(20);
}
export function onRequest(request: Request): void { log.info("a request, done " + done().toString()); }
export function onDone(): bool { log.info("to be done"); left = 2; return false; }
export function onTick(): void {
  if (left == 0) return;
  log.info("left " + left.toString());
  if (--left == 0) log.info("done " + done().toString() + " " + done().toString());
}
`;

const ADDRESS = "127.90.13.1";
const PORT = 10_000;

test("a plugin is told of its VM, and goes when it says so, in an Envoy as in the in-process host", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": filter } });
  expect(problems).toEqual([]);

  const host = createHost(bytes, {
    vmConfiguration: "for all",
    environment: { ZONE: "east" },
    configuration: "old",
    properties: { "xds.node": { id: "one", metadata: { NAME: "proxy" } } },
  });
  const asked = host.request({}).logs.map(({ message }) => message);
  expect(host.configure("new")).toBe(true);
  host.advance(1_000_000_000n);
  const expected = [...host.logs.slice(0, 2).map(({ message }) => message), ...asked];
  const replaced = host.logs.slice(2).map(({ message }) => message);
  expect(expected).toEqual(["vm 1 for all in east none", "takes old at one NAME=proxy", "a request, done 1"]);
  expect(replaced).toEqual([
    "vm 2 for all in east none",
    "takes new at one NAME=proxy",
    "to be done",
    "left 2",
    "left 1",
    "done 0 1",
  ]);

  const found = await findEnvoy({ onProgress: (line) => void process.stderr.write(`${line}\n`) });
  if (found.kind !== "binary") throw new Error("this needs the binary of an Envoy");
  const folder = await mkdtemp(join(tmpdir(), "wire-life-"));
  const listeners = join(folder, "lds.json");
  const offer = async (configuration: string): Promise<void> => {
    await writeFile(`${listeners}.new`, JSON.stringify(listenersWith(bytes, configuration)));
    await rename(`${listeners}.new`, listeners);
  };
  await offer("old");
  let log = "";
  const said = (): readonly string[] =>
    [...log.matchAll(/\bwasm log[^:\n]*: (.*)$/gm)].map(([, line = ""]) => line);
  const until = async (line: string): Promise<void> => {
    for (let waited = 0; waited < 200 && !said().includes(line); waited++) await sleep(25);
  };
  const envoy = await startEnvoy({
    path: found.path,
    config: {
      node: { id: "one", cluster: "all", metadata: { NAME: "proxy" } },
      admin: { address: { socket_address: { address: ADDRESS, port_value: 9901 } } },
      dynamic_resources: {
        lds_config: { path_config_source: { path: listeners }, resource_api_version: "V3" },
      },
    },
    adminAddress: ADDRESS,
    concurrency: 1,
    onLog: (chunk) => {
      log += chunk;
    },
  });
  try {
    const [response] = await event(get({ host: ADDRESS, port: PORT, agent: false }), "response");
    response.resume();
    await until("a request, done 1");
    // An Envoy tries each configuration in a VM of its own first.
    expect(once(said())).toEqual(expected);
    const before = said().length;
    await offer("new");
    await until("done 0 1");
    await sleep(200);
    // What tries the new one says that it is its VM's first. Then the main thread and the worker each say all, in between one another.
    const [tried, ...after] = said().slice(before);
    expect(tried).toBe(expected[0]);
    expect(after.shift()).toBe(replaced[1]);
    expect(once(after)).toEqual(replaced);
    expect(after).toHaveLength(2 * replaced.length);
  } finally {
    await envoy.stop({ drainMs: 0 });
    await rm(folder, { recursive: true });
  }
});

/** Each line where it comes first. */
function once(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)];
}

function listenersWith(bytes: Uint8Array, configuration: string): object {
  const text = (value: string) => ({ "@type": "type.googleapis.com/google.protobuf.StringValue", value });
  const plugin = {
    name: "life",
    configuration: text(configuration),
    vm_config: {
      vm_id: "life",
      runtime: "envoy.wasm.runtime.v8",
      configuration: text("for all"),
      environment_variables: { key_values: { ZONE: "east" } },
      code: { local: { inline_bytes: Buffer.from(bytes).toString("base64") } },
    },
  };
  const http = "envoy.extensions.filters.http";
  const manager = {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "life",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
        },
      ],
    },
    http_filters: [
      { name: "life", typed_config: { "@type": `type.googleapis.com/${http}.wasm.v3.Wasm`, config: plugin } },
      { name: "router", typed_config: { "@type": `type.googleapis.com/${http}.router.v3.Router` } },
    ],
  };
  return {
    resources: [
      {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        name: "in",
        address: { socket_address: { address: ADDRESS, port_value: PORT } },
        filter_chains: [{ filters: [{ name: "manager", typed_config: manager }] }],
        drain_type: "MODIFY_ONLY",
      },
    ],
  };
}
