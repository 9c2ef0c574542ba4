import { type ChildProcess, fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { findEnvoy, startEnvoy } from "../../../envoy/index.ts";
import type { Ask } from "./load.ts";

/** An HTTP filter as Envoy's configuration has it. */
export type Filter = Readonly<Record<string, unknown>>;

/** Something to measure: one filter, or none. */
export interface Row {
  readonly name: string;
  readonly filter?: Filter;
}

export interface MeasureOptions {
  /** In each, all rows have their turn, in another order. */
  readonly rounds: number;
  readonly requestsPerTurn: number;
  /** Requests under way at once. */
  readonly inFlight: number;
  /** Called with the process of Envoy and before the first round, when it is warm. */
  readonly onWarm?: (pid: number) => Promise<void>;
}

const address = "127.0.0.1";

/**
 * What a request costs through each row: CPU of the whole Envoy process, its one worker and the threads of its engine, in microseconds, one
 * figure a round. All rows stand side by side in one process, a listener each, so that whatever else the machine does meets all of them.
 */
export async function measureCpu(
  rows: readonly Row[],
  { rounds, requestsPerTurn, inFlight, onWarm }: MeasureOptions,
): Promise<readonly (readonly number[])[]> {
  const found = await findEnvoy();
  if (found.kind !== "binary")
    throw new Error("this needs Envoy as a binary: set WIRE_ENVOY to the path of one");
  const [adminPort = 0, ...ports] = await freePorts(rows.length + 1);
  const config = {
    admin: { address: { socket_address: { address, port_value: adminPort } } },
    static_resources: { listeners: rows.map((row, n) => listener(row, ports[n] ?? 0)) },
  };
  const envoy = await startEnvoy({ path: found.path, config, adminAddress: address, adminPort });
  const load = fork(fileURLToPath(new URL("./load.ts", import.meta.url)));
  try {
    const ask = (n: number): Promise<void> =>
      askLoad(load, { address, port: ports[n] ?? 0, requests: requestsPerTurn, inFlight });
    // The first turns are those in which connections open and everything is met for the first time.
    for (let turn = 0; turn < 3; turn++) for (const n of rows.keys()) await ask(n);
    await onWarm?.(envoy.pid);
    const figures = rows.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const n of shuffled(rows.length, round)) {
        const before = cpuNanoseconds(envoy.pid);
        await ask(n);
        figures[n]?.push((cpuNanoseconds(envoy.pid) - before) / requestsPerTurn / 1000);
      }
    }
    return figures;
  } finally {
    load.kill();
    await envoy.stop({ drainMs: 0 });
  }
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

/** Time on a CPU of all threads; the first of the three numbers is in nanoseconds. */
function cpuNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, each) => sum + each, 0);
}

/** Another order each round, and the same ones each time. */
function shuffled(size: number, round: number): readonly number[] {
  let state = (round + 1) * 2_654_435_761;
  const order = Array.from({ length: size }, (_, n) => n);
  for (let n = size - 1; n > 0; n--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (n + 1);
    [order[n], order[other]] = [order[other] ?? 0, order[n] ?? 0];
  }
  return order;
}

function listener({ name, filter }: Row, port: number): Readonly<Record<string, unknown>> {
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    filter_chains: [{ filters: [{ name: "http", typed_config: connectionManager(name, filter) }] }],
  };
}

function connectionManager(name: string, filter: Filter | undefined): Readonly<Record<string, unknown>> {
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
          routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
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
