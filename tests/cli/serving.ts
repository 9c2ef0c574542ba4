import { once } from "node:events";
import { hotel, startWire } from "./run-wire.ts";

export const ports: readonly string[] = ["--xds-port", "0", "--http-port", "0"];

export interface Serving extends AsyncDisposable {
  readonly xds: string;
  readonly http: string;
  /** What it has told so far. */
  log(): string;
  stop(): void;
}

/** `wire serve` that has printed its endpoints. */
export async function serving(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const ofMesh = args.includes("--mesh") ? [] : ["--mesh", hotel];
  const child = startWire(["serve", folder, ...ofMesh, ...ports, "--json", ...args], { env });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  return {
    ...(JSON.parse(String(line)) as { readonly xds: string; readonly http: string }),
    log: () => stderr,
    stop: () => child.kill("SIGTERM"),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "close");
    },
  };
}
