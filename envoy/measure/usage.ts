import { readFileSync } from "node:fs";
import { cpuNanoseconds } from "./measure-cpu.ts";

/** What some processes have taken so far, from the operating system's own accounts. */
export interface Usage {
  /** Time on a CPU of all their threads. */
  readonly cpuNs: number;
  /** Resident memory, of which what several processes share is counted in parts (`Pss`). */
  readonly memoryKib: number;
}

export function usageOf(pids: Iterable<number>): Usage {
  let [cpuNs, memoryKib] = [0, 0];
  for (const pid of pids) {
    cpuNs += cpuNanoseconds(pid);
    memoryKib += proportionalKib(pid);
  }
  return { cpuNs, memoryKib };
}

function proportionalKib(pid: number): number {
  return Number(/^Pss:\s*(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}
