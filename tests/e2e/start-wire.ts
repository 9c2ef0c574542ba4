import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { get, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddressMap, Target } from "../../controlplane/xds/address-map.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";

const root = resolve(import.meta.dirname, "../..");

export interface Answer {
  readonly status: number;
  readonly tree: CallTree | undefined;
  readonly body: string;
}

/** A running `wire up` on a copy of some policies, which the test may edit. */
export interface Wire {
  readonly policies: string;
  readonly http: string;
  /** Port of the xDS server on 127.0.0.1. */
  readonly xdsPort: number;
  readonly log: () => string;
  readonly pids: { readonly up: number; readonly controlPlane: number; readonly services: number };
  /** A request from outside into the mesh's first entry. */
  ask(headers?: Readonly<Record<string, string>>): Promise<Answer>;
  status(): Promise<WireStatus>;
  /** Where a service finds another one now. */
  target(from: string, to: string): Target;
  /** Resolves with the log so far when it matches. */
  untilLog(
    pattern: RegExp,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<string>;
  /** Ends it, by Ctrl-C if nothing else is said; resolves with its exit code. */
  stop(signal?: "SIGINT" | "SIGKILL"): Promise<number | null>;
}

export interface WireStatus {
  /** Of the control plane. */
  readonly pid: number;
  readonly settled: boolean;
  readonly off: readonly { readonly policy: string; readonly exists: boolean }[];
  readonly placement?: {
    readonly proxies: readonly {
      readonly service: string;
      readonly policies: readonly {
        readonly policy: string;
        readonly side: string;
        readonly calls: readonly (readonly [from: string | null, to: string])[];
      }[];
    }[];
  };
  readonly proxies: readonly {
    readonly service: string;
    readonly connected: boolean;
    readonly settled: boolean;
    readonly resources: readonly { readonly name: string; readonly sent?: string; readonly acked?: string }[];
  }[];
}

/** Start `wire up` with `from` (folders of policies) copied to a folder of its own; resolves when the policies are in force. */
export async function startWire(options: {
  readonly mesh: string;
  readonly from: readonly string[];
  /** Another folder of policies, copied too. */
  readonly policies?: string;
  /** Further options of `wire up`. */
  readonly args?: readonly string[];
  /** Told of the log so far whenever more of it comes, before anything is in force too. */
  readonly onLog?: (log: string) => void;
}): Promise<Wire> {
  const folder = await mkdtemp(join(tmpdir(), "wire-e2e-"));
  for (const path of options.from) {
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  if (options.policies !== undefined) await cp(options.policies, folder, { recursive: true });
  const args = [
    "up",
    folder,
    "--mesh",
    resolve(root, options.mesh),
    "--xds-port",
    "0",
    "--http-port",
    "0",
    "--json",
    ...(options.args ?? []),
  ];
  const child = spawn(process.execPath, [join(root, "controlplane/cli/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
    options.onLog?.(log);
  });
  const exited = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  const first = await Promise.race([
    new Promise<string>((done) => createInterface({ input: child.stdout }).once("line", done)),
    exited.then((code) => {
      throw new Error(`wire up ended (code ${code}):\n${log}`);
    }),
  ]);
  const started: {
    readonly http?: string;
    readonly xds?: string;
    readonly controlPlane: number;
    readonly services: number;
  } = JSON.parse(first);
  // Where the input is at fault the line is about that.
  if (started.http === undefined) throw new Error(`wire up does not start (code ${await exited}):\n${log}`);
  const wire = handle(child, { xds: "", ...started, http: started.http }, folder, () => log, exited);
  await wire.untilLog(/in force:/);
  return wire;
}

function handle(
  child: ChildProcess,
  started: {
    readonly http: string;
    readonly xds: string;
    readonly controlPlane: number;
    readonly services: number;
  },
  folder: string,
  log: () => string,
  exited: Promise<number | null>,
): Wire {
  let addresses: AddressMap | undefined;
  const following = followAddresses(started.http, (map) => {
    addresses = map;
  });
  return {
    policies: folder,
    http: started.http,
    xdsPort: Number(started.xds.split(":").at(-1)),
    log,
    pids: { up: child.pid ?? 0, controlPlane: started.controlPlane, services: started.services },
    async ask(headers = {}) {
      while (addresses === undefined) await sleep(10);
      const target = Object.values(addresses["outside"] ?? {})[0]?.[0];
      if (target === undefined) throw new Error("the mesh has no entry");
      return send(target.address, target.port, headers);
    },
    target(from, to) {
      const [found] = addresses?.[from]?.[to] ?? [];
      if (found === undefined) throw new Error(`no address is known for ${from} -> ${to}`);
      return found;
    },
    async status() {
      const response = await fetch(`${started.http}/status`);
      const status: WireStatus = JSON.parse(await response.text());
      return status;
    },
    async untilLog(pattern, { from = 0, timeoutMs = 45_000 } = {}) {
      const deadline = performance.now() + timeoutMs;
      while (!pattern.test(log().slice(from))) {
        if (performance.now() > deadline)
          throw new Error(`the log never shows ${pattern} behind character ${from}:\n${log()}`);
        await sleep(5);
      }
      return log();
    },
    async stop(signal = "SIGINT") {
      following.abort();
      child.kill(signal);
      const code = await exited;
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** The address map as the services get it, followed so that the client moves when they do. */
function followAddresses(http: string, taken: (map: AddressMap) => void): AbortController {
  const abort = new AbortController();
  const follow = (): void => {
    if (abort.signal.aborted) return;
    const again = (): void => void setTimeout(follow, 50);
    get(`${http}/addresses?follower=client`, { agent: false, signal: abort.signal }, (response) => {
      const lines = createInterface({ input: response });
      // The end of the stream, however it comes, is the end of the control plane or of the test.
      response.on("error", () => lines.close());
      lines.on("error", () => undefined);
      lines.on("close", again);
      lines.on("line", (line) => {
        const { revision, value }: { readonly revision: string; readonly value: AddressMap } =
          JSON.parse(line);
        taken(value);
        void fetch(`${http}/addresses/ack`, {
          method: "POST",
          body: JSON.stringify({ revision, follower: "client" }),
        }).catch(() => undefined);
      });
    }).on("error", again);
  };
  follow();
  return abort;
}

function send(host: string, port: number, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((done) => {
    const failed = (error: Error): void => done({ status: 0, tree: undefined, body: error.message });
    const sent = request({ host, port, path: "/", headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", failed);
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        done({ status, body, tree: status === 200 ? JSON.parse(body) : undefined });
      });
    });
    sent.on("error", failed);
    sent.end();
  });
}

/** Every visit of a service in an answer. */
export function visitsOf(tree: CallTree | undefined, service: string): readonly CallTree[] {
  if (tree === undefined) return [];
  const below = (tree.calls ?? []).flatMap((call) => visitsOf(call, service));
  return tree.service === service ? [tree, ...below] : below;
}
