import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";

/** What figures were measured with. */
export interface Machine {
  /** Of Wire, by Git, with `-dirty` where it was changed since; null outside a clone. */
  readonly commit: string | null;
  /** The version of Node. */
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
}

export function machine(): Machine {
  return {
    commit: commit(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
  };
}

function commit(): string | null {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}
