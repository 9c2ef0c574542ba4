import { parseStats } from "../../envoy/admin.ts";
import { WireError } from "../error/wire-error.ts";
import type { HealthReading } from "../rollout/health.ts";

const timeoutMs = 2_000;
/** Of the listeners that Wire makes, and of all filters in Wasm. */
const names =
  "^(server\\.uptime|http\\.(inbound|outbound)\\.downstream_rq_(completed|5xx)|wasm\\..*\\.vm_reload_(backoff|success|failure))$";

/** What the Envoy with this admin interface has counted since it started. */
export async function readHealth(admin: string): Promise<HealthReading> {
  const url = `${admin}/stats?filter=${encodeURIComponent(names)}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    .then(async (response) => ({ status: response.status, body: await response.text() }))
    .catch((cause: unknown) => cause as Error);
  if (answer instanceof Error || answer.status !== 200)
    throw new WireError("health", `no Envoy answers at ${admin}/stats`, { cause: answer });
  return healthIn(answer.body, performance.now());
}

/** `body` is what `/stats` answers at this time. */
export function healthIn(body: string, atMs: number): HealthReading {
  const stats = parseStats(body);
  const sum = (pattern: RegExp): number =>
    [...stats].reduce((total, [name, count]) => total + (pattern.test(name) ? count : 0), 0);
  return {
    atMs,
    uptimeS: stats.get("server.uptime") ?? 0,
    vmFailures: sum(/^wasm\..*\.vm_reload_/),
    requests: sum(/^http\.\w+\.downstream_rq_completed$/),
    failed: sum(/^http\.\w+\.downstream_rq_5xx$/),
  };
}
