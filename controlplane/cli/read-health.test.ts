import { expect, test } from "vitest";
import { healthIn } from "./read-health.ts";

test("the counters of all listeners and filters are added up", () => {
  const body = `http.inbound.downstream_rq_5xx: 2
http.inbound.downstream_rq_completed: 40
http.outbound.downstream_rq_5xx: 1
http.outbound.downstream_rq_completed: 5
server.uptime: 12
wasm.wire/rate/inbound/a+b/0123.vm_reload_backoff: 3
wasm.wire/rate/inbound/a+b/0123.vm_reload_success: 1
wasm.wire/rate/inbound/c/4567.vm_reload_failure: 1
`;
  expect(healthIn(body, 7)).toEqual({ atMs: 7, uptimeS: 12, vmFailures: 5, requests: 45, failed: 3 });
});
