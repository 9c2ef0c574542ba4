import { Counter, Gauge, Registry } from "prom-client";
import type { LostContext } from "../doctor/lost-context.ts";
import type { RatesReport } from "../rates/create-rates.ts";
import type { Shown } from "./http-api.ts";

/** The calls of a mesh for Prometheus: as many series as there are calls, so that they are not among the other metrics. */
export async function callMetrics(
  { calls }: Pick<RatesReport, "calls">,
  lost: readonly Pick<LostContext, "policy" | "caller" | "proxy" | "requests">[] = [],
): Shown {
  const register = new Registry();
  const registers = [register];
  const rate = new Gauge({
    ...{ name: "wire_call_requests_per_second", registers, labelNames: ["from", "to", "basis"] as const },
    help: "Requests a second of a call, or connections of one to a store.",
  });
  const total = new Counter({
    ...{ name: "wire_call_requests_total", registers, labelNames: ["from", "to"] as const },
    help: "Requests of a call that the caller's proxy has counted.",
  });
  for (const call of calls) {
    const labels = { from: call.from ?? "outside", to: call.to };
    rate.set({ ...labels, basis: call.basis }, call.rate);
    if (call.total !== undefined) total.inc(labels, call.total);
  }
  const lostRequests = new Counter({
    ...{
      name: "wire_call_lost_contexts_total",
      registers,
      labelNames: ["policy", "caller", "proxy"] as const,
    },
    help: "Requests of a caller of which a policy has lost the path, by the proxy in which it has.",
  });
  for (const { policy, caller = "unknown", proxy, requests } of lost)
    lostRequests.inc({ policy, caller, proxy }, requests);
  return { contentType: register.contentType, body: await register.metrics() };
}
