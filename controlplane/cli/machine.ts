import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import type { Machine } from "../eval/machine.ts";

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
