import type { RunResult } from "./run-result.ts";

/** A run for people, a few lines. */
export function runText(run: RunResult): string {
  const { requests, latencyMs, cores, memoryMib, enforcement, proxies } = run;
  const failures = Object.entries(run.failures).map(([why, count]) => `${count} ${why}`);
  return [
    `${run.application} ${run.scenario} as ${run.mesh}: ${run.rate} requests a second for ${run.seconds} s, ${proxies} proxies`,
    `  answered   ${requests.answered} of ${requests.due}${failures.length === 0 ? "" : ` (${failures.join(", ")})`}`,
    ...(latencyMs === undefined
      ? []
      : [
          `  latency    p50 ${ms(latencyMs.p50)}, p90 ${ms(latencyMs.p90)}, p99 ${ms(latencyMs.p99)}, most ${ms(latencyMs.max)}`,
        ]),
    `  CPU        proxies ${cores.proxies.toFixed(3)}, services ${cores.services.toFixed(3)}, control plane ${cores.controlPlane.toFixed(3)}, load ${cores.load.toFixed(3)} cores`,
    `  memory     proxies ${mib(memoryMib.proxies)}, services ${mib(memoryMib.services)}, control plane ${mib(memoryMib.controlPlane)}`,
    ...(enforcement === undefined
      ? []
      : [`  policies   seen on ${enforcement.covered} calls, wrong on ${enforcement.wrong}`]),
    ...(run.void === undefined ? [] : [`  VOID       ${run.void}`]),
  ].join("\n");
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

function mib(value: number): string {
  return `${value.toFixed(0)} MiB`;
}
