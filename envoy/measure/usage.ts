import { cpuNanoseconds } from "./measure-cpu.ts";
import { residentKiB } from "./resident-kib.ts";

/** What some processes have taken so far, from the operating system's own accounts. */
export interface Usage {
  /** Time on a CPU of all their threads. */
  readonly cpuNs: number;
  /** What of them is in RAM, the code too: what each would take on a machine of its own, where it shares that with no other. */
  readonly memoryKib: number;
}

export function usageOf(pids: Iterable<number>): Usage {
  let [cpuNs, memoryKib] = [0, 0];
  for (const pid of pids) {
    cpuNs += cpuNanoseconds(pid);
    memoryKib += residentKiB(pid);
  }
  return { cpuNs, memoryKib };
}
