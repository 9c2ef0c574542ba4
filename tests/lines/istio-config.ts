import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  translate(asked: { readonly config: string; readonly proxies: readonly Sidecar[] }): Translated;
}

/** Takes minutes the first time on a machine, as the compiler sees all of Istio and of its client of Kubernetes, and then seconds. Undefined without Go. */
export function buildIstio(): Istio | undefined {
  if (spawnSync("go", ["version"]).error !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "wire-istio-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, "istio-config");
  const cwd = join(import.meta.dirname, "istio");
  const built = spawnSync("go", ["build", "-o", path, "."], { cwd, encoding: "utf8" });
  if (built.status !== 0) {
    remove();
    throw new Error(`Istio does not build: ${built.stderr}`);
  }
  return {
    translate(asked) {
      const run = spawnSync(path, { input: `${JSON.stringify(asked)}\n`, encoding: "utf8", env, maxBuffer });
      if (run.status !== 0) throw new Error(`Istio says nothing: ${run.stderr}`);
      return JSON.parse(run.stdout);
    },
    [Symbol.dispose]: remove,
  };
}

const maxBuffer = 256 << 20;
/** Filters that only Istio's own build of Envoy has: they exchange names of workloads for telemetry, and choose a protocol for it. */
const env = { ...process.env, PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" };
