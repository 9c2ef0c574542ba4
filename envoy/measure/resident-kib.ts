import { readFileSync } from "node:fs";

/** The memory of a process that is in RAM, code of its binary included. */
export function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
