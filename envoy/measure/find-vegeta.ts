import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { WireError } from "../../controlplane/error/wire-error.ts";
import { cacheDirectory } from "../cache-directory.ts";
import { isExecutable } from "../is-executable.ts";

export interface FindVegetaOptions {
  /** `WIRE_VEGETA`, `PATH`, `WIRE_CACHE` and `XDG_CACHE_HOME` are read. Defaults to the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called before each slow step with a sentence for people. */
  readonly onProgress?: (line: string) => void;
}

/** What is built where none is there. */
export const vegetaVersion = "12.13.0";

const run = promisify(execFile);

/** Where a Vegeta that was built is kept. */
export function cachedVegeta(env: Readonly<Record<string, string | undefined>>): string {
  return join(cacheDirectory(env), `vegeta-${vegetaVersion}`, "vegeta");
}

/** Find Vegeta, which makes the requests: `WIRE_VEGETA`, then `vegeta` on PATH, then one that Go builds once, kept beside Envoy. */
export async function findVegeta({
  env = process.env,
  onProgress = () => {},
}: FindVegetaOptions = {}): Promise<string> {
  const { WIRE_VEGETA: named, PATH: path = "" } = env;
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new WireError("vegeta-missing", `WIRE_VEGETA names ${named}, which is not an executable file`);
  }
  const onPath = path
    .split(delimiter)
    .map((folder) => join(folder, "vegeta"))
    .find(isExecutable);
  if (onPath !== undefined) return onPath;
  const cached = cachedVegeta(env);
  if (existsSync(cached)) return cached;
  return build(cached, env, onProgress);
}

async function build(
  cached: string,
  env: Readonly<Record<string, string | undefined>>,
  onProgress: (line: string) => void,
): Promise<string> {
  const cache = cacheDirectory(env);
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, "vegeta-"));
  const wanted = `github.com/tsenart/vegeta/v12@v${vegetaVersion}`;
  try {
    onProgress(`building Vegeta ${vegetaVersion}, which makes the requests (a minute, once)`);
    await run("go", ["install", wanted], {
      env: { ...env, GOBIN: scratch, CGO_ENABLED: "0" },
      timeout: 600_000,
    });
    mkdirSync(join(cached, ".."), { recursive: true });
    // Atomic, so that of two processes that build at once one wins and no one sees half a file.
    renameSync(join(scratch, "vegeta"), cached);
    return cached;
  } catch (cause) {
    const isWithoutGo = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new WireError(
      "vegeta-missing",
      [
        "no Vegeta was found, which makes the requests",
        "  - WIRE_VEGETA is not set: set it to the path of a Vegeta binary",
        "  - there is no `vegeta` on PATH: install it (apt install vegeta, brew install vegeta)",
        isWithoutGo
          ? "  - there is no `go` to build it with"
          : `  - go could not build ${wanted}: ${lastLine(cause)}`,
      ].join("\n"),
      { cause },
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function lastLine(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
  return said.trim().split("\n").at(-1) ?? "";
}
