import { expect, test } from "vitest";
import type { ControlPlaneEvent } from "../rollout/event.ts";
import { typeUrl } from "../xds/type-url.ts";
import { createJsonLog } from "./json-log.ts";

function logged(...events: readonly ControlPlaneEvent[]): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  const log = createJsonLog({ write: (line) => lines.push(line) });
  for (const event of events) log.event(event);
  return lines.map((line) => JSON.parse(line));
}

test("a refusal says which proxy, which resource, and which line of which policy", () => {
  const policies = [{ policy: "mark", file: "mark.cup", line: 7 }];
  const resources = ["wire/rate/inbound/1"];
  const nack = { node: "rate", typeUrl: typeUrl.extension, resources, message: "no", policies } as const;
  expect(logged({ kind: "nacked", ...nack })).toEqual([
    {
      ...{ level: "warn", pid: process.pid, event: "nack", node: "rate", type: typeUrl.extension },
      ...{ resources, policies, reason: "no" },
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'wire: [nack] proxy "rate" refused wire/rate/inbound/1, of policy `mark` (mark.cup:7): no; it goes on with what it had',
    },
  ]);
});

test("one line for each thing that happens, by the names that are documented", () => {
  const rollout = 3;
  const judged = { wave: 1, of: 2, proxies: ["geo"] };
  const stream = { node: "rate", address: "10.0.0.1:9", identities: ["spiffe://mesh/rate"] };
  const entries = logged(
    { kind: "connected", ...stream },
    { kind: "disconnected", ...stream },
    { kind: "turnedAway", by: "tls", address: "10.0.0.1:9", identities: [], reason: "expired\n" },
    { kind: "converged", of: "node", ms: 1 },
    { kind: "built", outcome: "built", ms: 5 },
    { kind: "rolloutBegun", rollout, isFirst: false, revision: 17 },
    { kind: "stageBegun", rollout, isFirst: false, stage: "callers told", proxies: ["rate"] },
    { kind: "acknowledged", rollout, stage: "callers told", node: "rate", ms: 1 },
    { kind: "planned", rollout, plan: { kind: "staged", waves: [["geo"], ["rate"]] } },
    { kind: "planned", rollout, plan: { kind: "atOnce", because: "moved" } },
    {
      ...{ kind: "stageBegun", rollout, isFirst: false, stage: "wave", proxies: ["geo"] },
      wave: { wave: 1, of: 2 },
    },
    {
      kind: "judged",
      rollout,
      ...judged,
      ...{ vmFailures: 1, requests: 4, failed: 2, restarts: 0 },
      reason: "no",
    },
    { kind: "waiting", rollout, node: "rate", outcome: "timeout" },
    { kind: "stageEnded", rollout, stage: "callers told", ms: 6 },
    { kind: "takenBack", rollout, proxies: ["rate"] },
    { kind: "rolloutEnded", rollout, outcome: "failed", ms: 7, reason: "late" },
    { kind: "draining", proxies: 2, overMs: 0 },
  ).map(({ time: _, pid: __, msg, ...entry }) => {
    expect(msg).toEqual(expect.stringMatching(/./));
    return entry;
  });
  expect(entries).toEqual([
    { level: "info", event: "connect", ...stream },
    { level: "info", event: "disconnect", ...stream },
    {
      ...{ level: "warn", event: "turned_away", by: "tls" },
      ...{ address: "10.0.0.1:9", identities: [], reason: "expired\n" },
    },
    { level: "info", event: "build", outcome: "built", duration_ms: 5 },
    { level: "info", event: "rollout_begin", rollout, revision: 17 },
    { level: "info", event: "stage_begin", rollout, stage: "callers told", proxies: ["rate"] },
    { level: "info", event: "rollout_plan", rollout, waves: [["geo"], ["rate"]] },
    { level: "info", event: "rollout_plan", rollout, together: "moved" },
    { level: "info", event: "stage_begin", rollout, stage: "wave", proxies: ["geo"], wave: 1, of: 2 },
    {
      ...{ level: "error", event: "wave_end", rollout, ...judged, reason: "no" },
      ...{ vm_failures: 1, requests: 4, failed: 2, restarts: 0 },
    },
    { level: "warn", event: "proxy_waiting", rollout, node: "rate", outcome: "timeout" },
    { level: "info", event: "stage_end", rollout, stage: "callers told", duration_ms: 6 },
    { level: "warn", event: "rollout_back", rollout, proxies: ["rate"] },
    { level: "error", event: "rollout_end", rollout, outcome: "failed", duration_ms: 7, reason: "late" },
    { level: "info", event: "drain", proxies: 2, duration_ms: 0 },
  ]);
});
