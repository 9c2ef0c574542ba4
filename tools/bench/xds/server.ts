// Wire's server as a process of its own, told what to do in JSON objects, one a line; the comparator in tests/bench understands the same.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { startGrpcJsTransport } from "../../../controlplane/server/grpc-js-transport.ts";
import { startHttp2Transport } from "../../../controlplane/server/http2-transport.ts";
import type { StartTransport } from "../../../controlplane/server/transport.ts";
import { createXdsServer } from "../../../controlplane/server/xds-server.ts";
import { alone } from "./alone.ts";
import { snapshot } from "./fleet.ts";

const [transport = "http2", port = "0"] = process.argv.slice(2);
const http2Alone = alone(startHttp2Transport);
const transports: Readonly<Record<string, StartTransport>> = {
  http2: startHttp2Transport,
  "grpc-js": startGrpcJsTransport,
  "http2-alone": http2Alone.start,
};
const server = await createXdsServer({
  listen: { host: "127.0.0.1", port: Number(port) },
  transport: transports[transport] ?? startHttp2Transport,
});
let change = 0;

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

say({ port: server.port });
const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit());
lines.on("line", (line) => {
  const {
    do: what,
    nodes = 0,
    wasmBytes = 0,
  } = JSON.parse(line) as {
    readonly do: string;
    readonly nodes?: number;
    readonly wasmBytes?: number;
  };
  if (what === "change") {
    change++;
    const atMs = nowMs();
    const next = snapshot(change, wasmBytes);
    const isAlone = http2Alone.calls() > 0;
    if (isAlone) http2Alone.begin();
    for (let node = 0; node < (isAlone ? 1 : nodes); node++) server.setSnapshot(`node-${node}`, next);
    say({ atMs });
  } else if (what === "usage") {
    const { user, system } = process.cpuUsage();
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    say({ cpuUs: user + system, residentBytes: Number(resident) * 1024 });
  }
});
