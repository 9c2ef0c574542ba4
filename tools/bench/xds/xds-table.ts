import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { BenchTable } from "../case.ts";
import type { Arrived, Order } from "./clients.ts";

const root = resolve(import.meta.dirname, "../../..");
const rounds = 11;
const wasmBytes = 200_000;

/** A server of which the figures are wanted: a program that takes commands on its standard input. */
interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it can be started again on a port. */
  readonly restarts: boolean;
}

interface Row {
  readonly title: string;
  /** Milliseconds from change to the last receipt but one in a hundred. */
  readonly p99Ms?: number;
  readonly cpuUs?: number;
  readonly memoryKb?: number;
}

/** Targets by row: what Wire's server, by its default transport, must not pass. */
const targets: Readonly<Record<string, Omit<Row, "title">>> = {
  "2,000 proxies, one endpoint changes": { p99Ms: 150, cpuUs: 60 },
  "5,000 proxies, one endpoint changes": { p99Ms: 350, cpuUs: 60 },
  "5,000 proxies connected": { memoryKb: 60 },
  "200 kB of Wasm to 500 proxies": { p99Ms: 150, cpuUs: 300, memoryKb: 64_000 },
  "killed and started under 2,000 proxies": { p99Ms: 3_000, memoryKb: 0 },
  "refused → good again": { p99Ms: 50 },
};

/** Wire's xDS server beside the usual one, with the same clients in a process of their own on the same cores. */
export const xdsTable: BenchTable = {
  name: "xds/servers",
  async print() {
    const built = buildComparator();
    const node = [process.execPath, "--max-semi-space-size=4", join(import.meta.dirname, "server.ts")];
    const contenders: readonly Contender[] = [
      { name: "Wire, HTTP/2", command: [...node, "http2"], restarts: true },
      { name: "its HTTP/2 alone", command: [...node, "http2-alone"], restarts: false },
      { name: "Wire, grpc-js", command: [...node, "grpc-js"], restarts: true },
      ...(built === undefined
        ? []
        : [
            { name: "go-control-plane, shared", command: [built.path, "shared"], restarts: false },
            { name: "go-control-plane, each", command: [built.path, "each"], restarts: false },
          ]),
    ];
    try {
      console.log(
        `\nxds/servers: medians of ${rounds} changes; clients on the same cores; memory is resident`,
      );
      console.log(
        `${"".padEnd(40)}${"server".padEnd(28)}${"p99 ms".padStart(10)}${"CPU us/proxy".padStart(14)}${"memory kB".padStart(14)}`,
      );
      let passed = true;
      for (const contender of contenders)
        for (const row of await rowsOf(contender)) {
          const target = contender === contenders[0] ? targets[row.title] : undefined;
          console.log(
            `${row.title.padEnd(40)}${contender.name.padEnd(28)}${cell(row.p99Ms, target?.p99Ms, 10)}${cell(row.cpuUs, target?.cpuUs, 14)}${cell(row.memoryKb, target?.memoryKb, 14)}`,
          );
          if (isOver(row, target)) passed = false;
        }
      return passed;
    } finally {
      built?.remove();
    }
  },
};

function cell(figure: number | undefined, target: number | undefined, width: number): string {
  if (figure === undefined) return "".padStart(width);
  return `${Math.round(figure)}${target === undefined ? "" : ` (${target})`}`.padStart(width);
}

function isOver(row: Row, target: Omit<Row, "title"> | undefined): boolean {
  return (["p99Ms", "cpuUs", "memoryKb"] as const).some(
    (figure) => (row[figure] ?? 0) > (target?.[figure] ?? Infinity),
  );
}

async function rowsOf(contender: Contender): Promise<readonly Row[]> {
  return [
    ...(await changes(contender, 2_000, "2,000 proxies, one endpoint changes")),
    ...(await changes(contender, 5_000, "5,000 proxies, one endpoint changes", "5,000 proxies connected")),
    ...(await changes(contender, 500, "200 kB of Wasm to 500 proxies", undefined, wasmBytes)),
    ...(contender.restarts ? [await restart(contender), await refusal(contender)] : []),
  ];
}

async function changes(
  { command }: Contender,
  nodes: number,
  title: string,
  connected?: string,
  bytes = 0,
): Promise<readonly Row[]> {
  await using server = await startServer(command);
  await using clients = startClients();
  await server.tell("change", nodes, bytes);
  const before = await server.usage();
  await clients.order({ do: "connect", port: server.port, nodes, filter: bytes > 0 });
  await quiet();
  const idle = await server.usage();
  const [p99s, cpus, grown]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    await clients.ready({ do: "expect" });
    const start = await server.usage();
    const arrived = clients.arrived();
    const { atMs } = await server.tell("change", nodes, bytes);
    const { timesMs } = await arrived;
    await quiet();
    const end = await server.usage();
    const sorted = timesMs.map((time) => time - atMs).sort((a, b) => a - b);
    p99s.push(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN);
    cpus.push((end.cpuUs - start.cpuUs) / nodes);
    grown.push((end.residentBytes - idle.residentBytes) / 1000);
  }
  const row = { title, p99Ms: median(p99s), cpuUs: median(cpus) };
  return [
    bytes > 0 ? { ...row, memoryKb: Math.max(0, ...grown) } : row,
    ...(connected === undefined
      ? []
      : [{ title: connected, memoryKb: (idle.residentBytes - before.residentBytes) / 1000 / nodes }]),
  ];
}

async function restart({ name, command }: Contender): Promise<Row> {
  const nodes = 2_000;
  await using clients = startClients();
  const first = await startServer(command);
  await first.tell("change", nodes, 0);
  await clients.order({ do: "connect", port: first.port, nodes, filter: false });
  await clients.ready({ do: "expect-again" });
  const arrived = clients.arrived();
  const killedMs = performance.now();
  await first.kill();
  await using second = await startServer([...command, String(first.port)]);
  const openedMs = performance.timeOrigin + performance.now();
  console.log(`${name}: nobody listened for ${Math.round(performance.now() - killedMs)} ms`);
  await second.tell("change", nodes, 0);
  const { timesMs, bytes } = await arrived;
  return {
    title: "killed and started under 2,000 proxies",
    p99Ms: Math.max(...timesMs) - openedMs,
    memoryKb: bytes / 1000,
  };
}

async function refusal({ command }: Contender): Promise<Row> {
  await using server = await startServer(command);
  await using clients = startClients();
  await server.tell("change", 1, 0);
  await clients.order({ do: "connect", port: server.port, nodes: 1, filter: false });
  await quiet();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await clients.ready({ do: "refuse" });
    const arrived = clients.arrived();
    await server.tell("change", 1, 0);
    const { timesMs, refusedMs = Number.NaN } = await arrived;
    times.push((timesMs[0] ?? Number.NaN) - refusedMs);
    await quiet();
  }
  return { title: "refused → good again", p99Ms: Math.max(...times) };
}

/** What was sent has been answered. */
function quiet(): Promise<void> {
  return new Promise((done) => setTimeout(done, 400));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly tell: (what: "change", nodes: number, wasmBytes: number) => Promise<{ readonly atMs: number }>;
  readonly usage: () => Promise<{ readonly cpuUs: number; readonly residentBytes: number }>;
  readonly kill: () => Promise<void>;
}

async function startServer([program = "", ...args]: readonly string[]): Promise<Server> {
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    // As `wire` starts itself.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "wire-bench-compiled") },
  });
  const lines = createInterface({ input: child.stdout });
  const kill = (): Promise<void> => ended(child, () => child.kill("SIGKILL"));
  const ask = async (message: unknown) => {
    const answered = nextLine(lines, child);
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return JSON.parse(await answered);
  };
  const { port } = JSON.parse(await nextLine(lines, child));
  return {
    port,
    tell: (what, nodes, bytes) => ask({ do: what, nodes, wasmBytes: bytes }),
    usage: () => ask({ do: "usage" }),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function nextLine(lines: Interface, child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    const exit = (): void => fail(new Error("the server has ended"));
    child.once("exit", exit);
    lines.once("line", (line) => {
      child.off("exit", exit);
      done(line);
    });
  });
}

interface Clients extends AsyncDisposable {
  /** Give an order and wait until all nodes have what they wait for. */
  readonly order: (order: Order) => Promise<Arrived>;
  /** Give an order, and wait until it is understood. */
  readonly ready: (order: Order) => Promise<void>;
  readonly arrived: () => Promise<Arrived>;
}

function startClients(): Clients {
  const child = fork(join(import.meta.dirname, "clients.ts"), { execArgv: ["--max-old-space-size=4000"] });
  const message = <Message>(isWanted: (message: unknown) => boolean): Promise<Message> =>
    new Promise((done, fail) => {
      const exit = (): void => fail(new Error("the clients have ended"));
      const take = (each: unknown): void => {
        if (!isWanted(each)) return;
        child.off("message", take).off("exit", exit);
        done(each as Message);
      };
      child.on("message", take).once("exit", exit);
    });
  const arrived = (): Promise<Arrived> => message<Arrived>((each) => each !== "ready");
  return {
    order: (order) => {
      const all = arrived();
      child.send(order);
      return all;
    },
    ready: async (order) => {
      const understood = message((each) => each === "ready");
      child.send(order);
      await understood;
    },
    arrived,
    [Symbol.asyncDispose]: () => ended(child, () => child.kill("SIGKILL")),
  };
}

function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once("exit", () => done());
    end();
  });
}

/** The usual server, built where there is Go; undefined elsewhere. */
function buildComparator(): { readonly path: string; readonly remove: () => void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "wire-bench-"));
  const path = join(folder, "go-control-plane");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const run = spawnSync("go", ["build", "-o", path, "."], {
    cwd: join(root, "tests/bench/go-control-plane"),
    encoding: "utf8",
  });
  if (run.status === 0) return { path, remove };
  console.log(`xds/servers: without go-control-plane: ${run.error?.message ?? run.stderr.trim()}`);
  remove();
  return undefined;
}
