import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { findEnvoy, startEnvoy } from "../index.ts";
import type { Ask } from "./load.ts";

/** An HTTP filter as Envoy's configuration has it. */
export type Filter = Readonly<Record<string, unknown>>;

/** Something to measure: one filter, or none. */
export interface Row {
  readonly name: string;
  readonly filter?: Filter;
  /** Where requests go on to, over HTTP/2; absent: they are answered by the proxy itself. */
  readonly upstreamPort?: number;
  /** What its requests have beside `requestHeaders`. Default nothing. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** An Envoy with one worker, and a process that makes requests to it. */
export interface SideBySide extends AsyncDisposable {
  readonly pid: number;
  /** Where each row listens. */
  readonly ports: readonly number[];
  /** Make requests through the row of this number, so many at once; settles when all are answered with 200. */
  ask(turn: { readonly row: number; readonly requests: number; readonly inFlight: number }): Promise<void>;
}

const address = "127.0.0.1";

/** All rows in one process, a listener each, so that whatever else the machine does meets all of them. */
export async function sideBySide(rows: readonly Row[]): Promise<SideBySide> {
  const found = await findEnvoy();
  if (found.kind !== "binary")
    throw new Error("this needs Envoy as a binary: set WIRE_ENVOY to the path of one");
  const [adminPort = 0, ...ports] = await freePorts(rows.length + 1);
  const config = {
    admin: { address: { socket_address: { address, port_value: adminPort } } },
    static_resources: {
      listeners: rows.map((row, n) => listener(row, ports[n] ?? 0)),
      clusters: rows.flatMap(cluster),
    },
  };
  const envoy = await startEnvoy({ path: found.path, config, adminAddress: address, adminPort });
  const load = fork(fileURLToPath(new URL("./load.ts", import.meta.url)));
  return {
    pid: envoy.pid,
    ports,
    ask: ({ row, requests, inFlight }) =>
      askLoad(load, {
        address,
        port: ports[row] ?? 0,
        headers: rows[row]?.headers ?? [],
        requests,
        inFlight,
      }),
    async [Symbol.asyncDispose]() {
      load.kill();
      await envoy.stop({ drainMs: 0 });
    },
  };
}

function askLoad(load: ChildProcess, ask: Ask): Promise<void> {
  return new Promise((resolve, reject) => {
    load.once("exit", (code) => reject(new Error(`the load ended with ${code}`)));
    load.once("message", () => {
      load.removeAllListeners("exit");
      resolve();
    });
    load.send(ask);
  });
}

/** What a row with another proxy behind it needs. */
function cluster({ name, upstreamPort }: Row): readonly Readonly<Record<string, unknown>>[] {
  if (upstreamPort === undefined) return [];
  const endpoint = { address: { socket_address: { address, port_value: upstreamPort } } };
  const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return [
    {
      name,
      type: "STATIC",
      load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
      typed_extension_protocol_options: {
        [options]: {
          "@type": `type.googleapis.com/${options}`,
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    },
  ];
}

function listener(row: Row, port: number): Readonly<Record<string, unknown>> {
  return {
    name: row.name,
    address: { socket_address: { address, port_value: port } },
    filter_chains: [{ filters: [{ name: "http", typed_config: connectionManager(row) }] }],
  };
}

function connectionManager({ name, filter, upstreamPort }: Row): Readonly<Record<string, unknown>> {
  const action =
    upstreamPort === undefined ? { direct_response: { status: 200 } } : { route: { cluster: name } };
  return {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    codec_type: "HTTP2",
    route_config: {
      virtual_hosts: [
        {
          name,
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, ...action }],
        },
      ],
    },
    http_filters: [
      ...(filter === undefined ? [] : [filter]),
      {
        name: "router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, address, () => {
            const place = server.address();
            resolve(place !== null && typeof place === "object" ? place.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
