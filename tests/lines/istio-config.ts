import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A sidecar that Istio is asked about. */
export interface Sidecar {
  readonly name: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
}

/** Envoy's JSON. */
export type Json = { [name: string]: unknown };

/** What Istio tells one sidecar. */
export interface SidecarConfig {
  readonly listeners: readonly Json[];
  readonly routes: readonly Json[];
  readonly clusters: readonly Json[];
  readonly endpoints: readonly Json[];
}

export interface Translated {
  /** Why Istio refuses the YAML. */
  readonly error?: string;
  readonly warnings: readonly string[];
  readonly proxies: Readonly<Record<string, SidecarConfig>>;
}

/** Istio's own code, built from its module by an ordinary `go build`. */
export interface Istio extends Disposable {
  translate(asked: { readonly config: string; readonly proxies: readonly Sidecar[] }): Promise<Translated>;
}

const run = promisify(execFile);

/** Whether there is what builds it. */
export const hasGo = (): boolean => spawnSync("go", ["version"]).error === undefined;

/** The first time on a machine the compiler sees all of Istio and of its client of Kubernetes. */
export const buildMsMax = 1_800_000;

/** Takes minutes the first time, and then seconds; says every half a minute that it goes on. */
export async function buildIstio(progress: (line: string) => void): Promise<Istio> {
  const folder = mkdtempSync(join(tmpdir(), "wire-istio-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, "istio-config");
  const startMs = performance.now();
  const ticking = setInterval(
    () => progress(`building Istio's code, for ${Math.round((performance.now() - startMs) / 1000)} s now`),
    30_000,
  );
  try {
    const cwd = join(import.meta.dirname, "istio");
    await run("go", ["build", "-o", path, "."], { cwd, timeout: buildMsMax, maxBuffer });
  } catch (cause) {
    remove();
    throw new Error("Istio does not build", { cause });
  } finally {
    clearInterval(ticking);
  }
  return {
    async translate(asked) {
      const running = run(path, [], { env, maxBuffer });
      running.child.stdin?.end(`${JSON.stringify(asked)}\n`);
      return JSON.parse((await running).stdout);
    },
    [Symbol.dispose]: remove,
  };
}

const maxBuffer = 256 << 20;
/** Filters that only Istio's own build of Envoy has: they exchange names of workloads for telemetry, and choose a protocol for it. */
const env = { ...process.env, PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" };
