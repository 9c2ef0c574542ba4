import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { WireError } from "../../controlplane/error/wire-error.ts";

const run = promisify(execFile);
const format = "{{range .IPAM.Config}}{{println .Gateway}}{{end}}";

/**
 * The IPv4 address at which containers of the default network reach this machine, where the engine runs on this
 * machine: what a control plane for `EnvoyContainer` listens on.
 */
export async function hostAddress(options: {
  /** `DOCKER_HOST`, where the engine is not the default one. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<string> {
  const env = { ...process.env, ...options.env };
  const { stdout } = await run("docker", ["network", "inspect", "bridge", "--format", format], { env });
  const address = stdout.split("\n").find((line) => /^\d+(\.\d+){3}$/.test(line));
  if (address !== undefined) return address;
  throw new WireError("container-network", "the engine's default network has no IPv4 gateway");
}
