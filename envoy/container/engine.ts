import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { dieWithParent } from "../die-with-parent.ts";

/** An engine to run containers on, or why there is none and the command that mends it. */
export type Engine =
  | {
      readonly kind: "engine";
      /** For `docker` and testcontainers: `DOCKER_HOST` and what goes with it. */
      readonly env: Readonly<Record<string, string>>;
      /** Stops the engine if it was started here; else does nothing. */
      readonly stop: () => Promise<void>;
    }
  | { readonly kind: "skip"; readonly reason: string; readonly command: string };

const run = promisify(execFile);
const command = "apt-get update && apt-get install --no-install-recommends docker.io";

/**
 * An engine that answers is used as it is. Without one, root on a Debian-like system gets Debian's `docker.io`
 * installed and a private daemon started, to be stopped by the caller. Elsewhere the answer is `skip`.
 */
export async function ensureEngine(
  options: { readonly onProgress?: (line: string) => void } = {},
): Promise<Engine> {
  const onProgress = options.onProgress ?? (() => {});
  if (await answers({})) return { kind: "engine", env: ownEngine(), stop: async () => {} };
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    const reason = "no container engine answers, and only root on a Debian-like system gets one installed";
    return { kind: "skip", reason, command: `start an engine, or as root: ${command}` };
  }
  try {
    if (!(await has("dockerd"))) await install(onProgress);
    onProgress("starting a container engine");
    return await startDaemon();
  } catch (error) {
    const reason = `no container engine could be started: ${error instanceof Error ? error.message : error}`;
    return { kind: "skip", reason, command };
  }
}

async function install(onProgress: (line: string) => void): Promise<void> {
  onProgress("installing docker.io (about half a minute, once)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Lists that cannot be refreshed may still do: whether they do, the installation says.
  await run("apt-get", ["update", "-qq"], { env, timeout: 120_000 }).catch(() => undefined);
  // Another installation may be at work on a machine that has just started.
  const args = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", "docker.io"];
  await run("apt-get", ["install", ...args], { env, timeout: 400_000, maxBuffer: 16 * 1024 * 1024 });
}

/** Nothing outside its folder: no firewall rules, no forwarding, and ports are published on loopback only. */
async function startDaemon(): Promise<Engine> {
  removeAbandoned();
  const folder = mkdtempSync(join(tmpdir(), `wire-engine-${process.pid}-`));
  const host = `unix://${folder}/docker.sock`;
  const logPath = join(folder, "log");
  const log = openSync(logPath, "w");
  const args = [
    "--data-root",
    `${folder}/data`,
    "--exec-root",
    `${folder}/exec`,
    "-H",
    host,
    "--pidfile",
    `${folder}/docker.pid`,
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--bip",
    "172.17.0.1/24",
    "--ip",
    "127.0.0.1",
  ];
  // TERM, so that when this process is killed the daemon still ends its containers and takes down its mounts.
  const bound = dieWithParent("dockerd", args, { signal: "TERM" });
  const daemon = spawn(bound.command, bound.args, { stdio: [bound.stdin, log, log], detached: true });
  const ended = new Promise<"ended">((resolve) => {
    daemon.once("exit", () => resolve("ended"));
    daemon.once("error", () => resolve("ended"));
  });
  const stop = async (): Promise<void> => {
    daemon.kill("SIGTERM");
    if ((await Promise.race([ended, sleep(15_000, undefined, { ref: false })])) !== "ended")
      daemon.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const env = { DOCKER_HOST: host };
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    if (await answers(env)) return { kind: "engine", env: quiet(env), stop };
    if ((await Promise.race([ended, sleep(100)])) === "ended") break;
  }
  const lines = readFileSync(logPath, "utf8").trim().split("\n").slice(-3).join("; ");
  await stop();
  throw new Error(`dockerd did not come up: ${lines}`);
}

/** The folders of engines whose owner was killed: the daemon has ended by itself, its images are still there. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = /^wire-engine-(\d+)-/.exec(name)?.[1];
    if (owner === undefined) continue;
    const folder = join(tmpdir(), name);
    const pidfile = join(folder, "docker.pid");
    const daemon = existsSync(pidfile) ? readFileSync(pidfile, "utf8") : "0";
    if (isAlive(Number(owner)) || isAlive(Number(daemon))) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** An engine that the user chose keeps its own host; only the reaper, whose image may be out of reach, is left out. */
function ownEngine(): Readonly<Record<string, string>> {
  const { DOCKER_HOST: host } = process.env;
  return host === undefined ? quiet({}) : { TESTCONTAINERS_RYUK_DISABLED: "true" };
}

/** Without a registry, testcontainers must neither start its reaper nor look for the host by a helper image. */
function quiet(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...env, TESTCONTAINERS_RYUK_DISABLED: "true", TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" };
}

async function answers(env: Readonly<Record<string, string>>): Promise<boolean> {
  return run("docker", ["version", "--format", "{{.Server.Version}}"], {
    env: { ...process.env, ...env },
    timeout: 10_000,
  }).then(
    () => true,
    () => false,
  );
}

function has(program: string): Promise<boolean> {
  return run("sh", ["-c", `command -v ${program}`]).then(
    () => true,
    () => false,
  );
}
